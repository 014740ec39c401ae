/**
 * What a diagnosis can find: each finding has a stable code. `docs/doctor.md` explains all of them, and a test holds the two
 * together.
 */

/** `ok`: it works. `note`: good to know. `problem`: nodes do not meet, or not as they should. */
export type FindingLevel = 'ok' | 'note' | 'problem'

export const FINDINGS = {
  // Interfaces
  'interface-used': 'ok',
  'interface-skipped': 'ok',
  'interface-none': 'problem',
  'interface-virtual-only': 'problem',
  'interface-link-local-only': 'note',
  'interface-loopback-only': 'note',
  'interface-no-broadcast': 'note',
  'interface-ipv6-only': 'note',
  'interface-same-subnet': 'note',
  'mtu-small': 'note',
  // Ports
  'beacon-port-in-use': 'problem',
  'mailbox-port-in-use': 'problem',
  // What comes back
  'beacon-heard': 'ok',
  'beacon-not-heard': 'problem',
  'multicast-heard': 'ok',
  'multicast-not-heard': 'note',
  // Firewalls of this host
  'firewall-beacons': 'problem',
  'firewall-links': 'problem',
  'firewall-mdns': 'note',
  'firewall-unreadable': 'note',
  // Others
  'nobody-found': 'problem',
  'beacons-elsewhere': 'note',
  'beacons-foreign': 'note',
  'protocol-mismatch': 'problem',
  'peer-found': 'ok',
  'peer-not-found': 'problem',
  'peer-unreachable': 'problem',
  'peer-refused': 'problem',
  'peer-other-answers': 'problem',
  'peer-other-subnet': 'problem',
  'ap-isolation': 'problem',
  'vpn-route': 'problem',
  'mailbox-reachable': 'ok',
  'mailbox-unreachable': 'problem',
  'beacon-one-way': 'problem',
  'mtu-blackhole': 'problem',
  'clock-offset': 'note',
} as const

export type FindingCode = keyof typeof FINDINGS

export interface Finding {
  readonly code: FindingCode
  readonly level: FindingLevel
  /** What was found, for people. It may hold text that strangers chose: escape it for a terminal. */
  readonly sentence: string
  /** What to do, the most likely first; absent where there is nothing to do. */
  readonly advice?: readonly string[]
  /** The same for programs: plain data. */
  readonly facts: Readonly<Record<string, unknown>>
}

export function finding(
  code: FindingCode,
  sentence: string,
  facts: Readonly<Record<string, unknown>> = {},
  advice: readonly string[] = [],
): Finding {
  const level = FINDINGS[code]
  return { code, level, sentence, ...(advice.length > 0 && { advice }), facts }
}
