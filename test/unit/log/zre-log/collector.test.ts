import { afterEach, describe, expect, it } from 'vitest'
import { ZreLogCollector } from '../../../../src/log/zre-log/collector.ts'
import { encodeRecord } from '../../../../src/log/zre-log/record.ts'
import type { IoFailure, ListenHandlers } from '../../../../src/runtime/platform.ts'
import { World } from '../../../support/memory-platform.ts'
import { bytesOf } from '../../zmtp/helpers.ts'
import { dialAsPub, newCollector, PORT, recordOf, type StrangePub } from './helpers.ts'

let world = new World()
let stranger = world.host().address

afterEach(() => {
  for (const host of world.hosts) expect(host.uncaught).toEqual([])
  world = new World()
  stranger = world.host().address
})

/** A PUB at the collector, which knows what the collector wants: everything. */
async function linked(from: string = stranger): Promise<StrangePub> {
  const pub = dialAsPub(world, from, '10.0.0.2')
  await world.until(() => pub.speaker.topicCount === 1)
  return pub
}

/** Publishes records, or whatever bytes. */
function publish(pub: StrangePub, ...payloads: Uint8Array[]): void {
  for (const payload of payloads) expect(pub.speaker.publish(payload)).toBe(true)
  pub.flush()
}

describe('a collector', () => {
  it('has an endpoint for the header', async () => {
    const { collector } = await newCollector(world)
    expect(collector.endpoint).toBe(`tcp://10.0.0.2:${PORT}`)
    collector.close()
  })

  it('announces another address than it listens on when told so', async () => {
    const host = world.host()
    const options = { address: '0.0.0.0', port: PORT, announcedAddress: host.address }
    const collector = await ZreLogCollector.open(host, options, { record: () => {} })
    expect(collector.endpoint).toBe(`tcp://${host.address}:${PORT}`)
  })

  it.each(['0.0.0.0', 'localhost', '::1', ''])('cannot be announced at "%s"', async (address) => {
    const opening = ZreLogCollector.open(
      world.host(),
      { address, port: PORT },
      { record: () => {} },
    )
    await expect(opening).rejects.toMatchObject({ code: 'ERR_EARSHOT_BAD_OPTION' })
  })

  it('rejects when its port is taken', async () => {
    const { collector } = await newCollector(world)
    const host = world.hosts[1]!
    const again = ZreLogCollector.open(
      host,
      { address: host.address, port: PORT },
      { record: () => {} },
    )
    await expect(again).rejects.toMatchObject({ code: 'ERR_EARSHOT_PORT_IN_USE' })
    collector.close()
  })

  it.each([1, 2, 7, 1_000])('takes records of many PUBs, in chunks of %d bytes', async (bytes) => {
    const { collector, records, from } = await newCollector(world)
    world.network.chunkBytes = bytes
    const other = world.host().address
    const pubs = [await linked(), await linked(other)]
    pubs.forEach((pub, n) => {
      publish(pub, encodeRecord(recordOf(10 + n)), encodeRecord(recordOf(20 + n)))
    })
    await world.until(() => records.length === 4)
    expect(records.map(({ node }) => node).sort()).toEqual([10, 11, 20, 21])
    expect(from.sort()).toEqual([stranger, stranger, other, other])
    expect(collector.metrics()).toEqual({
      connections: 2,
      records: 4,
      discarded: 0,
      invalid: 0,
      late: 0,
      refused: 0,
    })
  })

  it('forgets a PUB that leaves', async () => {
    const { collector } = await newCollector(world)
    const pub = await linked()
    pub.socket.close()
    await world.until(() => collector.metrics().connections === 0)
    expect(collector.metrics()).toMatchObject({ invalid: 0, late: 0 })
  })

  it('discards messages without the signature, and goes on', async () => {
    const { collector, records, problems } = await newCollector(world)
    const pub = await linked()
    publish(pub, new Uint8Array(0), bytesOf('aaa1 01'), encodeRecord(recordOf(1)))
    await world.until(() => records.length === 1)
    expect(collector.metrics()).toMatchObject({ connections: 1, discarded: 2 })
    expect(problems).toEqual([])
  })

  it('drops who sends a malformed record, and nothing that it says after it counts', async () => {
    const { collector, records, problems } = await newCollector(world)
    const pub = await linked()
    publish(pub, bytesOf('aaa2 01 09'), encodeRecord(recordOf(1)))
    await world.until(() => pub.isOver)
    expect(problems).toMatchObject([{ code: 'zrelog-truncated', remote: { address: stranger } }])
    expect(records).toEqual([])
    expect(collector.metrics()).toMatchObject({ connections: 0, invalid: 1 })
  })

  it.each([
    ['several frames', 'zmtp-message-frames', '01 01 aa 00 01 bb'],
    ['more than a record may have', 'zmtp-message-size', '02 0000000000001001'],
    ['reserved flags', 'zmtp-frame-flags', '80 00'],
  ])('drops who sends %s', async (_title, code, hex) => {
    const { collector, problems } = await newCollector(world)
    const pub = await linked()
    pub.socket.write([bytesOf(hex)])
    await world.until(() => pub.isOver)
    expect(problems).toMatchObject([{ code }])
    expect(collector.metrics().connections).toBe(0)
  })

  it('drops who is silent after 5 s, and who completes its handshake late', async () => {
    const { collector, problems } = await newCollector(world)
    const silent = dialAsPub(world, stranger, '10.0.0.2')
    silent.speaks = false
    const kept = await linked()
    await world.run(4_900)
    expect(collector.metrics().connections).toBe(2)
    await world.run(200)
    expect(silent.isOver).toBe(true)
    expect(collector.metrics()).toMatchObject({ connections: 1, late: 1, invalid: 0 })
    expect(problems).toMatchObject([{ code: 'handshake-timeout' }])
    await world.run(60_000)
    expect(kept.isOver).toBe(false)
  })

  it('refuses connections over its limits, by address and in all', async () => {
    const limits = { connections: 3, connectionsPerAddress: 2 }
    const { collector } = await newCollector(world, limits)
    const pubs = [1, 2, 3].map(() => dialAsPub(world, stranger, '10.0.0.2'))
    await world.run(100)
    expect(pubs.map(({ isOver }) => isOver)).toEqual([false, false, true])
    const others = [1, 2].map(() => dialAsPub(world, world.host().address, '10.0.0.2'))
    await world.run(100)
    expect(others.map(({ isOver }) => isOver)).toEqual([false, true])
    expect(collector.metrics()).toMatchObject({ connections: 3, refused: 2 })
    pubs[0]!.socket.destroy()
    await world.run(100)
    await linked()
  })

  it('answers PINGs, and holds little for who asks and does not read', async () => {
    await newCollector(world)
    const pub = await linked()
    pub.speaker.zmtp.writePing(0, bytesOf('aa'))
    pub.flush()
    await world.until(() => pub.verdicts.includes('pong'))
    pub.socket.setReading(false)
    const stream = [...world.hosts[1]!.streams][0]!
    for (let i = 0; i < 1_000; i++) {
      pub.speaker.zmtp.writePing(0, bytesOf('bb'))
      pub.flush()
      await world.run(2)
    }
    expect(stream.pendingBytes).toBeLessThan(40)
    pub.socket.setReading(true)
    await world.run(10)
    expect(stream.pendingBytes).toBe(0)
  })

  it('survives a handler that throws, and reports it', async () => {
    const host = world.host()
    const error = new Error('of the application')
    let count = 0
    const collector = await ZreLogCollector.open(
      host,
      { address: host.address, port: PORT },
      {
        record: () => {
          count++
          throw error
        },
      },
    )
    const pub = await linked()
    publish(pub, encodeRecord(recordOf(1)), encodeRecord(recordOf(2)))
    await world.until(() => count === 2)
    expect(host.uncaught.splice(0)).toEqual([error, error])
    expect(collector.metrics().connections).toBe(1)
  })

  it('can be closed from within its handler, and then calls nobody', async () => {
    const host = world.host()
    let count = 0
    const collector: ZreLogCollector = await ZreLogCollector.open(
      host,
      { address: host.address, port: PORT },
      {
        record: () => {
          count++
          collector.close()
        },
      },
    )
    const pub = await linked()
    publish(pub, encodeRecord(recordOf(1)), encodeRecord(recordOf(2)))
    await world.until(() => pub.isOver)
    expect(count).toBe(1)
    expect(host.listening.size).toBe(0)
    expect(host.streams.size).toBe(0)
  })

  it('tells of a listener that fails, and keeps its connections', async () => {
    const host = world.host()
    const failures: IoFailure[] = []
    let handlers: ListenHandlers | undefined
    const listen = host.listen.bind(host)
    host.listen = (options, given) => {
      handlers = given
      return listen(options, given)
    }
    const collector = await ZreLogCollector.open(
      host,
      { address: host.address, port: PORT },
      { record: () => {}, failed: (failure) => void failures.push(failure) },
    )
    await linked()
    handlers?.failed({ kind: 'exhausted', message: 'no file descriptors' })
    expect(failures).toMatchObject([{ kind: 'exhausted' }])
    expect(collector.metrics().connections).toBe(1)
  })
})
