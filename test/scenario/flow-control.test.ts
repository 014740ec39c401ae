/** What flow control promises, on fifty nodes and any network: each test is a sentence of docs/flow-control.md. */
import { describe, expect, it } from 'vitest'
import { createSimulation, type Simulation } from '../../sim/index.ts'
import type { MeshNode, NodeOptions } from '../../src/index.ts'

const GROUP = 'all'
const LISTENERS = 50
/** About what a small message takes from one node to another on the calm network. */
const PROMPT_MS = 1

class Meeting {
  readonly sim: Simulation
  readonly sender: MeshNode
  readonly listeners: readonly MeshNode[]
  /** Numbers that each listener heard, in order; and the longest that any took. */
  readonly heard: number[][] = []
  readonly slowestMs: number[] = []

  private constructor(sim: Simulation, sender: MeshNode, listeners: readonly MeshNode[]) {
    this.sim = sim
    this.sender = sender
    this.listeners = listeners
    for (const [i, node] of listeners.entries()) {
      this.heard.push([])
      this.slowestMs.push(0)
      node.on('shout', ({ message }) => {
        const [number, sentAt] = message.text().split(' ').map(Number)
        this.heard[i]!.push(number!)
        this.slowestMs[i] = Math.max(this.slowestMs[i]!, sim.now - sentAt!)
      })
    }
  }

  static async of(count: number, options: NodeOptions = {}): Promise<Meeting> {
    const sim = createSimulation({ seed: 4 })
    const sender = await sim.addNode({ name: 'sender', ...options })
    const listeners: MeshNode[] = []
    for (let i = 0; i < count; i++) {
      listeners.push(await sim.addNode({ name: `listener ${i}`, groups: [GROUP] }))
    }
    await sim.until(() => sender.members(GROUP).length === count)
    return new Meeting(sim, sender, listeners)
  }

  text(number: number, bytes = 100): string {
    return `${number} ${this.sim.now} `.padEnd(bytes, '.')
  }

  /** The first listener does not read; `count` messages are sent, one each 2 ms. */
  async sendPastTheFirst(count: number, send: (text: string) => unknown): Promise<void> {
    const [first] = this.listeners
    this.sim.stopReading(first!)
    for (let i = 0; i < count; i++) {
      send(this.text(i, 1_000))
      await this.sim.run(2)
    }
    await this.sim.run(10)
  }

  expectOthersHeardAll(count: number): void {
    const all = Array.from({ length: count }, (_, i) => i)
    for (const numbers of this.heard.slice(1)) expect(numbers).toEqual(all)
    for (const ms of this.slowestMs.slice(1)) expect(ms).toBeLessThan(PROMPT_MS)
  }
}

describe('a member that reads nothing', () => {
  it.each([
    ['drop-newest', { droppedOldest: 0 }],
    ['drop-oldest', { droppedNewest: 0 }],
  ] as const)('costs the 49 others nothing under %s', async (whenFull, none) => {
    const meeting = await Meeting.of(LISTENERS, { whenFull, limits: { outboxMessages: 500 } })
    const { sender, sim } = meeting
    const drops: number[] = []
    sender.on('drop', ({ oldest, newest }) => drops.push(oldest + newest))
    const blocked = sender.next('blocked')
    await meeting.sendPastTheFirst(2_000, (text) => sender.shout(GROUP, text))
    meeting.expectOthersHeardAll(2_000)
    const [first] = meeting.listeners
    expect((await blocked).peer.id).toBe(first!.id)
    const peer = sender.metrics().peers.find(({ id }) => id === first!.id)!
    expect(peer).toMatchObject(none)
    expect(peer.outboxMessages).toBeLessThanOrEqual(1_000)
    const unblocked = sender.next('unblocked')
    sim.heal()
    await sim.wait(unblocked)
    await sim.run(1_000)
    const dropped = sender.metrics().mesh.messagesDropped
    expect(drops.reduce((sum, count) => sum + count)).toBe(dropped)
    expect(meeting.heard[0]!.length).toBe(2_000 - dropped)
    expect(meeting.heard[0]).toEqual(meeting.heard[0]!.toSorted((a, b) => a - b))
    if (whenFull === 'drop-oldest') expect(meeting.heard[0]!.at(-1)).toBe(1_999)
    await sim.stop()
  })

  it('costs the others nothing with tryShout, which says whom it left out', async () => {
    const meeting = await Meeting.of(5, { limits: { outboxMessages: 500 } })
    const left = new Set<string>()
    await meeting.sendPastTheFirst(1_000, (text) => {
      for (const id of meeting.sender.tryShout(GROUP, text).full) left.add(id)
    })
    meeting.expectOthersHeardAll(1_000)
    expect([...left]).toEqual([meeting.listeners[0]!.id])
    await meeting.sim.stop()
  })

  it('is waited for by who awaits, which can be aborted, and gets everything once it reads', async () => {
    const meeting = await Meeting.of(2, { limits: { outboxMessages: 100 } })
    const { sim, sender } = meeting
    const reading = sim.stopReading(meeting.listeners[0]!)
    let sent = 0
    const sending = (async () => {
      for (; sent < 2_000; sent++) await sender.shout(GROUP, meeting.text(sent, 1_000))
    })()
    await sim.run(60_000)
    expect(sent).toBeLessThan(1_000)
    const stop = new AbortController()
    const waiting = sender.shout(GROUP, meeting.text(9_999), { signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_EARSHOT_ABORTED' })
    reading()
    await sim.wait(sending)
    await sim.run(1_000)
    const all = Array.from({ length: 2_000 }, (_, i) => i)
    expect(meeting.heard[0]!.filter((number) => number !== 9_999)).toEqual(all)
    expect(sender.metrics().mesh).toMatchObject({ messagesLost: 0, messagesDropped: 0 })
    await sim.stop()
  })

  it('is known from a dead one: nobody gives it up, and it gives nobody up', async () => {
    const meeting = await Meeting.of(3, {
      whenFull: 'drop-newest',
      limits: { outboxMessages: 100 },
    })
    const { sim, sender } = meeting
    const exits: string[] = []
    for (const node of sim.nodes()) node.on('exit', ({ reason }) => exits.push(reason))
    await meeting.sendPastTheFirst(500, (text) => sender.shout(GROUP, text))
    await sim.run(180_000)
    expect(exits).toEqual([])
    sim.crash(meeting.listeners[0]!)
    await sim.until(() => exits.length === 3, 60_000)
    await sim.stop()
  })

  it('is given up under disconnect after its time, and comes back with an empty outbox', async () => {
    const meeting = await Meeting.of(3, {
      whenFullIn: { [GROUP]: 'disconnect' },
      timers: { blockedDisconnectMs: 5_000 },
      limits: { outboxMessages: 100 },
    })
    const { sim, sender } = meeting
    const exit = sender.next('exit')
    sim.stopReading(meeting.listeners[0]!)
    const sending = (async () => {
      for (let i = 0; i < 2_000; i++) await sender.shout(GROUP, meeting.text(i, 1_000))
    })()
    const { peer, reason } = await sim.wait(exit)
    expect([peer.name, reason]).toEqual(['listener 0', 'blocked'])
    sim.heal()
    await sim.wait(sending)
    await sim.until(() => sender.members(GROUP).length === 3)
    await sim.stop()
  })
})

describe('a node that stops', () => {
  it('first serves those who wait for room, as long as it lingers', async () => {
    const timers = { lingerMs: 60_000 }
    const { sim, sender, listeners } = await Meeting.of(1, { timers })
    const received: number[] = []
    listeners[0]!.on('whisper', ({ message }) => received.push(message.byteLength))
    const large = 10 * 2 ** 20
    const sent = [1, 2, 3].map(() => sender.whisper(listeners[0]!, new Uint8Array(large)))
    const outcomes = Promise.allSettled(sent)
    await sim.wait(sender.stop())
    expect((await outcomes).map(({ status }) => status)).toEqual(new Array(3).fill('fulfilled'))
    await sim.run(1_000)
    expect(received).toEqual([large, large, large])
    await sim.stop()
  })
})

describe('bulk data', () => {
  /** Hosts whose cables carry a million bytes per second. */
  async function narrow(): Promise<{ sim: Simulation; a: MeshNode; b: MeshNode; c: MeshNode }> {
    const weather = { latencyMs: 1, jitterMs: 0, bandwidthKbps: 8_000 }
    const sim = createSimulation({ seed: 5, networks: [{ weather }] })
    const nodes = ['a', 'b', 'c'].map((name) => sim.addNode({ name, groups: [GROUP] }))
    const [a, b, c] = await Promise.all(nodes)
    await sim.until(() => sim.nodes().every((node) => node.peers().length === 2))
    return { sim, a: a!, b: b!, c: c! }
  }

  it('does not starve PINGs: an answer takes as long as the write window, not as the outbox', async () => {
    const { sim, a, b } = await narrow()
    for (let i = 0; i < 100; i++) void a.whisper(b, new Uint8Array(64_000))
    await sim.run(100)
    expect(a.metrics().peers.find(({ id }) => id === b.id)!.outboxBytes).toBeGreaterThan(5_000_000)
    const roundTripMs = await sim.wait(a.ping(b))
    expect(roundTripMs).toBeLessThan(1_000)
    await sim.stop()
  })

  it('keeps JOIN and LEAVE at their place among the messages', async () => {
    const { sim, a, b } = await narrow()
    const story: string[] = []
    b.on('whisper', ({ message }) => story.push(message.text().slice(0, 4).trim()))
    b.on('join', ({ group }) => story.push(`join ${group}`))
    b.on('leave', ({ group }) => story.push(`leave ${group}`))
    const expected: string[] = []
    for (let i = 0; i < 50; i++) {
      void a.whisper(b, `${i}`.padEnd(50_000))
      a[i % 2 === 0 ? 'join' : 'leave']('toggled')
      expected.push(`${i}`, `${i % 2 === 0 ? 'join' : 'leave'} toggled`)
    }
    await sim.run(10_000)
    expect(story).toEqual(expected)
    await sim.stop()
  })

  it('of megabytes to one peer does not delay small messages to another', async () => {
    const { sim, a, b, c } = await narrow()
    sim.disturb([a], [b], { bandwidthKbps: 800 })
    for (let i = 0; i < 3; i++) void a.whisper(b, new Uint8Array(2_000_000))
    await sim.run(50)
    let slowestMs = 0
    for (let i = 0; i < 20; i++) {
      const at = sim.now
      const heard = c.next('whisper')
      await a.whisper(c, 'small')
      await sim.wait(heard)
      slowestMs = Math.max(slowestMs, sim.now - at)
      await sim.run(100)
    }
    expect(slowestMs).toBeLessThan(400)
    await sim.stop()
  })
})
