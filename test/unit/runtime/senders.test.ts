import { describe, expect, it } from 'vitest'
import { EarshotError } from '../../../src/base/errors.ts'
import type { OutgoingContent } from '../../../src/mesh/outbox.ts'
import { Pings } from '../../../src/runtime/pings.ts'
import { Senders } from '../../../src/runtime/senders.ts'

const content = (group: string): OutgoingContent => ({
  kind: 'shout',
  group,
  frames: [],
  byteLength: 0,
  whenFull: 'wait',
  waits: true,
  isService: false,
})

/** Senders towards outboxes with room for as many messages as `room` says; less than none: there is no peer. */
function waiting() {
  const placed: string[] = []
  const abandoned: string[] = []
  const failed: string[] = []
  const room = new Map<string, number>()
  const senders = new Senders({
    offer: (id, { group }) => {
      const left = room.get(id) ?? 0
      if (left > 0) {
        room.set(id, left - 1)
        placed.push(`${id} ${group}`)
      }
      return left > 0 ? 'accepted' : left < 0 ? 'no-such-peer' : 'full'
    },
    abandoned: (id) => abandoned.push(id),
    failed: (id, { group }) => failed.push(`${id} ${group}`),
  })
  return { senders, placed, abandoned, failed, room }
}

/** How promises stand: their values, error codes, or `pending`. */
async function outcomes(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const pending = Promise.resolve('pending')
  return Promise.all(
    promises.map((promise) =>
      Promise.race([promise, pending]).catch((error: EarshotError) => error.code),
    ),
  )
}

describe('senders that wait', () => {
  it('are served in order, as many as there is room for', async () => {
    const { senders, placed, room } = waiting()
    const waits = ['1', '2', '3'].map((each) => senders.wait('p', content(each), undefined))
    room.set('p', 2)
    senders.handleRoom('p')
    expect(placed).toEqual(['p 1', 'p 2'])
    expect(await outcomes(waits)).toEqual([undefined, undefined, 'pending'])
    expect(senders.hasWaiting('p')).toBe(true)
    room.set('p', 2)
    senders.handleRoom('p')
    expect(await outcomes(waits)).toEqual([undefined, undefined, undefined])
    expect(senders.hasWaiting('p')).toBe(false)
  })

  it('say when nobody waits for a peer any more, because all have given up', async () => {
    const { senders, abandoned } = waiting()
    const [one, two] = [new AbortController(), new AbortController()]
    const waits = [one, two].map(({ signal }) => senders.wait('p', content('x'), signal))
    one.abort()
    expect(abandoned).toEqual([])
    two.abort()
    expect(abandoned).toEqual(['p'])
    expect(await outcomes(waits)).toEqual(['ERR_EARSHOT_ABORTED', 'ERR_EARSHOT_ABORTED'])
  })

  it('for one peer do not wait for another', async () => {
    const { senders, placed, room } = waiting()
    const waits = ['p', 'q'].map((id) => senders.wait(id, content('x'), undefined))
    room.set('q', 1)
    senders.handleRoom('q')
    expect(placed).toEqual(['q x'])
    expect(await outcomes(waits)).toEqual(['pending', undefined])
  })

  it('give up when aborted, and the next one moves up', async () => {
    const { senders, placed, room } = waiting()
    const control = new AbortController()
    const waits = [
      senders.wait('p', content('1'), control.signal),
      senders.wait('p', content('2'), undefined),
    ]
    control.abort(new Error('enough'))
    room.set('p', 5)
    senders.handleRoom('p')
    expect(await outcomes(waits)).toEqual(['ERR_EARSHOT_ABORTED', undefined])
    expect(placed).toEqual(['p 2'])
    await expect(waits[0]).rejects.toMatchObject({ cause: { message: 'enough' } })
  })

  it('with a signal that has been aborted do not begin to wait', async () => {
    const { senders } = waiting()
    const wait = senders.wait('p', content('1'), AbortSignal.abort())
    expect(await outcomes([wait])).toEqual(['ERR_EARSHOT_ABORTED'])
    expect(senders.hasWaiting('p')).toBe(false)
  })

  it('fail when the peer is gone, and only those of that peer', async () => {
    const { senders } = waiting()
    const waits = ['p', 'p', 'q'].map((id) => senders.wait(id, content('x'), undefined))
    senders.handleGone('p')
    expect(await outcomes(waits)).toEqual([
      'ERR_EARSHOT_PEER_GONE',
      'ERR_EARSHOT_PEER_GONE',
      'pending',
    ])
    expect([senders.hasWaiting('p'), senders.hasWaiting('q')]).toEqual([false, true])
  })

  it('fail, all of them, when the peer turns out to be gone as they are served', async () => {
    const { senders, placed, failed, room } = waiting()
    const waits = ['1', '2'].map((each) => senders.wait('p', content(each), undefined))
    room.set('p', -1)
    senders.handleRoom('p')
    expect(await outcomes(waits)).toEqual(['ERR_EARSHOT_PEER_GONE', 'ERR_EARSHOT_PEER_GONE'])
    expect([placed, senders.hasWaiting('p')]).toEqual([[], false])
    expect(failed).toEqual(['p 1', 'p 2'])
  })

  it('fail when the node stops', async () => {
    const { senders } = waiting()
    const waits = ['p', 'q'].map((id) => senders.wait(id, content('x'), undefined))
    senders.handleStopped(() => new EarshotError('ERR_EARSHOT_NOT_RUNNING', 'stopped'))
    expect(await outcomes(waits)).toEqual(['ERR_EARSHOT_NOT_RUNNING', 'ERR_EARSHOT_NOT_RUNNING'])
  })

  it('an abort after the end changes nothing', async () => {
    const { senders, room } = waiting()
    const control = new AbortController()
    const wait = senders.wait('p', content('1'), control.signal)
    room.set('p', 1)
    senders.handleRoom('p')
    control.abort()
    expect(await outcomes([wait])).toEqual([undefined])
  })

  it('room for a peer that nobody waits for is no news', () => {
    const { senders, placed } = waiting()
    senders.handleRoom('p')
    senders.handleGone('p')
    expect(placed).toEqual([])
  })
})

describe('pings that wait', () => {
  it('are all answered by one answer, those of that peer', async () => {
    const pings = new Pings()
    const waits = ['p', 'p', 'q'].map((id) => pings.wait(id, undefined))
    pings.handlePong('p', 7)
    expect(await outcomes(waits)).toEqual([7, 7, 'pending'])
  })

  it.each([
    ['gone', 'ERR_EARSHOT_PEER_GONE'],
    ['stopped', 'ERR_EARSHOT_NOT_RUNNING'],
    ['aborted', 'ERR_EARSHOT_ABORTED'],
  ] as const)('fail when %s', async (how, code) => {
    const pings = new Pings()
    const control = new AbortController()
    const wait = pings.wait('p', control.signal)
    if (how === 'gone') pings.handleGone('p')
    else if (how === 'aborted') control.abort()
    else pings.handleStopped(() => new EarshotError('ERR_EARSHOT_NOT_RUNNING', 'stopped'))
    expect(await outcomes([wait])).toEqual([code])
    pings.handlePong('p', 1)
    control.abort()
  })

  it('with a signal that has been aborted do not begin to wait', async () => {
    const wait = new Pings().wait('p', AbortSignal.abort())
    expect(await outcomes([wait])).toEqual(['ERR_EARSHOT_ABORTED'])
  })
})
