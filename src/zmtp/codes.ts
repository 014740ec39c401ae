/** Why a ZMTP connection was given up: every code a `ZmtpConnection` can answer `invalid` with. */
import type { Invalid } from '../base/errors.ts'

export const ZMTP_INVALID_CODES = [
  // Greeting
  'zmtp-unversioned', // the first byte is not FF: ZMTP 1.0 without a version, or no ZMTP at all
  'zmtp-signature', // FF, but the tenth byte is not 7F: a long ZMTP 1.0 frame, or garbage
  'zmtp-version', // a signature, but a major version below 3: ZMTP 1.0 or 2.0
  'zmtp-mechanism', // another security mechanism than ours
  // Handshake
  'zmtp-handshake-size', // more bytes than an unauthenticated peer may send
  'zmtp-handshake', // a message or command out of its turn; a second READY
  'zmtp-metadata', // the properties of READY cannot be parsed
  'zmtp-socket-type', // the peer is not the counterpart of our socket type
  'zmtp-peer-error', // the peer sent ERROR
  // Traffic
  'zmtp-frame-flags', // reserved bits are set, or MORE on a command
  'zmtp-command', // a command without a name, or with a name longer than its frame
  'zmtp-command-size', // a command over COMMAND_BYTES_MAX
  'zmtp-heartbeat', // a PING or PONG that is too short or whose context is too long
  'zmtp-message-size', // a message over `messageBytes`
  'zmtp-message-frames', // a message of more than `messageFrames` frames
  'zmtp-subscriptions', // a subscriber wants more topics, or longer ones, than a PUB keeps
] as const

export type ZmtpInvalidCode = (typeof ZMTP_INVALID_CODES)[number]

export type ZmtpInvalid = Invalid<ZmtpInvalidCode>
