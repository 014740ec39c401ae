/** The check `no-loss`: what counts as lost, and what excuses it. */
import { describe, expect, it } from 'vitest'
import { InFlight } from '../../../../sim/checks/in-flight.ts'
import { noLoss } from '../../../../sim/checks/no-loss.ts'
import { type Watching, watching } from '../../../support/watching.ts'

const LOST =
  /^bob did not get whisper 1 of ann \(start 1\), accepted at \d+ ms, and nobody was told$/

/** Ann whispers twice to Bob; only the second arrives. `between` is what happens meanwhile. */
async function loseOne(all: Watching, between: () => unknown = () => {}): Promise<string[]> {
  const [first, second] = [1, 2].map((number) => all.message('ann', number, 'bob'))
  all.send(first!, 'bob')
  await all.run(1_000)
  await between()
  all.send(second!, 'bob')
  all.receive('bob', second!)
  await all.run(6_000)
  return all.failures
}

describe('no-loss', () => {
  it('passes messages that arrive', async () => {
    const all = await watching(noLoss)
    for (const number of [1, 2]) {
      const message = all.message('ann', number, 'bob')
      all.send(message, 'bob')
      all.receive('bob', message)
    }
    all.watcher.settled!()
    await all.sim.stop()
    all.watcher.stopped!()
    expect(all.failures).toEqual([])
  })

  it('tells of a gap', async () => {
    expect(await loseOne(await watching(noLoss))).toEqual([expect.stringMatching(LOST)])
  })

  it('tells of a last message that never came', async () => {
    const all = await watching(noLoss)
    all.send(all.message('ann', 1, 'bob'), 'bob')
    await all.run(3_000)
    all.watcher.settled!()
    expect(all.failures).toEqual([expect.stringMatching(LOST)])
  })

  it('tells of a message that a sender which stopped politely left behind', async () => {
    const all = await watching(noLoss)
    all.send(all.message('ann', 1, 'bob'), 'bob')
    await all.sim.wait(all.node('ann').stop())
    await all.run(10_000)
    expect(all.failures).toEqual([expect.stringMatching(LOST)])
  })

  it('excuses with an exit on either side, but not where nothing ever goes wrong', async () => {
    for (const [observer, peer] of [
      ['ann', 'bob'],
      ['bob', 'ann'],
    ] as const) {
      const troubled = await watching(noLoss, { isHealthy: false })
      const exit = {
        type: 'exit',
        peer: troubled.peer(peer),
        reason: 'restarted',
        lost: 0,
      } as const
      expect(await loseOne(troubled, () => troubled.tell(observer, exit))).toEqual([])
      const healthy = await watching(noLoss)
      const same = { ...exit, peer: healthy.peer(peer) }
      expect(await loseOne(healthy, () => healthy.tell(observer, same))).toHaveLength(1)
    }
  })

  it('does not excuse with what happened before', async () => {
    const all = await watching(noLoss, { isHealthy: false })
    all.tell('bob', { type: 'exit', peer: all.peer('ann'), reason: 'expired', lost: 0 })
    await all.run(1_000)
    expect(await loseOne(all)).toEqual([expect.stringMatching(LOST)])
  })

  it('excuses each message that the sender counted as lost, once', async () => {
    const all = await watching(noLoss, { isHealthy: false })
    const node = all.node('ann')
    const { metrics } = node
    node.metrics = () => {
      const real = metrics.call(node)
      return { ...real, peers: real.peers.map((peer) => ({ ...peer, messagesLost: 1 })) }
    }
    for (const number of [1, 2]) all.send(all.message('ann', number, 'bob'), 'bob')
    const last = all.message('ann', 3, 'bob')
    all.send(last, 'bob')
    all.receive('bob', last)
    await all.run(6_000)
    expect(all.failures).toEqual([expect.stringMatching(/whisper 2 of ann/)])
  })

  it('excuses with the end of the receiver, and asks nothing for whom nobody is there', async () => {
    const all = await watching(noLoss)
    all.send(all.message('ann', 1, 'bob'), 'bob')
    const bob = all.node('bob').id
    all.sim.kill('bob')
    all.watcher.sent!(all.message('ann', 2, 'bob'), true, [bob])
    await all.sim.restart('bob')
    await all.run(6_000)
    all.watcher.settled!()
    expect(all.failures).toEqual([])
  })

  it('excuses shouts to a group that the receiver has left', async () => {
    const all = await watching(noLoss)
    all.send(all.message('ann', 1, { group: 'all' }), 'bob')
    all.node('bob').leave('all')
    await all.run(3_000)
    all.watcher.settled!()
    expect(all.failures).toEqual([])
  })
})

describe('messages in flight', () => {
  const message = (number: number) => ({
    ...{ sender: 0, start: 1, number, sentAtMs: number, to: undefined, group: 'all', bytes: 100 },
  })
  const numbers = (messages: readonly { readonly number: number }[]) =>
    messages.map(({ number }) => number)

  it('tells by what arrives what did not', () => {
    const inFlight = new InFlight()
    inFlight.add(message(3), [1, 40])
    inFlight.add(message(5), [1])
    inFlight.add(message(6), [1, 40])
    expect(numbers(inFlight.arrived(40, 6))).toEqual([3])
    expect(numbers(inFlight.arrived(1, 6))).toEqual([3, 5])
    expect(inFlight.isEmpty).toBe(true)
  })

  it('forgets what is settled everywhere, and nothing else', () => {
    const inFlight = new InFlight()
    for (let number = 1; number <= 100; number++) inFlight.add(message(number), [1, 2])
    for (let number = 1; number <= 100; number++) inFlight.arrived(1, number)
    expect(inFlight.isEmpty).toBe(false)
    expect(numbers(inFlight.overdue(2, 4))).toEqual([1, 2, 3])
    expect(inFlight.giveUp(2)).toHaveLength(100)
    expect(inFlight.isEmpty).toBe(true)
    expect(inFlight.overdue(2, 1_000)).toEqual([])
  })
})
