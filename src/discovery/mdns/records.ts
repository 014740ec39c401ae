/**
 * What mDNS packets hold, as far as we read them: questions and five types of records. Plain values; the codec is
 * behind the transport. Names are text (see `names.ts`), times to live are in seconds as on the wire.
 */
import { assertNever } from '../../base/assert.ts'
import { concatBytes, toHex, utf8Encode } from '../../base/bytes.ts'
import { addressBytes } from './addresses.ts'
import { foldName } from './names.ts'

export const RECORD_TYPES = ['PTR', 'SRV', 'TXT', 'A', 'AAAA'] as const
export type RecordType = (typeof RECORD_TYPES)[number]

interface Common {
  readonly name: string
  /** Seconds; 0 says goodbye (RFC 6762 §10.1). */
  readonly ttl: number
  /** The cache-flush bit (§10.2): there is no other record of this name and type. */
  readonly flush: boolean
}

export type MdnsRecord = Common &
  (
    | { readonly type: 'PTR'; readonly target: string }
    | {
        readonly type: 'SRV'
        readonly priority: number
        readonly weight: number
        readonly port: number
        readonly target: string
      }
    | { readonly type: 'TXT'; readonly texts: readonly Uint8Array[] }
    | { readonly type: 'A' | 'AAAA'; readonly address: string }
  )

export interface MdnsQuestion {
  readonly name: string
  readonly type: RecordType | 'ANY'
  /** The QU bit (§5.4): a unicast answer will do. Never set by us: a host's programs share the port, and a unicast
   *  answer reaches only one of them (§15.1). */
  readonly unicast?: boolean
}

export interface MdnsPacket {
  readonly kind: 'query' | 'response'
  /** Means something in queries from other ports than 5353 only (§6.7). */
  readonly id?: number
  /** Of a query: more known answers follow in another packet (§7.2). */
  readonly truncated?: boolean
  readonly questions?: readonly MdnsQuestion[]
  /** Of a query: what the asker knows already (§7.1). */
  readonly answers?: readonly MdnsRecord[]
  /** Of a query: what a prober wants to announce (§8.2). */
  readonly authorities?: readonly MdnsRecord[]
  readonly additionals?: readonly MdnsRecord[]
}

const PLAIN_CLASS = 1

/** The record's data in wire format, without compression. */
export function dataBytes(record: MdnsRecord): Uint8Array {
  switch (record.type) {
    case 'PTR':
      return nameBytes(record.target)
    case 'SRV': {
      const { priority, weight, port, target } = record
      const numbers = [priority, weight, port].flatMap((value) => [value >>> 8, value & 255])
      return concatBytes([Uint8Array.from(numbers), nameBytes(target)])
    }
    case 'TXT':
      return concatBytes(record.texts.flatMap(lengthAndBytes))
    case 'A':
    case 'AAAA':
      return addressBytes(record.address) ?? new Uint8Array(0)
    default:
      return assertNever(record)
  }
}

function nameBytes(name: string): Uint8Array {
  const labels = name.split('.').map((label) => utf8Encode(label))
  return concatBytes([...labels.flatMap(lengthAndBytes), Uint8Array.of(0)])
}

function lengthAndBytes(bytes: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(bytes.length), bytes]
}

/** Tells records of one name and type apart. */
export function dataKey(record: MdnsRecord): string {
  switch (record.type) {
    case 'PTR':
      return foldName(record.target)
    case 'SRV':
      return `${record.priority} ${record.weight} ${record.port} ${foldName(record.target)}`
    case 'TXT':
    case 'A':
    case 'AAAA':
      return toHex(dataBytes(record))
    default:
      return assertNever(record)
  }
}

/** All records of one name and type have it: what a question asks for, and the cache-flush bit replaces. */
export function setKey({ name, type }: Pick<MdnsQuestion, 'name' | 'type'>): string {
  return `${type} ${foldName(name)}`
}

export function isSameRecord(a: MdnsRecord, b: MdnsRecord): boolean {
  return setKey(a) === setKey(b) && dataKey(a) === dataKey(b)
}

export function answers({ name, type }: MdnsQuestion, record: MdnsRecord): boolean {
  const isType = type === 'ANY' || type === record.type
  return isType && foldName(name) === foldName(record.name)
}

/** Bytes of a record in a packet; our codec compresses no names. */
export function encodedBytes(record: MdnsRecord): number {
  return utf8Encode(record.name).length + 2 + 10 + dataBytes(record).length
}

/**
 * RFC 6762 §8.2: of two hosts that probe for a name at once, the one whose records come later in lexicographic order
 * wins. Negative when `a` comes first.
 */
export function compareRecords(a: readonly MdnsRecord[], b: readonly MdnsRecord[]): number {
  const [left, right] = [sortKeys(a), sortKeys(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    // "… the first list to run out is deemed to be lexicographically earlier"
    if (left[i] === undefined || right[i] === undefined) return left.length - right.length
    const order = compareTexts(left[i]!, right[i]!)
    if (order !== 0) return order
  }
  return 0
}

const TYPE_NUMBERS = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const

/** Class, type and raw data as hexadecimal digits, which sort as the bytes do. */
function sortKeys(records: readonly MdnsRecord[]): string[] {
  return records
    .map(
      (each) => toHex(Uint8Array.of(PLAIN_CLASS, TYPE_NUMBERS[each.type])) + toHex(dataBytes(each)),
    )
    .sort(compareTexts)
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
