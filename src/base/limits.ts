/**
 * Every bound of the library in one place, each with its reason. All can be overridden through
 * `createNode({ limits })`.
 */

export interface Limits {
  /** Milliseconds a connection may take from opening to the end of its handshake. */
  readonly handshakeMs: number
  /** Bytes a connection may send before its handshake is complete. */
  readonly handshakeBytes: number
  /** Inbound connections of one address that have not completed their handshake. */
  readonly halfOpenPerAddress: number
  /** Inbound connections in all. */
  readonly inboundConnections: number
  /** Bytes of content of one message, sent or received, all frames together. */
  readonly messageBytes: number
  /** Frames of one received message, the ZRE header included. */
  readonly messageFrames: number
  /** Outbound dials per second, sustained; a token bucket of the same depth. */
  readonly dialsPerSecond: number
  /** Outbound dials whose handshake is not complete. */
  readonly dialsAtOnce: number
  /** Peers known at one time. */
  readonly peers: number
  /** Peers known at one time behind one address. */
  readonly peersPerAddress: number
  /** Bytes of one HELLO. */
  readonly helloBytes: number
  /** Groups one HELLO may list, and one peer may be in. */
  readonly helloGroups: number
  /** Headers one HELLO may list. */
  readonly helloHeaders: number
  /** Messages waiting for one peer. */
  readonly outboxMessages: number
  /** Bytes waiting for one peer. */
  readonly outboxBytes: number
  /** An outbox that was full has room again when no more than this waits; at most half of `outboxMessages`. */
  readonly outboxLowMessages: number
  /** And no more bytes than this; at most half of `outboxBytes`. */
  readonly outboxLowBytes: number
  /** Warnings reported per second and code; the rest is only counted. */
  readonly warningsPerSecond: number
}

const KIB = 1024
const MIB = 1024 * KIB

export const DEFAULT_LIMITS: Limits = {
  // A handshake is three small exchanges; 5 s survives a bad WiFi and still frees the slot of a silent caller.
  handshakeMs: 5_000,
  // A greeting and READY need under 200 bytes, CURVE under 1 KiB; nobody unauthenticated gets more memory.
  handshakeBytes: 4 * KIB,
  // A host may restart many nodes at once; 64 waiting connections of 4 KiB are harmless.
  halfOpenPerAddress: 64,
  // Peers plus room for connections that are being replaced.
  inboundConnections: 8_192,
  // The largest message this library promises to carry.
  messageBytes: 16 * MIB,
  // 1,024 content frames and the ZRE header.
  messageFrames: 1_025,
  // Meeting 100 peers a second fills a large mesh quickly, and makes us a weak reflector.
  dialsPerSecond: 100,
  // As many as `dialsPerSecond` and `handshakeMs` let come together: a bound to lower where a start must be gentle.
  dialsAtOnce: 512,
  // A full mesh suits hundreds of nodes; simulations need thousands.
  peers: 4_096,
  // One host can run many nodes, but one host must not fill the whole table.
  peersPerAddress: 1_024,
  // 1,024 groups and 256 headers of usual size fit.
  helloBytes: 64 * KIB,
  // Tests of other implementations go to hundreds of groups.
  helloGroups: 1_024,
  // Headers describe a node; data belongs into messages.
  helloHeaders: 256,
  // About 30 s of 100 messages a second, as the ØMQ guide suggests for one slow peer.
  outboxMessages: 3_000,
  // One message of the largest size is always admitted to an empty outbox; otherwise this bounds memory.
  outboxBytes: 8 * MIB,
  // Senders that wait are not woken for single messages; half leaves the link enough to do meanwhile.
  outboxLowMessages: 1_500,
  outboxLowBytes: 4 * MIB,
  // Enough to see what is going on; a flood must not become a flood of events.
  warningsPerSecond: 10,
}
