/**
 * Nodes that others announce on one link, put together from the records in the cache: a pointer names an instance,
 * its SRV record a host and a port, its TXT record the node's id, and the host's records its addresses. Only what
 * belongs to a pointer that lives is kept.
 */
import { type AgendaEntry, NEVER } from '../../base/deadlines.ts'
import { isIpv6, isLinkLocalIpv6 } from '../../base/ipv6.ts'
import { type PeerId, parsePeerId } from '../../base/peer-id.ts'
import type { SocketAddress } from '../../runtime/platform.ts'
import { BEACON_PORT } from '../../zre/beacon.ts'
import { isDialable, isInSubnet, isLoopback } from './addresses.ts'
import type { RecordCache } from './cache.ts'
import { foldName, isInstanceName, SERVICE_NAME } from './names.ts'
import { encodedBytes, type MdnsQuestion, type MdnsRecord } from './records.ts'
import { textValue } from './text.ts'
import type { MdnsLink } from './transport.ts'

/** A host with more addresses than this on one link: only the first are tried. */
const ENDPOINTS_MAX = 8
/** Nodes on one host; each of ours has a host's name of its own. A host's addresses concern all of them. */
const INSTANCES_PER_HOST_MAX = 32
/** Bytes; ours has less than 200. RFC 6763 §6.2 suggests some hundred. */
const TXT_BYTES_MAX = 1_300

/** Who looks. */
export interface OwnNode {
  readonly id: PeerId
  readonly beaconPort: number
}

/** A node that was found. */
export interface FoundService {
  readonly id: PeerId
  /** The best first, as `Candidate` wants them. */
  readonly endpoints: readonly SocketAddress[]
}

export type Assembly =
  | ({ readonly kind: 'complete' } & FoundService)
  /** With what to ask. */
  | { readonly kind: 'incomplete'; readonly questions: readonly MdnsQuestion[] }
  /** It is this node itself, or one that does not want to meet it: of another mesh. */
  | { readonly kind: 'own' | 'elsewhere' }
  | { readonly kind: 'invalid'; readonly reason: string }

/** One name that a pointer leads to. */
export class Instance implements AgendaEntry {
  agendaIndex = -1
  readonly name: string
  /** The target of its SRV record, as in `foldName`. */
  host: string | undefined
  /** How often its missing records were asked for. */
  asks = 0
  /** What was told of it last. */
  service: FoundService | undefined
  /** It said goodbye, and has a second left (RFC 6762 §10.1). */
  isLeaving = false
  /** What was last found wrong with it. */
  complaint: string | undefined

  constructor(name: string) {
    this.name = name
  }
}

type Pointer = MdnsRecord & { readonly type: 'PTR' }

/** What a packet changed. */
export interface Taken {
  /** Those of which something is new. */
  readonly changed: Set<Instance>
  /** Records that there was no room for. */
  refused: number
  /** Records that make no sense, and why. */
  readonly invalid: string[]
}

export class Services {
  readonly #cache: RecordCache
  readonly #link: MdnsLink
  readonly #own: OwnNode
  /** By folded name. */
  readonly #instances = new Map<string, Instance>()
  /** The instances on each host, by its folded name. */
  readonly #hosts = new Map<string, Set<Instance>>()

  constructor(cache: RecordCache, link: MdnsLink, own: OwnNode) {
    this.#cache = cache
    this.#link = link
    this.#own = own
  }

  get all(): Iterable<Instance> {
    return this.#instances.values()
  }

  // Records come and go

  /** Takes up what is of interest: pointers first, then what they lead to, then where that is. */
  take(records: readonly MdnsRecord[], source: string, now: number): Taken {
    const taken: Taken = { changed: new Set(), refused: 0, invalid: [] }
    for (const each of records) if (each.type === 'PTR') this.#takePointer(each, source, now, taken)
    for (const each of records) this.#takeService(each, source, now, taken)
    for (const each of records) this.#takeAddress(each, source, now, taken)
    return taken
  }

  #takePointer(record: Pointer, source: string, now: number, taken: Taken): void {
    if (foldName(record.name) !== SERVICE_NAME) return
    if (!isInstanceName(record.target)) {
      taken.invalid.push('a pointer leads to another service')
      return
    }
    const key = foldName(record.target)
    const known = this.#instances.get(key)
    if (known !== undefined) known.isLeaving = record.ttl === 0
    if (!this.#isNew(record, source, now, taken)) return
    const instance = new Instance(record.target)
    this.#instances.set(key, instance)
    taken.changed.add(instance)
  }

  #takeService(record: MdnsRecord, source: string, now: number, taken: Taken): void {
    if (record.type !== 'SRV' && record.type !== 'TXT') return
    const instance = this.#instances.get(foldName(record.name))
    if (instance === undefined || !isSmall(record, taken)) return
    if (record.type === 'SRV' && !this.#hasRoomFor(instance, foldName(record.target))) {
      taken.refused++
      return
    }
    if (!this.#isNew(record, source, now, taken)) return
    taken.changed.add(instance)
    if (record.type === 'SRV') this.#followHost(instance)
  }

  #hasRoomFor(instance: Instance, host: string): boolean {
    const there = this.#hosts.get(host)
    return there === undefined || there.size < INSTANCES_PER_HOST_MAX || there.has(instance)
  }

  #takeAddress(record: MdnsRecord, source: string, now: number, taken: Taken): void {
    if (record.type !== 'A' && record.type !== 'AAAA') return
    const instances = this.#hosts.get(foldName(record.name))
    if (instances === undefined || !this.#isNew(record, source, now, taken)) return
    for (const instance of instances) taken.changed.add(instance)
  }

  /** Puts it into the cache. */
  #isNew(record: MdnsRecord, source: string, now: number, taken: Taken): boolean {
    const put = this.#cache.put(record, source, now)
    if (put === 'refused') taken.refused++
    return put === 'new'
  }

  /** A record has expired: gives back the instances that lack it now. */
  lose(record: MdnsRecord): Instance[] {
    if (record.type === 'A' || record.type === 'AAAA') {
      return [...(this.#hosts.get(foldName(record.name)) ?? [])]
    }
    const name = foldName(record.type === 'PTR' ? record.target : record.name)
    const instance = this.#instances.get(name)
    if (instance === undefined) return []
    if (record.type === 'PTR') {
      this.#instances.delete(name)
      this.#cache.forget(instance.name, ['SRV', 'TXT'])
    }
    this.#followHost(instance)
    return [instance]
  }

  /** Whether a pointer still leads there. */
  holds(instance: Instance): boolean {
    return this.#instances.get(foldName(instance.name)) === instance
  }

  #followHost(instance: Instance): void {
    const target = this.#srvOf(instance)?.target
    const host = target === undefined ? undefined : foldName(target)
    const old = instance.host
    if (host === old) return
    instance.host = host
    if (host !== undefined) {
      const there = this.#hosts.get(host)
      if (there === undefined) this.#hosts.set(host, new Set([instance]))
      else there.add(instance)
    }
    const left = old === undefined ? undefined : this.#hosts.get(old)
    left?.delete(instance)
    if (old === undefined || left?.size !== 0) return
    this.#hosts.delete(old)
    this.#cache.forget(old, ['A', 'AAAA'])
  }

  // Putting together

  assemble(instance: Instance): Assembly {
    const srv = this.#srvOf(instance)
    const txt = this.#cache.find(instance.name, 'TXT').at(-1)?.record
    const id = txt === undefined ? undefined : parsePeerId(textValue(txt, 'uuid') ?? '')
    if (id === this.#own.id) return { kind: 'own' }
    if (txt !== undefined && id === undefined) return invalid('no uuid of 32 digits')
    if (txt !== undefined && (textValue(txt, 'zre') ?? '2') !== '2') {
      return invalid('another version of ZRE than 2')
    }
    const beaconPort = txt === undefined ? undefined : textValue(txt, 'beacon')
    if (txt !== undefined && Number(beaconPort ?? BEACON_PORT) !== this.#own.beaconPort) {
      return { kind: 'elsewhere' }
    }
    if (srv?.port === 0) return invalid('the port is 0')
    const addresses = srv === undefined ? [] : this.#addressesOf(srv.target)
    const questions = missing(instance.name, txt, srv?.target, addresses)
    if (id === undefined || srv === undefined || questions.length > 0) {
      return { kind: 'incomplete', questions }
    }
    const endpoints = this.#endpoints(addresses, srv.port)
    if (endpoints.length === 0) return invalid('no address that can be dialled')
    return { kind: 'complete', id, endpoints }
  }

  #srvOf(instance: Instance): (MdnsRecord & { type: 'SRV' }) | undefined {
    const record = this.#cache.find(instance.name, 'SRV').at(-1)?.record
    return record?.type === 'SRV' ? record : undefined
  }

  #addressesOf(host: string): string[] {
    const entries = [...this.#cache.find(host, 'A'), ...this.#cache.find(host, 'AAAA')]
    return entries.flatMap(({ record }) => ('address' in record ? [record.address] : []))
  }

  /** IPv4 of our own subnets, then other IPv4, then IPv6. */
  #endpoints(addresses: readonly string[], port: number): SocketAddress[] {
    const { addresses: own, zone } = this.#link
    const rank = (address: string): number => {
      if (isIpv6(address)) return 2
      return own.some((each) => isInSubnet(address, each)) ? 0 : 1
    }
    const onlyHere = own.every(({ address }) => isLoopback(address))
    return addresses
      .filter((address) => isDialable(address) && (onlyHere || !isLoopback(address)))
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, ENDPOINTS_MAX)
      .map((address) => ({
        address: isLinkLocalIpv6(address) ? `${address}%${zone}` : address,
        port,
      }))
  }
}

/** What to ask for. */
function missing(
  name: string,
  txt: MdnsRecord | undefined,
  host: string | undefined,
  addresses: readonly string[],
): MdnsQuestion[] {
  const questions: MdnsQuestion[] = []
  if (host === undefined) questions.push({ name, type: 'SRV' })
  if (txt === undefined) questions.push({ name, type: 'TXT' })
  if (host !== undefined && addresses.length === 0) {
    questions.push({ name: host, type: 'A' }, { name: host, type: 'AAAA' })
  }
  return questions
}

function isSmall(record: MdnsRecord, taken: Taken): boolean {
  if (encodedBytes(record) <= TXT_BYTES_MAX) return true
  taken.invalid.push(`a record of more than ${TXT_BYTES_MAX} bytes`)
  return false
}

function invalid(reason: string): Assembly {
  return { kind: 'invalid', reason }
}

/** Whether both are the same node at the same places. */
export function isSameService(a: FoundService | undefined, b: FoundService): boolean {
  if (a === undefined || a.id !== b.id || a.endpoints.length !== b.endpoints.length) return false
  return a.endpoints.every(({ address, port }, i) => {
    const other = b.endpoints[i]
    return other?.address === address && other.port === port
  })
}

/** When an instance is asked about for the next time, after so many times: less and less often, then no more. */
export function askDelayMs(asks: number): number {
  return ASK_DELAYS_MS[asks] ?? NEVER
}

/** The first: what is missing may come right behind. */
const ASK_DELAYS_MS = [100, 1_000, 3_000, 9_000, 27_000] as const
