/** ZRE/LOG with a real libzmq: our publisher at its SUB, its PUBs at our collector. Real sockets on 127.0.0.1. */
import { afterEach, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import { ZreLogCollector } from '../../src/log/zre-log/collector.ts'
import { parseCollectorEndpoint } from '../../src/log/zre-log/endpoint.ts'
import { ZreLogPublisher } from '../../src/log/zre-log/publisher.ts'
import { decodeRecord, encodeRecord, type ZreLogRecord } from '../../src/log/zre-log/record.ts'
import { nodePlatform } from '../../src/platform-node/platform.ts'
import { Changes, closeAll, closeLater, opened } from './links.ts'

afterEach(closeAll)

const HOST = '127.0.0.1'

/** Octet for octet what C Zyre sends for `zyre_log_info (log, EXIT, "Pizza time", "this is you")`, but for the time. */
const FROM_C = Buffer.from(
  'aaa2 01 03 04 1a2b 3c4d 000000005396f1a0 0b 7468697320697320796f75'.replaceAll(' ', ''),
  'hex',
)

function recordOf(i: number): ZreLogRecord {
  return {
    level: 'info',
    event: 'send',
    node: i,
    peer: 1,
    time: 1_700_000_000_000 + i,
    data: `${i}`,
  }
}

/** Our collector, and what it took. */
async function newCollector() {
  const records: ZreLogRecord[] = []
  const problems: string[] = []
  const changes = new Changes()
  const collector = await ZreLogCollector.open(
    nodePlatform,
    { address: HOST, port: 0 },
    {
      record: (record, from) => {
        expect(from.address).toBe(HOST)
        records.push(record)
        changes.happened()
      },
      problem: ({ code }) => {
        problems.push(code)
        changes.happened()
      },
    },
  )
  closeLater(() => collector.close())
  return { collector, records, problems, until: (isTrue: () => boolean) => changes.until(isTrue) }
}

function newPublisher(endpoint: string): ZreLogPublisher {
  const publisher = new ZreLogPublisher(nodePlatform, { to: parseCollectorEndpoint(endpoint)! })
  closeLater(() => publisher.close())
  return publisher
}

/** Sends until the condition holds: a PUB of libzmq's drops what it sends before it knows who wants it. */
async function sendUntil(socket: zmq.Publisher, bytes: Buffer, isTrue: () => boolean) {
  while (!isTrue()) {
    await socket.send(bytes)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a libzmq PUB at our collector', () => {
  it('is heard, as C Zyre would send', async () => {
    const { collector, records } = await newCollector()
    const publisher = opened(new zmq.Publisher())
    publisher.connect(collector.endpoint)
    await sendUntil(publisher, FROM_C, () => records.length > 0)
    expect(records[0]).toEqual({
      level: 'info',
      event: 'exit',
      node: 0x1a2b,
      peer: 0x3c4d,
      time: 0x5396f1a0,
      data: 'this is you',
    })
  })

  it('is heard beside others, each in its order', async () => {
    const { collector, records, until } = await newCollector()
    const publishers = [1, 2, 3].map(() => opened(new zmq.XPublisher({ sendHighWaterMark: 0 })))
    for (const publisher of publishers) {
      publisher.connect(collector.endpoint)
      // An XPUB tells when it knows of the subscription.
      expect(String(await publisher.receive())).toBe('\x01')
    }
    for (let i = 0; i < 500; i++) {
      for (const [n, publisher] of publishers.entries()) {
        await publisher.send(Buffer.from(encodeRecord({ ...recordOf(i), peer: n })))
      }
    }
    await until(() => records.length === 1_500)
    for (const n of publishers.keys()) {
      const nodes = records.filter(({ peer }) => peer === n).map(({ node }) => node)
      expect(nodes).toEqual(Array.from({ length: 500 }, (_, i) => i))
    }
    expect(collector.metrics()).toMatchObject({ connections: 3, records: 1_500, invalid: 0 })
  })

  it('stays connected over what is no ZRE/LOG, and loses its connection over what is malformed', async () => {
    const { collector, records, problems, until } = await newCollector()
    const publisher = opened(new zmq.XPublisher())
    publisher.connect(collector.endpoint)
    await publisher.receive()
    await publisher.send('not for you')
    await publisher.send(FROM_C)
    await until(() => records.length === 1)
    expect(collector.metrics()).toMatchObject({ discarded: 1, invalid: 0, connections: 1 })
    await publisher.send(FROM_C.subarray(0, -1))
    await until(() => problems.length === 1)
    expect(problems).toEqual(['zrelog-truncated'])
  })

  it.each([
    ['PUSH', zmq.Push],
    ['DEALER', zmq.Dealer],
  ])('of another type (%s) is refused', async (_name, Type) => {
    const { collector, problems, until } = await newCollector()
    const socket = opened(new Type())
    socket.connect(collector.endpoint)
    await until(() => problems.length > 0)
    expect(problems[0]).toBe('zmtp-socket-type')
  })
})

describe('our publisher at a libzmq SUB', () => {
  it('is heard, what it said before it was linked included', async () => {
    const subscriber = opened(new zmq.Subscriber())
    subscriber.subscribe()
    await subscriber.bind(`tcp://${HOST}:0`)
    const publisher = newPublisher(subscriber.lastEndpoint!)
    for (let i = 0; i < 500; i++) publisher.send(recordOf(i))
    for (let i = 0; i < 500; i++) {
      const [bytes] = await subscriber.receive()
      expect(decodeRecord(bytes!)).toEqual({ kind: 'record', record: recordOf(i) })
    }
    expect(publisher.metrics()).toMatchObject({ connected: true, sent: 500, dropped: 0, lost: 0 })
  })

  it('sends it only what it subscribed to', async () => {
    const subscriber = opened(new zmq.Subscriber())
    subscriber.subscribe(Buffer.from('aaa20101', 'hex')) // the errors
    await subscriber.bind(`tcp://${HOST}:0`)
    const publisher = newPublisher(subscriber.lastEndpoint!)
    publisher.send(recordOf(1))
    publisher.send({ ...recordOf(2), level: 'error' })
    const [bytes] = await subscriber.receive()
    expect(decodeRecord(bytes!)).toMatchObject({ record: { level: 'error', node: 2 } })
    expect(publisher.metrics()).toMatchObject({ sent: 1, filtered: 1 })
  })

  it('finds it again after it was away', async () => {
    const first = opened(new zmq.Subscriber())
    first.subscribe()
    await first.bind(`tcp://${HOST}:0`)
    const endpoint = first.lastEndpoint!
    const publisher = newPublisher(endpoint)
    publisher.send(recordOf(1))
    await first.receive()
    first.close()
    const second = opened(new zmq.Subscriber())
    second.subscribe()
    await bindAgain(second, endpoint)
    let heard: ZreLogRecord | undefined
    const hearing = second.receive().then(([bytes]) => {
      const decoded = decodeRecord(bytes!)
      if (decoded.kind === 'record') heard = decoded.record
    })
    // What goes into the old link just before its end is noticed is lost.
    for (let i = 2; heard === undefined; i++) {
      publisher.send(recordOf(i % 60_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await hearing
    expect(heard.event).toBe('send')
    expect(publisher.metrics().dials).toBeGreaterThan(1)
  })
})

describe('our publisher at our collector', () => {
  it('is heard, and says its last before it closes', async () => {
    const { collector, records, until } = await newCollector()
    const publisher = newPublisher(collector.endpoint)
    publisher.send(recordOf(1))
    await until(() => records.length === 1)
    publisher.send(recordOf(2))
    publisher.close()
    await until(() => records.length === 2)
    expect(records).toEqual([recordOf(1), recordOf(2)])
  })
})

/** The port of a socket just closed is not free at once: libzmq closes in its own time. */
async function bindAgain(socket: zmq.Subscriber, endpoint: string): Promise<void> {
  for (;;) {
    try {
      await socket.bind(endpoint)
      return
    } catch {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
