/** Browsing: what a node asks, what it believes, and what it makes of it. A node in memory, and a stranger. */
import { describe, expect, it } from 'vitest'
import type { MdnsQuestion, MdnsRecord } from '../../../../src/discovery/mdns/records.ts'
import { announcement, goodbye, Lan, type LanNode } from '../../../support/mdns.ts'

const OTHER = 'EE'.repeat(16)

/** Questions of a node that it asks to find others, with when. */
function asked(lan: Lan, node: LanNode, since = 0): { at: number; question: MdnsQuestion }[] {
  return lan
    .sentBy(node.address, since)
    .flatMap(({ at, packet }) =>
      packet.kind === 'query' && (packet.authorities ?? []).length === 0
        ? (packet.questions ?? []).map((question) => ({ at, question }))
        : [],
    )
}

const endpointsOf = (node: LanNode): string[] =>
  node.proposals.at(-1)?.candidate.endpoints.map(({ address, port }) => `${address} ${port}`) ?? []

async function quiet(): Promise<{ lan: Lan; node: LanNode }> {
  const lan = new Lan()
  const node = lan.node('a')
  await lan.world.run(50_000)
  return { lan, node }
}

describe('asking who is there (§5.2)', () => {
  it('happens after 1, 3, 9, 27 … seconds, and then once an hour', async () => {
    const lan = new Lan()
    const node = lan.node('a')
    await lan.world.run(5 * 3_600_000)
    const times = asked(lan, node).map(({ at }) => at)
    expect(times[0]).toBeGreaterThanOrEqual(20)
    expect(times[0]).toBeLessThan(120)
    const gaps = times.slice(1).map((at, i) => Math.round((at - times[i]!) / 1_000))
    expect(gaps).toEqual([1, 3, 9, 27, 81, 243, 729, 2_187, 3_600, 3_600, 3_600, 3_600])
  })

  it('names those that it knows, with what is left of their lives (§7.1)', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    stranger.answer(announcement('x', { ttl: 400 }))
    stranger.answer(announcement('y', { ttl: 100, host: 'y.local' }))
    const since = lan.now
    await lan.world.run(80_000)
    const query = lan
      .sentBy(node.address, since)
      .find(({ packet }) => packet.questions?.[0]?.type === 'PTR' && packet.questions.length === 1)!
    const left = 400 - Math.ceil((query.at - since) / 1_000)
    expect(query.packet.answers!.map((each) => 'target' in each && each.target)).toEqual([
      'x._zre._tcp.local',
    ])
    expect(query.packet.answers![0]!.ttl).toBe(left)
  })

  it('takes several packets for many known ones, all but the last with the TC bit (§7.2)', async () => {
    const { lan, node } = await quiet()
    const count = 100
    for (let i = 0; i < count; i++) {
      const address = `10.0.0.${(i % 10) + 100}`
      lan.stranger(address).answer(announcement(`i${i}`, { ttl: 4_500, host: `h${i}.local` }))
    }
    const since = lan.now
    await lan.world.run(600_000)
    const queries = lan
      .sentBy(node.address, since)
      .map(({ packet }) => packet)
      .filter(({ answers = [], kind }) => kind === 'query' && answers.length > 0)
    const first = queries.findIndex(({ questions = [] }) => questions.length > 0)
    const last = queries.findIndex(({ truncated }, i) => i >= first && truncated !== true)
    const packets = queries.slice(first, last + 1)
    expect(packets.length).toBeGreaterThan(2)
    expect(packets.flatMap(({ answers = [] }) => answers)).toHaveLength(count)
    expect(packets.slice(1).every(({ questions = [] }) => questions.length === 0)).toBe(true)
  })
})

describe('a service', () => {
  it('is told at once when it is complete, and when something changes', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    stranger.answer(announcement('x'))
    await lan.world.run(2)
    expect(node.found()).toEqual([OTHER])
    await lan.world.run(1_500)
    stranger.answer(announcement('x', { port: 5_671 }))
    await lan.world.run(2)
    expect(endpointsOf(node)).toEqual(['10.0.0.200 5671'])
  })

  it('whose records come one by one is asked for what is missing', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    const [pointer, srv, txt, address] = announcement('x')
    const since = lan.now
    stranger.answer([pointer!])
    await lan.world.run(150)
    expect(asked(lan, node, since).map(({ question }) => question.type)).toEqual(['SRV', 'TXT'])
    stranger.answer([srv!])
    // Its text was asked for just now.
    await lan.world.run(1_000)
    expect(
      asked(lan, node, since)
        .map(({ question }) => question.type)
        .slice(2),
    ).toEqual([...['A', 'AAAA', 'TXT']])
    stranger.answer([txt!, address!])
    await lan.world.run(2)
    expect(node.found()).toEqual([OTHER])
  })

  it('that does not answer is asked five times and then left alone', async () => {
    const { lan, node } = await quiet()
    const since = lan.now
    lan.stranger().answer(announcement('x', { ttl: 4_500 }).slice(0, 1))
    await lan.world.run(3_000_000)
    const times = asked(lan, node, since).filter(({ question }) => question.type === 'SRV')
    expect(times.map(({ at }) => Math.round((at - since) / 100) / 10)).toEqual([
      ...[0.1, 1.1, 4.1, 13.1, 40.1],
    ])
  })

  it('is gone a second after its goodbye, and not told meanwhile', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    stranger.answer(announcement('x'))
    await lan.world.run(4_500)
    stranger.answer(goodbye(announcement('x')))
    await lan.world.run(2)
    const since = lan.now
    await lan.world.run(60_000)
    expect(node.found(since)).toEqual([])
    expect(node.mdns.metrics()).toMatchObject({ records: 0, services: 0 })
  })

  it('that is heard again in time lives on', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    for (let i = 0; i < 10; i++) {
      stranger.answer(announcement('x'))
      await lan.world.run(100_000)
    }
    const gaps = node.proposals.map(({ at }, i, all) => at - (all[i - 1]?.at ?? at))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_001)
    expect(node.proposals.length).toBeGreaterThan(190)
  })

  it('has its names in any case, and a label with a dot', async () => {
    const { lan, node } = await quiet()
    const [pointer, srv, txt, address] = announcement('My.Node')
    const loud = (record: MdnsRecord): MdnsRecord => ({
      ...record,
      name: record.name.toUpperCase(),
    })
    lan.stranger().answer([pointer!, srv!, txt!, address!].map(loud))
    await lan.world.run(2)
    expect(node.found()).toEqual([OTHER])
  })

  it('has the addresses of our subnet first, then others, then IPv6 with the zone', async () => {
    const { lan, node } = await quiet()
    const records = announcement('x', { address: '192.0.2.1' })
    const at = (address: string): MdnsRecord => {
      const type = address.includes(':') ? 'AAAA' : 'A'
      return { type, name: 'other.local', ttl: 120, flush: true, address }
    }
    const more = ['fe80::7', '10.0.0.33', '2001:db8::1'].map(at)
    const useless = ['127.0.0.1', '0.0.0.0', '224.0.0.1', '::1', 'ff02::1'].map(at)
    lan.stranger().answer([...records, ...more, ...useless])
    await lan.world.run(2)
    expect(endpointsOf(node)).toEqual([
      '10.0.0.33 5670',
      '192.0.2.1 5670',
      'fe80::7%mem0 5670',
      '2001:db8::1 5670',
    ])
  })

  it('of ours, heard on another interface, is no news', async () => {
    const { lan, node } = await quiet()
    lan.stranger().answer(announcement('x', { id: node.id }))
    await lan.world.run(10_000)
    expect(node.proposals).toEqual([])
    expect(node.warnings).toEqual([])
  })
})

describe('what makes no sense', () => {
  const text = (...texts: string[]): MdnsRecord => ({
    ...announcement('x')[2]!,
    type: 'TXT',
    texts: texts.map((each) => new TextEncoder().encode(each)),
  })

  it.each<[string, MdnsRecord[]]>([
    ['no uuid of 32 digits', [announcement('x')[0]!, text('zre=2')]],
    ['no uuid of 32 digits', [announcement('x')[0]!, text('uuid=12')]],
    ['another version of ZRE than 2', [announcement('x')[0]!, text(`uuid=${OTHER}`, 'zre=3')]],
    ['the port is 0', announcement('x', { port: 0 })],
    ['no address that can be dialled', announcement('x', { address: '127.0.0.1' })],
    [
      'a pointer leads to another service',
      [{ ...announcement('x')[0]!, type: 'PTR', target: 'x._http._tcp.local' }],
    ],
    [
      'a record of more than 1300 bytes',
      [announcement('x')[0]!, text(...Array(9).fill('x'.repeat(200)))],
    ],
  ])('is told and counted: %s', async (reason, records) => {
    const { lan, node } = await quiet()
    lan.stranger().answer(records)
    await lan.world.run(2)
    expect(node.warnings).toEqual([
      { code: 'mdns-invalid', reason: `on mem0 from 10.0.0.200: ${reason}` },
    ])
    expect(node.mdns.metrics().answersInvalid).toBe(1)
    expect(node.found()).toEqual([])
  })

  it('is told no more when the node stops at the first warning', async () => {
    const { lan, node } = await quiet()
    node.onWarning = () => node.stop()
    const hosts = ['x', 'y'].map((name) => announcement(name, { host: `${name}.local`, port: 0 }))
    lan.stranger().answer([...hosts.flat(), ...announcement('z', { host: 'z.local' })])
    await lan.world.run(10_000)
    expect(node.warnings).toHaveLength(1)
    expect(node.found()).toEqual([])
  })

  it('is told once, however often it is said', async () => {
    const { lan, node } = await quiet()
    const stranger = lan.stranger()
    for (let i = 0; i < 10; i++) stranger.answer(announcement('x', { port: 0 }))
    await lan.world.run(10)
    expect(node.warnings).toHaveLength(1)
  })

  it.each([
    ['from another port than 5353 (§6)', { port: 5_354 }],
    ['from off the link (§11)', { address: '192.0.2.1' }],
    ['from another interface’s subnet', { address: '10.0.1.1' }],
    ['from another link of IPv6', { address: 'fe80::7%mem1' }],
  ])('is not even read: an answer %s', async (_, from) => {
    const { lan, node } = await quiet()
    lan.stranger().answer(announcement('x'), from)
    await lan.world.run(10)
    expect(node.found()).toEqual([])
    expect(node.mdns.metrics()).toMatchObject({ packetsForeign: 1, records: 0 })
  })

  it('is not kept: records that nobody pointed to', async () => {
    const { lan, node } = await quiet()
    lan.stranger().answer(announcement('x').slice(1))
    lan.stranger().answer(announcement('y').slice(3))
    await lan.world.run(10)
    expect(node.mdns.metrics().records).toBe(0)
  })
})
