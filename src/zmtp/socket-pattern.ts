/**
 * Messaging patterns: which socket types a connection may join, and what a type adds to it after the handshake.
 * A mailbox and who dials it add nothing. `pub-connection.ts` and `sub-connection.ts` have the one pattern that does.
 */
import type { ZmtpInvalid } from './codes.ts'
import type { Command } from './command.ts'
import type { ConnectionRole } from './mechanism.ts'
import type { ExtraProperty } from './metadata.ts'

export interface SocketTypes {
  /** Ours, as announced in READY. */
  readonly type: string
  /** Those it talks with, the usual one first. RFC 37 "The Socket-Type Property" lists them. */
  readonly counterparts: readonly string[]
  /** What READY says beside. Others skip what they do not know. */
  readonly properties?: readonly ExtraProperty[]
}

export interface SocketPattern extends SocketTypes {
  /** Handles a command of the peer's that means nothing to the connection itself. */
  handleCommand(command: Command): 'understood' | 'unknown' | ZmtpInvalid
}

/**
 * Who dials is a DEALER, who listens is a ROUTER (RFC 36 "Interconnection Model"), and each takes only the
 * other. RFC 37 would allow more.
 */
const DEALER: SocketTypes = { type: 'DEALER', counterparts: ['ROUTER'] }
const ROUTER: SocketTypes = { type: 'ROUTER', counterparts: ['DEALER'] }

export function mailboxTypes(role: ConnectionRole): SocketTypes {
  return role === 'dialler' ? DEALER : ROUTER
}
