/** Counters of mDNS. */

/** What mDNS counts, over all links since the start; the last three are of this moment. */
export interface MdnsMetrics {
  packetsSent: number
  packetsReceived: number
  /** Not DNS, too large, or too costly to decode. */
  packetsMalformed: number
  /** From addresses off the link, or answers from another port than 5353: not read. */
  packetsForeign: number
  /** Records that somebody asked for and got from us. */
  answersSent: number
  /** Answers that somebody asked for by unicast too often. */
  answersRefused: number
  /** Answers about mesh nodes that make no sense. */
  answersInvalid: number
  /** Records that the tables had no room for. */
  recordsRefused: number
  /** How often somebody else was found to use our instance's name. */
  conflicts: number
  /** How often a socket could not be opened, or failed. */
  failures: number
  /** Links (an interface with IPv4 or IPv6) whose socket is open. */
  links: number
  /** Records of others that are held. */
  records: number
  /** Complete services of other nodes that are held. */
  services: number
}

/** Those that only grow. */
export type MdnsCounters = Omit<MdnsMetrics, 'links' | 'records' | 'services'>

export function newMdnsCounters(): MdnsCounters {
  return {
    packetsSent: 0,
    packetsReceived: 0,
    packetsMalformed: 0,
    packetsForeign: 0,
    answersSent: 0,
    answersRefused: 0,
    answersInvalid: 0,
    recordsRefused: 0,
    conflicts: 0,
    failures: 0,
  }
}
