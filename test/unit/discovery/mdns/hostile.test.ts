/**
 * Strangers that say anything: whatever comes out of the decoder, a node neither throws nor grows nor floods the link,
 * and goes on to find who is really there.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECORDS_MAX, RECORDS_PER_SOURCE_MAX } from '../../../../src/discovery/mdns/cache.ts'
import type {
  MdnsPacket,
  MdnsQuestion,
  MdnsRecord,
} from '../../../../src/discovery/mdns/records.ts'
import { announcement, Lan } from '../../../support/mdns.ts'

const NAMES = [
  ...['_zre._tcp.local', '_services._dns-sd._udp.local', 'x.local', 'earshot-010101010101.local'],
  ...[
    'a._zre._tcp.local',
    'A._ZRE._tcp.LOCAL',
    'b._zre._tcp.local',
    'c.d._zre._tcp.local',
    '__proto__',
  ],
]
const name = fc.constantFrom(...NAMES)
const common = fc.record({
  name,
  ttl: fc.constantFrom(0, 1, 2, 10, 120, 4_500, 2 ** 31, 2 ** 32 - 1),
  flush: fc.boolean(),
})
const texts = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 255 }),
    fc
      .constantFrom('uuid=', `uuid=${'12'.repeat(16)}`, 'uuid=zz', '=', 'zre=2', 'zre=9')
      .map(encode),
  ),
  { maxLength: 10 },
)
const u16 = fc.constantFrom(0, 1, 5_670, 65_535)
const data: fc.Arbitrary<object> = fc.oneof(
  fc.record({ type: fc.constant('PTR'), target: name }),
  fc.record({ type: fc.constant('SRV'), priority: u16, weight: u16, port: u16, target: name }),
  fc.record({ type: fc.constant('TXT'), texts }),
  fc.record({ type: fc.constant('A'), address: fc.ipV4() }),
  fc.record({ type: fc.constant('AAAA'), address: fc.ipV6() }),
)
const record = fc.tuple(common, data).map((parts) => Object.assign({}, ...parts) as MdnsRecord)
const question: fc.Arbitrary<MdnsQuestion> = fc.record({
  name,
  type: fc.constantFrom('PTR', 'SRV', 'TXT', 'A', 'AAAA', 'ANY'),
  unicast: fc.boolean(),
})
const records = fc.array(record, { maxLength: 12 })
const packet: fc.Arbitrary<MdnsPacket> = fc.record({
  kind: fc.constantFrom('query', 'response'),
  id: u16,
  truncated: fc.boolean(),
  questions: fc.array(question, { maxLength: 5 }),
  answers: records,
  authorities: records,
  additionals: records,
})
const from = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.66', '10.0.0.67', '192.0.2.1', 'fe80::1%mem0', ''),
  port: fc.constantFrom(5_353, 5_353, 5_353, 4_711),
})
/** Somebody says something, and time passes. */
const act = fc.record({ packet, from, ms: fc.constantFrom(0, 1, 50, 300, 2_000, 100_000) })

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

describe('strangers that say anything', () => {
  it('do not make a node throw, and it still finds and is found', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const lan = new Lan()
        const node = lan.node('a')
        const stranger = lan.stranger()
        for (const each of acts) {
          stranger.say(each.packet, each.from)
          await lan.world.run(each.ms)
        }
        await lan.world.run(20_000)
        const since = lan.now
        const other = lan.node('really')
        await lan.world.until(() => node.found(since).includes(other.id), 5_000)
        await lan.world.until(() => other.found().includes(node.id), 20_000)
        node.stop()
        other.stop()
        await lan.world.run(10_000)
        expect(node.platform.uncaught).toEqual([])
        expect(node.mdns.metrics()).toMatchObject({ records: 0, links: 0 })
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('that ask from port 0, where nothing can be sent to, are not answered', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    await lan.world.run(10_000)
    const since = lan.now
    const questions = [{ name: '_zre._tcp.local', type: 'PTR' } as const]
    lan.stranger().say({ kind: 'query', questions }, { port: 0 })
    await lan.world.run(1_000)
    expect(lan.sentBy(node.address, since)).toEqual([])
    expect(node.mdns.metrics().packetsForeign).toBe(1)
  })

  it('with thousands of services fill a table, and no more', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    const known = lan.node('known')
    await lan.world.until(() => node.found().includes(known.id))
    const stranger = lan.stranger()
    for (let i = 0; i < 20_000; i++) {
      const host = `h${i}.local`
      const address = `10.0.0.${100 + (i % 100)}`
      stranger.answer(announcement(`s${i}`, { host, ttl: 4_500 }), { address })
      if (i % 100 === 0) await lan.world.run(1)
    }
    await lan.world.run(10)
    const { records: held, recordsRefused } = node.mdns.metrics()
    expect(held).toBe(RECORDS_MAX)
    expect(recordsRefused).toBeGreaterThan(15_000)
    const since = lan.now
    await lan.world.run(10_000)
    expect(node.found(since)).toContain(known.id)
  })

  it('of one address get their share of the table, and no more', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    const stranger = lan.stranger()
    for (let i = 0; i < 2_000; i++) stranger.answer(announcement(`s${i}`, { host: `h${i}.local` }))
    await lan.world.run(10)
    expect(node.mdns.metrics().records).toBe(RECORDS_PER_SOURCE_MAX)
  })

  it('have 32 services of one host known, and no more', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    const stranger = lan.stranger()
    for (let i = 0; i < 100; i++) stranger.answer(announcement(`s${i}`))
    await lan.world.run(1_000)
    expect(node.mdns.metrics()).toMatchObject({ services: 32, recordsRefused: 68 })
  })

  it('with hundreds of services that keep moving are looked at 640 times a second', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    const stranger = lan.stranger()
    const hosts = Array.from({ length: 20 }, (_, i) => `h${i}.local`)
    const say = (host: string, address: string, ttl: number): void => {
      const records = Array.from({ length: 30 }, (_, i) =>
        announcement(`${host[1]}-${host}-${i}`.replaceAll('.', '-'), { host }).slice(0, 3),
      )
      const at: MdnsRecord = { type: 'A', name: host, ttl, flush: true, address }
      stranger.answer([...records.flat(), at], { address: `10.0.0.${100 + hosts.indexOf(host)}` })
    }
    for (const host of hosts) say(host, '10.0.0.9', 120)
    await lan.world.run(3_000)
    expect(node.mdns.metrics().services).toBe(600)
    const before = node.proposals.length
    for (let i = 0; i < 20; i++) {
      for (const host of hosts) say(host, `10.0.1.${i}`, 1)
      await lan.world.run(100)
    }
    // Twice 640, and what is told every five seconds.
    expect(node.proposals.length - before).toBeLessThanOrEqual(2 * 640 + 64 + 600)
  })

  it('with records that live for a second are not asked for these all the time', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    await lan.world.run(50_000)
    const stranger = lan.stranger()
    const since = lan.now
    for (let i = 0; i < 300; i++) {
      const pointers = announcement(`s${i}`, { ttl: 4_500, host: `h${i}.local` })
      stranger.answer(pointers, { address: `10.0.0.${100 + (i % 10)}` })
    }
    for (let i = 0; i < 60; i++) {
      stranger.answer(announcement('x', { ttl: 1 }))
      await lan.world.run(1_000)
    }
    expect(lan.sentBy(node.address, since).length).toBeLessThan(10)
  })

  it('with pointers that live for a minute make it ask who is there every 10 s, in four packets', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    await lan.world.run(50_000)
    for (let i = 0; i < 300; i++) {
      const [pointer] = announcement(`s${i}`, { ttl: 4_500 })
      lan.stranger().answer([pointer!], { address: `10.0.0.${100 + (i % 10)}` })
    }
    await lan.world.run(60_000)
    const stranger = lan.stranger()
    const since = lan.now
    for (let i = 0; i < 60; i++) {
      stranger.answer(announcement(`x${i}`, { ttl: 60 }).slice(0, 1))
      await lan.world.run(1_000)
    }
    await lan.world.run(60_000)
    const queries = lan.sentBy(node.address, since).map(({ packet: sent }) => sent)
    const rounds = queries.filter(({ questions = [] }) =>
      questions.some(({ type }) => type === 'PTR'),
    )
    expect(rounds.length).toBeGreaterThan(3)
    expect(rounds.length).toBeLessThanOrEqual(12)
    const lists = queries.filter(({ answers = [] }) => answers.length > 0)
    expect(lists.length).toBeGreaterThan(2 * rounds.length)
    expect(lists.length).toBeLessThanOrEqual(4 * rounds.length)
  })

  it('with pointers to nowhere make it ask ten times a second at the most', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    await lan.world.run(50_000)
    const stranger = lan.stranger()
    for (let i = 0; i < 400; i++) stranger.answer(announcement(`s${i}`).slice(0, 1))
    const since = lan.now
    await lan.world.run(10_000)
    expect(lan.sentBy(node.address, since).length).toBeLessThanOrEqual(101)
  })

  it('that take every name make it try another once in five seconds, not more', async () => {
    const lan = new Lan()
    const stranger = lan.stranger()
    const node = lan.node('a')
    lan.join({}, ({ packet: heard }) => {
      for (const { name: probed } of heard.authorities ?? []) {
        if (!probed.endsWith('._zre._tcp.local')) continue
        stranger.answer(announcement(probed.replace('._zre._tcp.local', '')))
      }
    })
    await lan.world.run(600_000)
    expect(node.warnings.length).toBeLessThan(15 + 600 / 5 + 1)
    const probes = lan.sentBy(node.address).filter(({ packet: sent }) => sent.authorities)
    expect(probes.length).toBeLessThan(200)
  })
})
