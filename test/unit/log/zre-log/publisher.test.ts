import { afterEach, describe, expect, it } from 'vitest'
import type { ZreLogProblem } from '../../../../src/log/zre-log/link.ts'
import {
  ZreLogPublisher,
  type ZreLogPublisherLimits,
} from '../../../../src/log/zre-log/publisher.ts'
import { type MemoryHost, World } from '../../../support/memory-platform.ts'
import { bytesOf } from '../../zmtp/helpers.ts'
import { listenAsSub, newCollector, PORT, recordOf } from './helpers.ts'

let world = new World()
let host = world.host()
let remote: MemoryHost | undefined
let problems: ZreLogProblem[] = []

afterEach(() => {
  for (const each of world.hosts) expect(each.uncaught).toEqual([])
  world = new World()
  host = world.host()
  remote = undefined
  problems = []
})

/** Where the collector is: the second host. */
function place(): string {
  remote ??= world.host()
  return remote.address
}

function newPublisher(limits: Partial<ZreLogPublisherLimits> = {}): ZreLogPublisher {
  const to = { address: world.hosts[1]?.address ?? place(), port: PORT }
  return new ZreLogPublisher(host, {
    to,
    limits,
    onProblem: (problem) => void problems.push(problem),
  })
}

function send(publisher: ZreLogPublisher, from: number, to: number): void {
  for (let i = from; i < to; i++) publisher.send(recordOf(i))
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)
const nodesOf = (records: readonly { node: number }[]): number[] => records.map(({ node }) => node)

describe('a publisher', () => {
  it.each([1, 3, 50, 100_000])('delivers everything, in chunks of %d bytes', async (bytes) => {
    const { records } = await newCollector(world)
    world.network.chunkBytes = bytes
    const publisher = newPublisher()
    send(publisher, 0, 100)
    await world.until(() => records.length === 100)
    send(publisher, 100, 200)
    await world.until(() => records.length === 200)
    expect(nodesOf(records)).toEqual(numbers(0, 200))
    expect(publisher.metrics()).toEqual({
      connected: true,
      queued: 0,
      sent: 200,
      lost: 0,
      dropped: 0,
      filtered: 0,
      dials: 1,
      failures: 0,
    })
  })

  it('dials from the address that it is told', async () => {
    const to = { address: place(), port: PORT }
    const publisher = new ZreLogPublisher(host, { to, from: () => '10.9.9.9' })
    expect(publisher.to).toEqual(to)
    expect(world.network.dials).toMatchObject([{ from: '10.9.9.9', to }])
  })

  it('writes once per turn, however many records', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher()
    await world.until(() => publisher.metrics().connected)
    const [stream] = host.streams
    let writes = 0
    const write = stream!.write.bind(stream)
    stream!.write = (segments) => {
      writes++
      write(segments)
    }
    send(publisher, 0, 500)
    await world.until(() => subs[0]!.records.length === 500)
    expect(writes).toBe(1)
  })

  it('keeps the newest while nobody listens, and delivers them to who comes', async () => {
    const address = place()
    const publisher = newPublisher({ queueRecords: 10 })
    send(publisher, 0, 25)
    await world.run(3_000)
    expect(publisher.metrics()).toMatchObject({ connected: false, queued: 10, dropped: 15 })
    const subs = listenAsSub(world, address)
    await world.until(() => subs[0]?.records.length === 10)
    expect(nodesOf(subs[0]!.records)).toEqual(numbers(15, 25))
    expect(publisher.metrics()).toMatchObject({ connected: true, queued: 0, sent: 10, lost: 0 })
  })

  it('redials less and less often, up to every half minute', async () => {
    newPublisher()
    await world.run(300_000)
    const times = world.network.dials.map(({ at }) => at)
    const gaps = times.slice(1).map((at, i) => at - times[i]!)
    expect(gaps[0]).toBeLessThan(110)
    gaps.forEach((gap, i) => {
      const longest = Math.min(30_000, 100 * 2 ** i)
      expect(gap).toBeGreaterThanOrEqual(longest / 2)
      expect(gap).toBeLessThanOrEqual(longest + 2)
    })
    expect(gaps.length).toBeGreaterThan(15)
    expect(gaps.length).toBeLessThan(35)
  })

  it('is back soon after a link that stood, and counts what was lost with it', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher()
    send(publisher, 0, 1)
    await world.until(() => subs[0]?.records.length === 1)
    await world.run(2_000)
    subs[0]!.socket.setReading(false)
    send(publisher, 1, 4)
    await world.run(10)
    subs[0]!.socket.destroy()
    await world.until(() => !publisher.metrics().connected)
    send(publisher, 4, 6)
    await world.until(() => subs[1]?.records.length === 2, 250)
    expect(nodesOf(subs[1]!.records)).toEqual([4, 5])
    expect(publisher.metrics()).toMatchObject({ sent: 6, lost: 3, dials: 2, failures: 1 })
  })

  it('redials less and less often who stood for long and then is gone', async () => {
    const address = place()
    const subs = listenAsSub(world, address)
    const publisher = newPublisher()
    await world.until(() => publisher.metrics().connected)
    await world.run(5_000)
    world.network.unlisten({ address, port: PORT })
    subs[0]!.socket.destroy()
    await world.run(10_000)
    // 0.1, 0.2, 0.4, 0.8, 1.6, 3.2 and 6.4 s, or up to half as long.
    expect(publisher.metrics().dials).toBeGreaterThanOrEqual(7)
    expect(publisher.metrics().dials).toBeLessThanOrEqual(9)
  })

  it('does not hurry to who takes links only to drop them', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher()
    for (let i = 0; i < 8; i++) {
      await world.until(() => publisher.metrics().connected)
      await world.run(5)
      subs[i]!.socket.destroy()
      await world.until(() => !publisher.metrics().connected)
    }
    expect(world.now).toBeGreaterThan(100 * (2 ** 7 - 1) * 0.5)
  })

  it('waits with its records until the collector says what it wants', async () => {
    const subs = listenAsSub(world, place(), () => {})
    const publisher = newPublisher()
    send(publisher, 0, 3)
    await world.until(() => subs[0]?.speaker.zmtp.state === 'ready')
    await world.run(1_000)
    expect(publisher.metrics()).toMatchObject({ connected: false, queued: 3, filtered: 0 })
    subs[0]!.speaker.subscribe(bytesOf('aaa2 01 01'))
    subs[0]!.flush()
    await world.until(() => publisher.metrics().connected)
    expect(publisher.metrics()).toMatchObject({ queued: 0, sent: 0, filtered: 3 })
    publisher.send({ ...recordOf(7), level: 'error' })
    await world.until(() => subs[0]!.records.length === 1)
  })

  it('bounds what it holds for a collector that does not read, and goes on when it does', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher({ queueRecords: 50, stalledMs: 1e9 })
    await world.until(() => publisher.metrics().connected)
    subs[0]!.socket.setReading(false)
    for (let i = 0; i < 20_000; i += 10) {
      send(publisher, i, i + 10)
      await world.run(1)
    }
    const [stream] = host.streams
    expect(stream!.pendingBytes).toBeLessThan(70_000)
    const { dropped, sent, queued } = publisher.metrics()
    expect(queued).toBe(50)
    expect(dropped).toBeGreaterThan(10_000)
    subs[0]!.socket.setReading(true)
    await world.until(() => publisher.metrics().queued === 0)
    await world.run(10)
    expect(sent).toBeLessThan(20_000 - dropped)
    expect(subs[0]!.records).toHaveLength(20_000 - dropped)
    expect(subs[0]!.records.at(-1)!.node).toBe(19_999)
    expect(publisher.metrics()).toMatchObject({ lost: 0, dials: 1 })
  })

  it('tries a new link when it had to drop records for half a minute', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher({ queueRecords: 5 })
    await world.until(() => publisher.metrics().connected)
    subs[0]!.socket.setReading(false)
    send(publisher, 0, 1)
    for (let i = 1; i < 1_000 && subs.length === 1; i++) {
      for (let j = 0; j < 100; j++) publisher.send({ ...recordOf(i), data: 'x'.repeat(200) })
      await world.run(100)
    }
    expect(world.now).toBeGreaterThan(30_000)
    expect(world.now).toBeLessThan(31_000)
    await world.until(() => publisher.metrics().queued === 0)
    expect(subs[1]!.records.length).toBeGreaterThan(0)
  })

  it.each([
    ['is silent', () => {}, 'handshake-timeout'],
    ['is no ZMTP', '48545450', 'zmtp-unversioned'],
    [
      'is a mailbox',
      `ff 0000000000000001 7f 03 01 4e554c4c ${'00'.repeat(48)} 04 29 05 5245414459
       0b 536f636b65742d54797065 00000006 524f55544552 08 4964656e74697479 00000000`,
      'zmtp-socket-type',
    ],
  ])('reports and redials a collector that %s', async (_title, says, code) => {
    world.network.listen({ address: place(), port: PORT }, (socket) => {
      if (typeof says === 'string') socket.write([bytesOf(says)])
      return { bytes: () => {}, ended: () => {} }
    })
    const publisher = newPublisher()
    await world.until(() => problems.length === 2)
    expect(problems.map((problem) => problem.code)).toEqual([code, code])
    expect(problems[0]!.remote).toEqual({ address: place(), port: PORT })
    expect(publisher.metrics()).toMatchObject({ dials: 2, failures: 2, connected: false })
  })

  it('gives up a dial that gets no answer', async () => {
    world.network.connect(host.address, place(), 'drop')
    const publisher = newPublisher({ handshakeMs: 1_000 })
    await world.until(() => publisher.metrics().dials === 2)
    expect(world.now).toBeGreaterThanOrEqual(1_000)
    expect(host.streams.size).toBe(1)
  })

  it('sends what it can when it is closed, and nothing after it', async () => {
    const subs = listenAsSub(world, place())
    const publisher = newPublisher()
    await world.until(() => publisher.metrics().connected)
    send(publisher, 0, 3)
    publisher.close()
    publisher.close()
    send(publisher, 3, 5)
    await world.until(() => subs[0]!.isOver)
    await world.run(100_000)
    expect(nodesOf(subs[0]!.records)).toEqual([0, 1, 2])
    expect(publisher.metrics()).toMatchObject({ sent: 3, dropped: 2, dials: 1, connected: false })
    expect(host.streams.size).toBe(0)
  })

  it.each([
    ['while it dials', 0],
    ['while it waits', 5],
  ])('leaves nothing behind when it is closed %s', async (_title, after) => {
    const publisher = newPublisher()
    send(publisher, 0, 2)
    await world.run(after)
    publisher.close()
    const { dials } = publisher.metrics()
    await world.run(100_000)
    expect(publisher.metrics()).toMatchObject({ dials, dropped: 2, queued: 0 })
    expect(host.streams.size).toBe(0)
  })

  it('survives a listener that throws or closes it', async () => {
    world.network.listen({ address: place(), port: PORT }, (socket) => {
      socket.write([bytesOf('00')])
      return { bytes: () => {}, ended: () => {} }
    })
    const error = new Error('of the application')
    const publisher: ZreLogPublisher = new ZreLogPublisher(host, {
      to: { address: place(), port: PORT },
      onProblem: () => {
        publisher.close()
        throw error
      },
    })
    await world.run(10_000)
    expect(host.uncaught.splice(0)).toEqual([error])
    expect(publisher.metrics().dials).toBe(1)
  })
})
