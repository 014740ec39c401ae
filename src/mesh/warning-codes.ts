/**
 * The codes of warnings: stable names for everything that goes wrong without being the application's fault.
 * `docs/errors.md` explains them; codecs list theirs beside their checks.
 */
import type { ZmtpInvalidCode } from '../zmtp/codes.ts'
import type { BeaconInvalidCode } from '../zre/beacon.ts'
import type { ZreInvalidCode } from '../zre/message.ts'

export const MESH_WARNING_CODES = [
  // Connections
  'handshake-timeout', // a connection did not complete its handshake in time
  'half-open-limit', // too many unfinished handshakes from one address
  'inbound-limit', // too many connections in all
  'accept-failed', // the host could not take a connection (no descriptors, for instance)
  'identity-malformed', // a dialler's identity is not 1 followed by a UUID
  'identity-own', // somebody dialled us with our own identity
  'identity-conflict', // two connections from different addresses claim one identity
  'dial-failed', // a peer's mailbox cannot be reached, again
  // Conversation
  'message-before-hello', // the first message of a peer must be HELLO
  'hello-endpoint', // HELLO names an endpoint that cannot be used as it is
  'hello-storm', // HELLO again and again
  'sequence-gap', // messages of a peer are missing
  'status-mismatch', // a peer's join and leave count is not what it should be
  'unexpected-frames', // a command of one frame came with more
  'too-many-groups', // a peer joined more groups than the limit
  'election-ignored', // ELECT or LEADER: decoded, not yet acted on
  'messages-lost', // a link broke with messages in it that were accepted but not yet written
  'sequence-wrap', // sequence numbers ran out towards another implementation, and it may have dropped messages for us
  // Discovery
  'peer-limit', // the table of peers is full, in all or for one address
  'seed-unreachable', // nobody answers at a configured place
  'goodbye-unconfirmed', // a goodbye beacon came for a peer that is still there
  'datagram-failed', // a beacon could not be sent
  'interface-changed', // the set of used network interfaces changed
  'mailbox-failed', // the mailbox cannot be opened, or failed
  // Application
  'events-dropped', // an event iterator was read too slowly; its policy dropped events
] as const

export type MeshWarningCode = (typeof MESH_WARNING_CODES)[number]

/** Every code the engine can report. Layers above add their own (see `runtime/node.ts`). */
export type WarningCode = MeshWarningCode | ZmtpInvalidCode | ZreInvalidCode | BeaconInvalidCode
