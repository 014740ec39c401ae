import { setMaxListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Survey } from '../../cli/monitor/survey.ts'
import type { MeshNode, PeerInfo } from '../../src/index.ts'
import { madePeer } from './made.ts'

/** A node of which a survey sees peers of another implementation, each of which answers a PING when it is told to. */
class FakeNode {
  readonly peersNow: PeerInfo[] = []
  readonly #listeners = new Map<string, (event: object) => void>()
  readonly #pings: { resolve(ms: number): void; reject(): void }[] = []
  /** At the same time. */
  pingsMax = 0

  get asNode(): MeshNode {
    const node: Partial<Record<keyof MeshNode, unknown>> = {
      peers: () => [...this.peersNow],
      peer: (id: string) => this.peersNow.find((peer) => peer.id === id),
      on: (type: string, listener: (event: object) => void) => this.#listeners.set(type, listener),
      ping: () => {
        return new Promise<number>((resolve, reject) => {
          this.#pings.push({ resolve, reject: () => reject(new Error('no answer')) })
          this.pingsMax = Math.max(this.pingsMax, this.#pings.length)
        })
      },
    }
    return node as unknown as MeshNode
  }

  get pings(): number {
    return this.#pings.length
  }

  answer(count: number): void {
    for (const { resolve } of this.#pings.splice(0, count)) resolve(1.5)
  }

  refuse(): void {
    for (const { reject } of this.#pings.splice(0)) reject()
  }

  tell(type: 'enter' | 'exit', event: object): void {
    this.#listeners.get(type)?.(event)
  }
}

const never = new AbortController().signal
// Each question listens to it.
setMaxListeners(0, never)

/** Promises that can settle have settled. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('a survey', () => {
  it('asks at most 64 nodes at a time, and in the end all', async () => {
    const fake = new FakeNode()
    for (let i = 0; i < 150; i++) fake.peersNow.push(madePeer())
    const round = new Survey(fake.asNode, { signal: never }).round(10_000)
    for (let left = 150; left > 0; left -= 10) {
      expect(fake.pings).toBe(Math.min(left, 64))
      fake.answer(10)
      await turn()
    }
    await round
    expect(fake.pingsMax).toBe(64)
  })

  it('waits for nobody beyond its time, asks nobody twice, and takes late answers', async () => {
    const fake = new FakeNode()
    fake.peersNow.push(madePeer({ name: 'zyre' }))
    const survey = new Survey(fake.asNode, { signal: never })
    await survey.round(1)
    await survey.round(1)
    expect(fake.pings).toBe(1)
    expect(survey.standings()[0]).toMatchObject({ name: 'zyre', roundTripMs: undefined })
    fake.answer(1)
    await turn()
    expect(survey.standings()[0]).toMatchObject({ roundTripMs: 1.5 })
  })

  it('has of a node of another implementation its presence, and a round trip', async () => {
    const fake = new FakeNode()
    fake.peersNow.push(madePeer({ name: 'zyre', presence: 'evasive' }))
    const survey = new Survey(fake.asNode, { signal: never })
    const round = survey.round(10_000)
    fake.answer(1)
    await round
    expect(survey.standings()).toMatchObject([
      { presence: 'evasive', roundTripMs: 1.5, latest: undefined, silence: { kind: 'foreign' } },
    ])
  })

  it('says since when an earshot node is mute, and that it has left, until it is back', async () => {
    const fake = new FakeNode()
    const peer = madePeer({ headers: { 'X-EARSHOT': '1' } })
    fake.peersNow.push(peer)
    const survey = new Survey(fake.asNode, { signal: never })
    const round = survey.round(10_000)
    fake.refuse()
    await round
    const [mute] = survey.standings()
    expect(mute?.silence).toEqual({ kind: 'mute', since: expect.any(Number) })
    fake.peersNow.pop()
    fake.tell('exit', { peer, reason: 'closed' })
    expect(survey.standings()).toMatchObject([{ silence: { kind: 'gone', reason: 'closed' } }])
    fake.peersNow.push(peer)
    fake.tell('enter', { peer })
    expect(survey.standings()).toEqual([])
  })

  it('ends at once when it is aborted', async () => {
    const fake = new FakeNode()
    fake.peersNow.push(madePeer())
    const ending = new AbortController()
    const round = new Survey(fake.asNode, { signal: ending.signal }).round(1_000_000)
    ending.abort()
    await round
    expect(fake.pings).toBe(1)
  })
})
