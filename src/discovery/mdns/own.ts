/** The records that announce a node on one link. */
import { utf8Encode } from '../../base/bytes.ts'
import type { PeerId } from '../../base/peer-id.ts'
import { BEACON_PORT } from '../../zre/beacon.ts'
import { hostName, instanceName, SERVICE_NAME, SERVICE_TYPES_NAME } from './names.ts'
import { answers, type MdnsQuestion, type MdnsRecord } from './records.ts'

/** RFC 6762 §10, in seconds: what depends on a host's addresses lives 120 s, all else 75 minutes. */
const HOST_TTL = 120
const OTHER_TTL = 4_500

export interface OwnService {
  readonly id: PeerId
  /** See `instanceLabel`. */
  readonly label: string
  /** TCP port of the mailbox. */
  readonly port: number
  /** UDP. Nodes with different ones do not meet. Default 5670. */
  readonly beaconPort?: number
  /** Where it is reached on this link, without zones. */
  readonly addresses: readonly string[]
}

export class OwnRecords {
  readonly instance: string
  readonly host: string
  /** Shared with other nodes: no cache-flush bit, and not probed for. */
  readonly pointer: MdnsRecord
  readonly typePointer: MdnsRecord
  readonly srv: MdnsRecord
  readonly txt: MdnsRecord
  readonly addresses: readonly MdnsRecord[]

  constructor({ id, label, port, addresses, beaconPort = BEACON_PORT }: OwnService) {
    this.instance = instanceName(label)
    this.host = hostName(id)
    const { instance, host } = this
    const shared = { type: 'PTR', ttl: OTHER_TTL, flush: false } as const
    this.pointer = { ...shared, name: SERVICE_NAME, target: instance }
    this.typePointer = { ...shared, name: SERVICE_TYPES_NAME, target: SERVICE_NAME }
    const where = { priority: 0, weight: 0, port, target: host }
    this.srv = { type: 'SRV', name: instance, ttl: HOST_TTL, flush: true, ...where }
    // RFC 6763 §6.4: `key=value`. The protocol is ZRE version 2 (RFC 36) over ZMTP 3.1 (RFC 37).
    // Only where it is not the usual one: tools show what is there.
    const mesh = beaconPort === BEACON_PORT ? [] : [`beacon=${beaconPort}`]
    const texts = [`uuid=${id}`, 'zre=2', 'zmtp=3.1', ...mesh].map(utf8Encode)
    this.txt = { type: 'TXT', name: instance, ttl: OTHER_TTL, flush: true, texts }
    this.addresses = addresses.map((address) => {
      const type = address.includes(':') ? 'AAAA' : 'A'
      return { type, name: host, ttl: HOST_TTL, flush: true, address }
    })
  }

  /** What an announcement holds. */
  get announced(): readonly MdnsRecord[] {
    return [this.pointer, this.srv, this.txt, ...this.addresses]
  }

  /** What must be nobody else's. */
  get unique(): readonly MdnsRecord[] {
    return [this.srv, this.txt, ...this.addresses]
  }

  answering(question: MdnsQuestion): MdnsRecord[] {
    const all = [this.typePointer, ...this.announced]
    return all.filter((record) => answers(question, record))
  }

  /** RFC 6763 §12: what whoever gets these answers will ask for next. */
  additionalTo(given: readonly MdnsRecord[]): MdnsRecord[] {
    const more = new Set<MdnsRecord>()
    if (given.includes(this.pointer)) for (const each of this.unique) more.add(each)
    if (given.includes(this.srv)) for (const each of this.addresses) more.add(each)
    return [...more].filter((each) => !given.includes(each))
  }
}
