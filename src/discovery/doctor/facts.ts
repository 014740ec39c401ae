/**
 * What a diagnosis is made of: facts that were gathered (`gather-*.ts`), as plain data. The other modules here are pure
 * functions from facts to findings.
 */
import type { PeerId } from '../../base/peer-id.ts'
import type { InterfaceUse } from '../../runtime/interface-selection.ts'
import type { NetworkInterface } from '../../runtime/platform.ts'
import type { DialBackAnswer } from '../dial-back.ts'
import type { Visit } from '../visit.ts'
import type { Ruleset } from './firewall/rules.ts'

/** What the host's own tools say; `undefined` or empty where they could not be asked. */
export interface HostFacts {
  /** As `process.platform`: `linux`, `darwin`, `win32` … */
  readonly os: string
  /** By the interface's name. */
  readonly mtus: Readonly<Record<string, number>>
  readonly wireless: readonly string[]
  readonly rulesets: readonly Ruleset[]
  /** What writes those rules; advice is given in its words. */
  readonly managers: readonly FirewallManager[]
  /** There are rules, or may be, and we must not read them. */
  readonly isFirewallUnreadable: boolean
}

export type FirewallManager = 'ufw' | 'firewalld'

/** A mailbox of the examined node, and what came back of what it sent. */
export interface MailboxFacts extends NetworkInterface {
  /** TCP port. */
  readonly port: number
  /** Where its beacons go; absent on a link without broadcast. */
  readonly beaconTo?: { readonly address: string; readonly port: number }
  /** Own beacons that came back from this address. */
  readonly ownBeacons: number
  /** A multicast came back; `undefined`: not tried. */
  readonly multicastLoops?: boolean
}

/** A node that others are: a peer, or one that was only heard of. */
export interface PeerFacts {
  readonly id: PeerId
  readonly name: string
  readonly address: string
  readonly port: number
  /** Beacons heard from there. */
  readonly beacons: number
  /** 3: CURVE only. */
  readonly beaconVersion?: number
  /** It is in `node.peers()`. */
  readonly isPresent: boolean
  /** Our link to it stands. */
  readonly isLinked: boolean
  /** It has a link to us. */
  readonly linksToUs: boolean
  /** What answers there. */
  readonly visit?: Visit
  /** Of one that was not reached: its network card answers us (ARP); `undefined`: not known. */
  readonly answersArp?: boolean
  /** By which interface packets to it leave, by the host's routes. */
  readonly routeBy?: string
  /** The used mailbox in whose subnet it is. */
  readonly near?: MailboxFacts
  readonly dialBack?: DialBackAnswer
  /** It answers small messages, and a large one has stopped everything. */
  readonly stopsAtLarge: boolean
}

/** Beacons from where no mailbox of ours is. */
export interface ElsewhereFacts {
  readonly interfaceName: string | undefined
  readonly addresses: readonly string[]
}

export interface Facts {
  readonly host: HostFacts
  readonly beaconPort: number
  readonly interfaces: readonly InterfaceUse[]
  readonly mailboxes: readonly MailboxFacts[]
  readonly peers: readonly PeerFacts[]
  /** How many nodes were heard, or are peers: those that were not examined, too. */
  readonly nodesFound: number
  readonly elsewhere: readonly ElsewhereFacts[]
  /** Datagrams on the beacon port that are no beacons, by source and what is wrong with them. */
  readonly foreign: readonly { readonly address: string; readonly reason: string }[]
  readonly listenedMs: number
}
