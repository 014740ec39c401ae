/** The packets that a set of questions takes, within what one Ethernet frame carries. */
import { utf8Encode } from '../../base/bytes.ts'
import { encodedBytes, type MdnsPacket, type MdnsQuestion, type MdnsRecord } from './records.ts'

/** Bytes: RFC 6762 §17 wants packets within the link's MTU of mostly 1,500, with IPv6 and UDP headers of 48. */
const PACKET_BYTES_MAX = 1_440
const HEADER_BYTES = 12
/** Known answers beyond these are not listed: who is left out answers once more. */
const PACKETS_MAX = 32

/** As many questions as leave room for something to be known. At least one. */
export function takeQuestions(wanted: Map<string, MdnsQuestion>): MdnsQuestion[] {
  const taken: MdnsQuestion[] = []
  let bytes = HEADER_BYTES
  for (const [key, question] of [...wanted]) {
    bytes += utf8Encode(question.name).length + 2 + 4
    if (taken.length > 0 && bytes > PACKET_BYTES_MAX / 2) break
    taken.push(question)
    wanted.delete(key)
  }
  return taken
}

/** RFC 6762 §7.2: all but the last of the packets say that more known answers follow. */
export function queryPackets(
  questions: readonly MdnsQuestion[],
  known: readonly MdnsRecord[],
): MdnsPacket[] {
  const lists: MdnsRecord[][] = [[]]
  let bytes = PACKET_BYTES_MAX / 2
  for (const record of known) {
    const size = encodedBytes(record)
    if (bytes + size > PACKET_BYTES_MAX) {
      if (lists.length === PACKETS_MAX) break
      lists.push([])
      bytes = HEADER_BYTES
    }
    bytes += size
    lists.at(-1)!.push(record)
  }
  return lists.map((answers, i) => ({
    kind: 'query',
    truncated: i < lists.length - 1,
    questions: i === 0 ? questions : [],
    answers,
  }))
}
