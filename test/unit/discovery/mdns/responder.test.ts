/** The responder: what it says when, by RFC 6762. Time is a number here. */
import { describe, expect, it } from 'vitest'
import { newMdnsCounters } from '../../../../src/discovery/mdns/metrics.ts'
import { OwnRecords } from '../../../../src/discovery/mdns/own.ts'
import type {
  MdnsPacket,
  MdnsQuestion,
  MdnsRecord,
} from '../../../../src/discovery/mdns/records.ts'
import { Responder } from '../../../../src/discovery/mdns/responder.ts'
import type { SocketAddress } from '../../../../src/runtime/platform.ts'
import { announcement, goodbye } from '../../../support/mdns.ts'

const ID = 'AB'.repeat(16)
const ASKER = { address: '10.0.0.9', port: 5_353 }
const BROWSE: MdnsQuestion = { name: '_zre._tcp.local', type: 'PTR' }
const HOST = 'earshot-abababababab.local'

const ownRecords = (label = 'kitchen'): OwnRecords =>
  new OwnRecords({ id: ID, label, port: 50_000, addresses: ['10.0.0.1'] })

/** A responder on a clock that is moved by hand. */
class Stage {
  now = 0
  conflicts = 0
  readonly own: OwnRecords = ownRecords()
  readonly counters = newMdnsCounters()
  readonly sent: { at: number; packet: MdnsPacket; to: SocketAddress | undefined }[] = []
  readonly responder: Responder

  /** `random` is what the dice show, always. */
  constructor(random = 0.5) {
    const events = {
      send: (packet: MdnsPacket, to?: SocketAddress) =>
        void this.sent.push({ at: this.now, packet, to }),
      conflict: () => void this.conflicts++,
    }
    this.responder = new Responder(this.own, () => random, this.counters, events, 0)
  }

  run(ms: number): this {
    const end = this.now + ms
    while (this.responder.nextAt <= end) {
      this.now = Math.max(this.now, this.responder.nextAt)
      this.responder.handleDue(this.now)
    }
    this.now = end
    return this
  }

  /** Announced, and quiet for a while; what was sent is forgotten. */
  established(): this {
    this.run(10_000)
    this.sent.length = 0
    return this
  }

  ask(query: Partial<MdnsPacket>, from: SocketAddress = ASKER): this {
    this.responder.handleQuery({ kind: 'query', ...query }, from, this.now)
    return this
  }

  hear(answers: readonly MdnsRecord[]): this {
    this.responder.handleResponse({ kind: 'response', answers }, this.now)
    return this
  }

  get times(): number[] {
    return this.sent.map(({ at }) => at)
  }

  /** The types of the answers of each packet. */
  get answered(): string[][] {
    return this.sent.map(({ packet }) => (packet.answers ?? []).map(({ type }) => type))
  }
}

describe('probing and announcing (§8)', () => {
  it('asks three times 250 ms apart, then announces twice a second apart', () => {
    const stage = new Stage().run(60_000)
    expect(stage.times).toEqual([125, 375, 625, 875, 1_875])
    const kinds = stage.sent.map(({ packet }) => packet.kind)
    expect(kinds).toEqual(['query', 'query', 'query', 'response', 'response'])
  })

  it('asks for both names, with what it wants to announce', () => {
    const { packet } = new Stage().run(200).sent[0]!
    expect(packet.questions).toEqual([
      { name: 'kitchen._zre._tcp.local', type: 'ANY' },
      { name: HOST, type: 'ANY' },
    ])
    expect(packet.authorities!.map(({ type }) => type)).toEqual(['SRV', 'TXT', 'A'])
  })

  it('answers nobody before it has announced', () => {
    const stage = new Stage().ask({ questions: [BROWSE] })
    expect(stage.run(600).answered.flat()).toEqual([])
  })

  it('tells of a conflict when somebody has the name, and goes on with another', () => {
    const stage = new Stage().run(300).hear(announcement('Kitchen'))
    expect(stage.conflicts).toBe(1)
    stage.responder.restart(ownRecords('kitchen (2)'), stage.now)
    stage.run(3_000)
    const announced = stage.sent.at(-1)!.packet.answers![0]!
    expect(announced).toMatchObject({ target: 'kitchen (2)._zre._tcp.local' })
  })

  it('waits five seconds before each attempt after fifteen conflicts in ten seconds', () => {
    const stage = new Stage(0)
    for (let i = 1; i <= 15; i++) {
      stage.run(10).hear(announcement('kitchen'))
      stage.responder.restart(stage.own, stage.now)
    }
    stage.sent.length = 0
    expect(stage.run(4_999).sent).toEqual([])
    expect(stage.run(1).sent).toHaveLength(1)
  })
})

describe('two that probe at once (§8.2)', () => {
  const probe = (records: readonly MdnsRecord[]): Partial<MdnsPacket> => ({
    questions: [{ name: 'kitchen._zre._tcp.local', type: 'ANY' }],
    authorities: records.slice(1),
  })

  it('the one with the earlier records waits a second and begins anew', () => {
    const stage = new Stage().run(400).ask(probe(announcement('kitchen', { id: 'FF'.repeat(16) })))
    stage.sent.length = 0
    expect(stage.run(3_000).times).toEqual([1_400, 1_650, 1_900, 2_150, 3_150])
  })

  it('the one with the later records goes on', () => {
    const stage = new Stage().run(400).ask(probe(announcement('kitchen', { id: '11'.repeat(16) })))
    expect(stage.run(500).times).toEqual([125, 375, 625, 875])
  })

  it('with the same records are the same node, and go on', () => {
    const stage = new Stage().run(400)
    stage.ask({ authorities: stage.own.unique })
    expect(stage.run(500).times).toEqual([125, 375, 625, 875])
  })
})

describe('a name that is announced (§9)', () => {
  it('is defended at once against who probes for it', () => {
    const stage = new Stage().established()
    stage.ask({
      questions: [{ name: 'KITCHEN._zre._tcp.local', type: 'ANY' }],
      authorities: announcement('kitchen').slice(1),
    })
    expect(stage.times).toEqual([stage.now])
    expect(stage.answered).toEqual([['SRV', 'TXT']])
  })

  it('is defended every 250 ms, not once a second', () => {
    const stage = new Stage().established()
    const since = stage.now
    const probe = {
      questions: [{ name: 'kitchen._zre._tcp.local', type: 'ANY' as const }],
      authorities: announcement('kitchen').slice(1),
    }
    for (let i = 0; i < 10; i++) stage.ask(probe).run(50)
    expect(stage.times.map((at) => at - since)).toEqual([0, 250, 500])
  })

  it('is probed for again when somebody else announces it', () => {
    const stage = new Stage().established().hear(announcement('kitchen'))
    expect(stage.counters.conflicts).toBe(1)
    stage.run(2_500)
    expect(stage.sent.map(({ packet }) => packet.kind).slice(0, 4)).toEqual([
      ...['query', 'query', 'query', 'response'],
    ])
  })

  it('is in no conflict with our own records, whatever the interface, nor with a goodbye', () => {
    const stage = new Stage().established()
    const elsewhere = new OwnRecords({ id: ID, label: 'kitchen', port: 1, addresses: ['10.9.9.9'] })
    stage.hear(elsewhere.announced).hear(goodbye(announcement('kitchen').slice(1)))
    stage.hear(announcement('other'))
    expect(stage.counters.conflicts).toBe(0)
    expect(stage.run(5_000).sent).toEqual([])
  })
})

describe('answers (§6)', () => {
  it('with shared records wait 20 to 120 ms, and bring what will be asked next', () => {
    for (const [random, delay] of [
      [0, 20],
      [0.999, 119.9],
    ] as const) {
      const stage = new Stage(random).established()
      const since = stage.now
      stage.ask({ questions: [BROWSE] }).run(200)
      expect(stage.times).toEqual([expect.closeTo(since + delay, 5)])
      expect(stage.answered).toEqual([['PTR']])
      const { additionals } = stage.sent[0]!.packet
      expect(additionals!.map(({ type }) => type)).toEqual(['SRV', 'TXT', 'A'])
    }
  })

  it('with unique records do not wait', () => {
    const stage = new Stage().established().ask({ questions: [{ name: HOST, type: 'A' }] })
    expect(stage.times).toEqual([stage.now])
    expect(stage.answered).toEqual([['A']])
  })

  it.each<[string, MdnsQuestion['type'], string[]]>([
    ['_services._dns-sd._udp.local', 'PTR', ['PTR']],
    ['_zre._tcp.local', 'ANY', ['PTR']],
    ['kitchen._zre._tcp.local', 'SRV', ['SRV']],
    ['kitchen._zre._tcp.local', 'TXT', ['TXT']],
    [HOST, 'ANY', ['A']],
    [HOST, 'AAAA', []],
    ['other._zre._tcp.local', 'ANY', []],
    ['_http._tcp.local', 'PTR', []],
  ])('to %s %s are %j', (name, type, expected) => {
    const stage = new Stage()
      .established()
      .ask({ questions: [{ name, type }] })
      .run(500)
    expect(stage.answered.flat()).toEqual(expected)
  })

  it('leave out what the asker knows with half of its life left (§7.1)', () => {
    const stage = new Stage().established()
    const { pointer } = stage.own
    stage.ask({ questions: [BROWSE], answers: [{ ...pointer, ttl: 2_250 }] }).run(500)
    expect(stage.sent).toEqual([])
    stage.ask({ questions: [BROWSE], answers: [{ ...pointer, ttl: 2_249 }] }).run(500)
    expect(stage.sent).toHaveLength(1)
  })

  it('wait for the rest of what an asker knows (§7.2)', () => {
    const stage = new Stage().established()
    const since = stage.now
    stage.ask({ questions: [BROWSE], truncated: true }).run(300)
    stage.ask({ answers: [stage.own.pointer] }).run(1_000)
    expect(stage.sent).toEqual([])
    stage.ask({ questions: [BROWSE], truncated: true }).run(300)
    stage.ask({ answers: [stage.own.pointer] }, { ...ASKER, address: '10.0.0.10' }).run(1_000)
    expect(stage.times).toEqual([since + 1_300 + 450])
  })

  it('send a record once a second at the most, however often it is asked for', () => {
    const stage = new Stage().established()
    for (let i = 0; i < 50; i++) stage.ask({ questions: [{ name: HOST, type: 'A' }] }).run(100)
    const gaps = stage.times.slice(1).map((at, i) => at - stage.times[i]!)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000)
    expect(stage.sent.length).toBeLessThanOrEqual(6)
  })

  it('do not bring along what all have heard within a second, and note what they bring', () => {
    const stage = new Stage().established()
    const since = stage.now
    stage.ask({ questions: [{ name: HOST, type: 'A' }] }).run(500)
    stage.ask({ questions: [BROWSE] }).run(200)
    stage.ask({ questions: [{ name: 'kitchen._zre._tcp.local', type: 'SRV' }] }).run(2_000)
    const types = stage.sent.map(({ packet }) => packet.additionals!.map(({ type }) => type))
    expect(stage.answered).toEqual([['A'], ['PTR'], ['SRV']])
    expect(types).toEqual([[], ['SRV', 'TXT'], ['A']])
    expect(stage.times.map((at) => at - since)).toEqual([0, 570, 1_570])
  })

  it('go to the asker alone, when that will do and all have heard it lately (§5.4)', () => {
    const stage = new Stage().established()
    const question = { name: HOST, type: 'A', unicast: true } as const
    stage.ask({ questions: [question] })
    expect(stage.sent.at(-1)!.to).toEqual(ASKER)
    stage.run(60_000).ask({ questions: [question] })
    expect(stage.sent.at(-1)!.to).toBeUndefined()
  })

  it('to plain resolvers have id, question and a short life, and no cache-flush bit (§6.7)', () => {
    const stage = new Stage().established()
    const from = { address: '10.0.0.9', port: 40_000 }
    stage.ask({ id: 7, questions: [{ name: HOST, type: 'A' }] }, from)
    const { packet, to } = stage.sent[0]!
    expect(to).toEqual(from)
    expect(packet).toMatchObject({ id: 7, questions: [{ name: HOST, type: 'A' }] })
    expect(packet.answers).toEqual([{ ...stage.own.addresses[0]!, ttl: 10, flush: false }])
  })

  it('to plain resolvers are twenty a second: their addresses may be made up', () => {
    const stage = new Stage().established()
    const from = { address: '10.0.0.9', port: 40_000 }
    for (let i = 0; i < 100; i++) stage.ask({ questions: [BROWSE] }, from)
    expect(stage.sent).toHaveLength(20)
    expect(stage.counters.answersRefused).toBe(80)
    stage.run(1_000).ask({ questions: [BROWSE] }, from)
    expect(stage.sent).toHaveLength(21)
  })
})

describe('the end (§10.1)', () => {
  it('that somebody else announces for us is contradicted, once a second at the most', () => {
    const stage = new Stage().established()
    const since = stage.now
    for (let i = 0; i < 30; i++) stage.hear(goodbye(stage.own.announced)).run(100)
    stage
      .run(2_000)
      .hear(goodbye(announcement('other')))
      .run(2_000)
    expect(stage.times.map((at) => at - since)).toEqual([70, 1_070, 2_070, 3_070])
    expect(stage.answered[0]).toEqual(['PTR', 'SRV', 'TXT', 'A'])
  })

  it('of a name that is taken leaves the pointer, which is the same for whoever has it', () => {
    const stage = new Stage().established().hear(announcement('kitchen')).run(300)
    stage.hear(announcement('kitchen'))
    expect(stage.conflicts).toBe(1)
    stage.sent.length = 0
    stage.responder.restart(ownRecords('kitchen (2)'), stage.now)
    expect(stage.answered).toEqual([['SRV', 'TXT']])
    const flushes = stage.sent.flatMap(({ packet }) => packet.answers!.map(({ flush }) => flush))
    expect(flushes).toEqual([false, false])
  })

  it('while probing again is told as well: others hold what was announced', () => {
    const stage = new Stage().established().hear(announcement('kitchen'))
    stage.responder.close()
    expect(stage.answered).toEqual([['PTR', 'SRV', 'TXT', 'A']])
  })

  it('is one goodbye of everything that was announced, and silence', () => {
    const stage = new Stage().established()
    stage.ask({ questions: [BROWSE] })
    stage.responder.close()
    stage.responder.close()
    expect(stage.answered).toEqual([['PTR', 'SRV', 'TXT', 'A']])
    expect(stage.sent[0]!.packet.answers!.map(({ ttl }) => ttl)).toEqual([0, 0, 0, 0])
    stage
      .ask({ questions: [BROWSE] })
      .hear(announcement('kitchen'))
      .run(10_000)
    stage.responder.restart(ownRecords('x'), stage.now)
    expect(stage.run(10_000).sent).toHaveLength(1)
  })

  it('says nothing of what was never announced', () => {
    const stage = new Stage().run(300)
    stage.sent.length = 0
    stage.responder.close()
    expect(stage.run(10_000).sent).toEqual([])
  })

  it('of a name alone leaves the host and its addresses', () => {
    const stage = new Stage().established()
    stage.responder.restart(ownRecords('kitchen (2)'), stage.now)
    expect(stage.answered).toEqual([['PTR', 'SRV', 'TXT']])
  })
})
