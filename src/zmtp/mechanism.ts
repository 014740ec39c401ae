/**
 * Security mechanisms: what a mechanism must offer so that a connection can shake hands with it.
 *
 * A mechanism knows commands, keys and the encoding of metadata blocks inside them. It does not know
 * frames, buffers, socket types or what an identity means. One object serves one connection, in this
 * order: `begin` with the greeting, `handleCommand` for every command of the peer's until it
 * gives the peer's metadata, on the acceptor `accept`, and `protection` from then on.
 *
 *               dialler                           acceptor
 *     NULL      READY →                           → metadata … accept: ← READY
 *               ← READY → metadata
 *     CURVE     HELLO →                           ← WELCOME
 *               INITIATE →                        → metadata … accept: ← READY
 *               ← READY → metadata
 */

import type { ZmtpInvalid } from './codes.ts'
import type { Command } from './command.ts'

export type ConnectionRole = 'dialler' | 'acceptor'

export type HandshakeStep =
  /** The handshake goes on: send `reply` (the body of a command), if there is one. */
  | { readonly kind: 'continue'; readonly reply: Uint8Array | undefined }
  /** The peer's metadata block is here, as far as the mechanism can tell from the peer it claims to be. */
  | { readonly kind: 'metadata'; readonly metadata: Uint8Array }
  | ZmtpInvalid

export interface Mechanism {
  /** As in the greeting: up to 20 characters of `A-Z 0-9 - _ . +`. */
  readonly name: string
  /** Starts the handshake; `metadata` is our own block. Gives back the command to send first, if any. */
  begin(role: ConnectionRole, metadata: Uint8Array): Uint8Array | undefined
  /** Handles a command of the peer's. ERROR never gets here: it means the same in every mechanism. */
  handleCommand(command: Command): HandshakeStep
  /** Acceptor, after its `metadata` step: the command that completes the handshake. */
  accept(): Uint8Array
  /** How frames are sealed after the handshake. Undefined for NULL, whose frames go straight through. */
  readonly protection: FrameProtection | undefined
}

/**
 * Seals and opens single frames, in place, in the order they are on the wire. A sealed frame is a
 * plain short or long message frame on the outside. Whether MORE follow is told only inside (RFC 26
 * "The MESSAGE Command"), and so is, by libzmq's lead, whether it is a command.
 */
export interface FrameProtection {
  /** Bytes that a sealed frame has in front of its payload. */
  readonly overheadBytes: number
  /** Seals `bytes[start, end)`: the payload stands behind the first `overheadBytes`. `flags` are FLAG_MORE
   *  and FLAG_COMMAND. */
  seal(bytes: Uint8Array, start: number, end: number, flags: number): void
  /** Opens the body of a received frame at `bytes[start, end)`, which may be overwritten. */
  open(bytes: Uint8Array, start: number, end: number): OpenedFrame | ZmtpInvalid
}

export interface OpenedFrame {
  readonly kind: 'opened'
  /** FLAG_MORE and FLAG_COMMAND. */
  readonly flags: number
  /** Where the payload lies in the bytes that were opened. */
  readonly start: number
  readonly end: number
}
