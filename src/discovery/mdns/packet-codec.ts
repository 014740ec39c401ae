/**
 * Between our packets and those of `multicast-dns` (which are `dns-packet`'s), and what bytes are worth decoding. What
 * we do not understand is left out here: other types, other classes, names that could not be sent again, IPv4 addresses in
 * disguise. The codec spells addresses of IPv6 in a way of its own; ours are compared as text (RFC 5952).
 */
import type { Answer, Packet, Question } from 'dns-packet'
import { parseIpv4 } from '../../base/ipv4.ts'
import { canonicalIpv6, isIpv6 } from '../../base/ipv6.ts'
import { isUsableName } from './names.ts'
import {
  type MdnsPacket,
  type MdnsQuestion,
  type MdnsRecord,
  RECORD_TYPES,
  type RecordType,
} from './records.ts'

/** RFC 6762 §17: "Even when fragmentation is used, a Multicast DNS packet … MUST NOT exceed 9000 bytes". */
const PACKET_BYTES_MAX = 9_000
const HEADER_BYTES = 12
/** Questions and records of one packet. */
const ENTRIES_MAX = 512
/** Names of one record, at the most: SOA has two beside its own. */
const NAMES_PER_ENTRY_MAX = 3
/** A name of 254 bytes. */
const LABELS_PER_NAME_MAX = 127
/** Some milliseconds. */
const DECODING_STEPS_MAX = 250_000

/**
 * Whether bytes can be decoded without harm. The codec allocates as many entries as the header promises, and follows
 * the pointers of each name backwards as far as they lead: so a few kilobytes could keep it busy for a second. A name
 * visits each pointer once at the most, which bounds the steps.
 */
export function isWorthDecoding(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || bytes.length > PACKET_BYTES_MAX) return false
  let entries = 0
  for (let at = 4; at < HEADER_BYTES; at += 2) entries += bytes[at]! * 256 + bytes[at + 1]!
  if (entries > ENTRIES_MAX) return false
  let pointers = 0
  for (const byte of bytes) if (byte >= 0xc0) pointers++
  const stepsPerName = pointers + LABELS_PER_NAME_MAX
  return entries * NAMES_PER_ENTRY_MAX * stepsPerName <= DECODING_STEPS_MAX
}

/** A decoded packet has everything; what the types of the package say is meant for those that are to be sent. */
export type WirePacket = { readonly [Key in keyof Packet]-?: NonNullable<Packet[Key]> }

const FLAGS = { authoritative: 0x400, truncated: 0x200, opcode: 0x7800, rcode: 0xf } as const

/** `undefined` for what RFC 6762 §18.3 and §18.11 have silently ignored: another opcode or response code than 0. */
export function fromWire(packet: WirePacket): MdnsPacket | undefined {
  const { flags } = packet
  if ((flags & (FLAGS.opcode | FLAGS.rcode)) !== 0) return undefined
  return {
    kind: packet.type === 'query' ? 'query' : 'response',
    id: packet.id,
    truncated: (flags & FLAGS.truncated) !== 0,
    questions: packet.questions.flatMap(questionFrom),
    answers: packet.answers.flatMap(recordFrom),
    authorities: packet.authorities.flatMap(recordFrom),
    additionals: packet.additionals.flatMap(recordFrom),
  }
}

/** With the QU bit (RFC 6762 §5.4), which the codec takes for a part of the class. */
const UNICAST_CLASSES: readonly string[] = ['UNKNOWN_32769', 'UNKNOWN_33023']
const CLASSES: readonly string[] = ['IN', 'ANY', ...UNICAST_CLASSES]

function questionFrom({ name, type, class: of = 'IN' }: Question): MdnsQuestion[] {
  const asked: string = type
  if (!isQuestionType(asked) || !CLASSES.includes(of) || !isUsableName(name)) return []
  return [{ name, type: asked, unicast: UNICAST_CLASSES.includes(of) }]
}

function isQuestionType(type: string): type is RecordType | 'ANY' {
  return type === 'ANY' || RECORD_TYPES.some((each) => each === type)
}

function recordFrom(answer: Answer): MdnsRecord[] {
  if (answer.type === 'OPT' || answer.class !== 'IN' || !isUsableName(answer.name)) return []
  const { name, ttl = 0, flush = false } = answer
  const common = { name, ttl, flush }
  switch (answer.type) {
    case 'PTR':
      return isUsableName(answer.data) ? [{ ...common, type: 'PTR', target: answer.data }] : []
    case 'SRV': {
      const { priority = 0, weight = 0, port, target } = answer.data
      return isUsableName(target)
        ? [{ ...common, type: 'SRV', priority, weight, port, target }]
        : []
    }
    case 'TXT':
      return Array.isArray(answer.data)
        ? [
            {
              ...common,
              type: 'TXT',
              texts: answer.data.map((text) => Uint8Array.from(Buffer.from(text))),
            },
          ]
        : []
    case 'A':
      // A record that is cut off gives half an address.
      return parseIpv4(answer.data) === undefined
        ? []
        : [{ ...common, type: 'A', address: answer.data }]
    case 'AAAA': {
      const address = canonicalIpv6(answer.data)
      return address !== undefined && isIpv6(address) ? [{ ...common, type: 'AAAA', address }] : []
    }
    default:
      return []
  }
}

export function toWire(packet: MdnsPacket): Omit<WirePacket, 'type'> {
  const kindFlags = packet.kind === 'response' ? FLAGS.authoritative : 0
  return {
    id: packet.id ?? 0,
    flags: kindFlags | (packet.truncated === true ? FLAGS.truncated : 0),
    questions: (packet.questions ?? []).map(({ name, type }) => ({
      name,
      // The types leave it out; the codec knows it.
      type: type as RecordType,
      class: 'IN',
    })),
    answers: (packet.answers ?? []).map(toAnswer),
    authorities: (packet.authorities ?? []).map(toAnswer),
    additionals: (packet.additionals ?? []).map(toAnswer),
  }
}

function toAnswer(record: MdnsRecord): Answer {
  const { name, ttl, flush } = record
  const common = { name, ttl, flush, class: 'IN' } as const
  switch (record.type) {
    case 'PTR':
      return { ...common, type: 'PTR', data: record.target }
    case 'SRV': {
      const { priority, weight, port, target } = record
      return { ...common, type: 'SRV', data: { priority, weight, port, target } }
    }
    case 'TXT':
      return { ...common, type: 'TXT', data: record.texts.map((text) => Buffer.from(text)) }
    default:
      return { ...common, type: record.type, data: record.address }
  }
}
