/**
 * The counters of an engine and of a peer: integers that only grow, kept where things happen and read by
 * `metrics.ts`. What each of them means is said here, once; `docs/metrics.md` has the table.
 */
import type { ExitReason } from './events.ts'
import type { LinkFailureKind } from './link-failure.ts'
import { NEVER_HEARD } from './peer-table.ts'

/** Of an engine, since it was made. Peers that are gone stay counted. */
export interface MeshCounters {
  /** Beacons sent: one for each network interface and moment, the goodbyes at the end included. */
  beaconsSent: number
  /** Valid beacons heard, our own included. */
  beaconsReceived: number
  /** Of these, our own: the network hands a broadcast back to its sender. */
  ownBeaconsHeard: number
  /** Datagrams on the beacon port that are no beacon; `warnings` has them by code. */
  beaconsInvalid: number
  /** Times that a way of discovery other than beacons named where a peer may be. */
  candidatesHeard: number
  /** Links to peers that we began to dial. Each of them succeeds, fails or is abandoned. */
  dials: number
  /** Dials whose link came to stand: connected, and the handshake complete. */
  dialsSucceeded: number
  /** Dials that came to nothing, for whatever reason. */
  dialsFailed: number
  /** The same by kind; they add up to `dialsFailed`. */
  dialFailures: Record<LinkFailureKind, number>
  /** Dials that we gave up ourselves: the peer left or moved, another answered in its place, or this node stopped. */
  dialsAbandoned: number
  /** Connections of others that were let in, to a handshake. */
  connectionsAccepted: number
  /** Connections of others that were turned away: over a limit, or an identity that is none or in use. */
  connectionsRefused: number
  /** Connections of others without an identity: they got to know what is here, and were closed. */
  visitors: number
  /** Handshakes completed, in either direction: `dialsSucceeded` and `handshakesAccepted`. */
  handshakes: number
  /** Of connections that were let in: those whose handshake was completed. */
  handshakesAccepted: number
  /** Of connections that were let in: those that ended, or were turned away, before the end of their handshake. */
  handshakesFailed: number
  /** Of connections that were let in: those whose handshake took longer than `limits.handshakeMs`. */
  handshakesTimedOut: number
  /** Bytes read from connections, of every kind: messages, commands, handshakes. */
  bytesIn: number
  /** Bytes handed to the host for connections, of every kind. */
  bytesOut: number
  /** Whispers and shouts of applications received, stray ones included. */
  messagesIn: number
  /** Of these, the whispers. */
  whispersIn: number
  /** Whispers and shouts of the application written to links; a shout counts once for each member. */
  messagesOut: number
  /** Of these, the whispers. */
  whispersOut: number
  /** Messages of other nodes' services (channels, and prefaces on them) received: none of the application's. */
  serviceMessagesIn: number
  /** Bytes of their content. */
  serviceBytesIn: number
  /** Messages of this node's services written to links. */
  serviceMessagesOut: number
  /** Bytes of their content. */
  serviceBytesOut: number
  /** Shouts dropped by the policies `drop-newest` and `drop-oldest`, once for each peer. */
  messagesDropped: number
  /** Of these, the ones that had waited and made room. */
  droppedOldest: number
  /** Of these, the ones that were not let in. */
  droppedNewest: number
  /** The application's messages that were accepted and never taken by the host's network stack, for one of three reasons. */
  messagesLost: number
  /** Lost in a link that broke. */
  lostByLinks: number
  /** Lost with a peer that was gone. */
  lostByExits: number
  /** Lost because this node stopped. */
  lostByStop: number
  pingsSent: number
  pingsReceived: number
  /** Shouts that arrived for a group this node is not in (any more). */
  strayShouts: number
  /** ELECT and LEADER commands, decoded and not yet acted on. */
  elections: number
  /** Peers that introduced themselves: events `enter`. */
  enters: number
  /** Events `exit`, by their reason. */
  exits: Record<ExitReason, number>
}

/** Of a peer, since its first contact. Messages are those of applications. */
export interface PeerCounters {
  /** Whispers and shouts received from it. */
  messagesIn: number
  /** Of these, the whispers. */
  whispersIn: number
  /** Bytes of their content. */
  bytesIn: number
  /** Whispers and shouts written to our link to it: past the outbox, on the way to the host's network stack. */
  messagesOut: number
  /** Of these, the whispers. */
  whispersOut: number
  /** Bytes of their content. */
  bytesOut: number
  /** Accepted, and dropped for newer ones while the peer was blocked. */
  droppedOldest: number
  /** Not let in while the peer was blocked. */
  droppedNewest: number
  /** Accepted and not taken by the host's network stack when a link broke or this node stopped. What an exit costs is in its event `exit`. */
  messagesLost: number
  /** When the last message came. */
  messageAt: number
}

/** Why an accepted message was never written. */
export type LossReason = 'link' | 'exit' | 'stop'

export function newMeshCounters(): MeshCounters {
  return {
    beaconsSent: 0,
    beaconsReceived: 0,
    ownBeaconsHeard: 0,
    beaconsInvalid: 0,
    candidatesHeard: 0,
    dials: 0,
    dialsSucceeded: 0,
    dialsFailed: 0,
    dialFailures: {
      refused: 0,
      unreachable: 0,
      timeout: 0,
      reset: 0,
      ended: 0,
      protocol: 0,
      other: 0,
    },
    dialsAbandoned: 0,
    connectionsAccepted: 0,
    connectionsRefused: 0,
    visitors: 0,
    handshakes: 0,
    handshakesAccepted: 0,
    handshakesFailed: 0,
    handshakesTimedOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    whispersIn: 0,
    messagesOut: 0,
    whispersOut: 0,
    serviceMessagesIn: 0,
    serviceBytesIn: 0,
    serviceMessagesOut: 0,
    serviceBytesOut: 0,
    messagesDropped: 0,
    droppedOldest: 0,
    droppedNewest: 0,
    messagesLost: 0,
    lostByLinks: 0,
    lostByExits: 0,
    lostByStop: 0,
    pingsSent: 0,
    pingsReceived: 0,
    strayShouts: 0,
    elections: 0,
    enters: 0,
    exits: {
      goodbye: 0,
      expired: 0,
      closed: 0,
      replaced: 0,
      restarted: 0,
      blocked: 0,
      protocol: 0,
    },
  }
}

/** A copy that stays as it is. */
export function copyOf(counters: MeshCounters): Readonly<MeshCounters> {
  const { dialFailures, exits } = counters
  return { ...counters, dialFailures: { ...dialFailures }, exits: { ...exits } }
}

/** Of a peer that nothing was counted of. Shared: copy it to count. */
export const NO_COUNTS: Readonly<PeerCounters> = Object.freeze({
  messagesIn: 0,
  whispersIn: 0,
  bytesIn: 0,
  messagesOut: 0,
  whispersOut: 0,
  bytesOut: 0,
  droppedOldest: 0,
  droppedNewest: 0,
  messagesLost: 0,
  messageAt: NEVER_HEARD,
})
