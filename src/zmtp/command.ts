/**
 * Commands: what ZMTP says to itself, in frames of their own beside the messages.
 *
 * RFC 37 "Formal Grammar": `command-body = command-name command-data`, the name with its length in one
 * octet before it. (The prose of RFC 37 "Commands" speaks of a null octet separator; the grammar and
 * every implementation use the length.)
 */
import { EMPTY_BYTES, utf8Encode } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import type { ZmtpInvalid } from './codes.ts'
import { FLAG_COMMAND, reserveFrame } from './frame.ts'
import type { WriteBuffer } from './write-buffer.ts'

/**
 * Bytes of a received command's body. The commands we know need at most 23, CURVE under 400; others
 * (a subscription, say) are read to be ignored, and nobody needs this much memory for that.
 */
export const COMMAND_BYTES_MAX: number = 4 * 1024

/** RFC 37 "Connection Heartbeating": `ping-context = 0*16OCTET`. */
const PING_CONTEXT_BYTES_MAX = 16
const PING_TTL_BYTES = 2
const PING_TTL_MAX = 0xffff

/** Characters of an ERROR's reason that are passed on. */
const ERROR_REASON_CHARS_MAX = 80

export interface Command {
  readonly kind: 'command'
  readonly name: string
  /** What follows the name; a view of the frame's body. */
  readonly data: Uint8Array
}

/** Reads the body of a command frame. Keeps `body`. */
export function parseCommand(body: Uint8Array): Command | ZmtpInvalid {
  const nameBytes = body[0] ?? 0
  // RFC 37 "Formal Grammar": `command-name = short-size 1*255command-name-char`.
  if (nameBytes === 0) return invalid('zmtp-command', 'a command without a name')
  if (1 + nameBytes > body.length) {
    return invalid('zmtp-command', `a command's name of ${nameBytes} bytes in ${body.length}`)
  }
  return { kind: 'command', name: nameOf(body, nameBytes), data: body.subarray(1 + nameBytes) }
}

/** Names that come in numbers. */
const USUAL_NAMES: readonly string[] = ['READY', 'PING', 'PONG']

function nameOf(body: Uint8Array, length: number): string {
  for (const name of USUAL_NAMES) {
    let i = 0
    while (i < length && body[1 + i] === name.charCodeAt(i)) i++
    if (i === length && i === name.length) return name
  }
  return String.fromCharCode(...body.subarray(1, 1 + length))
}

/** A command's body: its name, which is ASCII, and its data. */
export function encodeCommand(name: string, data: Uint8Array = EMPTY_BYTES): Uint8Array {
  const body = new Uint8Array(1 + name.length + data.length)
  body[0] = name.length
  for (let i = 0; i < name.length; i++) body[1 + i] = name.charCodeAt(i)
  body.set(data, 1 + name.length)
  return body
}

/** Writes a command frame in the clear, as all of the handshake is. */
export function writeCommand(output: WriteBuffer, body: Uint8Array): void {
  reserveFrame(output, FLAG_COMMAND, body.length).raw(body)
}

/** RFC 37 "The NULL Security Mechanism": `error-reason = short-size 0*255VCHAR`. */
export function encodeError(reason: string): Uint8Array {
  return encodeCommand('ERROR', utf8Encode(String.fromCharCode(reason.length) + reason))
}

/**
 * RFC 37 "Error Handling": "The peer SHALL treat an incoming ERROR command as fatal". The reason is
 * for people, so only printable ASCII of a bounded length gets through.
 */
export function peerError(data: Uint8Array): ZmtpInvalid {
  const reason = data.subarray(1, 1 + Math.min(data[0] ?? 0, ERROR_REASON_CHARS_MAX))
  let text = ''
  for (const byte of reason) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?'
  return invalid('zmtp-peer-error', `the peer reports an error: "${text}"`)
}

/** The context of a PING, or why it is none. RFC 37 "Connection Heartbeating". */
export function parsePing(data: Uint8Array): Uint8Array | ZmtpInvalid {
  if (data.length < PING_TTL_BYTES) return invalid('zmtp-heartbeat', 'a PING without its TTL')
  return checkContext('PING', data.subarray(PING_TTL_BYTES))
}

/** The context of a PONG, or why it is none. */
export function parsePong(data: Uint8Array): Uint8Array | ZmtpInvalid {
  return checkContext('PONG', data)
}

/** The data of a PING: `ping-ttl ping-context`. */
export function encodePingData(ttlTenths: number, context: Uint8Array): Uint8Array {
  const data = new Uint8Array(PING_TTL_BYTES + context.length)
  data[0] = ttlTenths >>> 8
  data[1] = ttlTenths
  data.set(context, PING_TTL_BYTES)
  return data
}

/** Whether a TTL and a context fit a PING. */
export function isPing(ttlTenths: number, context: Uint8Array): boolean {
  return (
    Number.isInteger(ttlTenths) &&
    ttlTenths >= 0 &&
    ttlTenths <= PING_TTL_MAX &&
    context.length <= PING_CONTEXT_BYTES_MAX
  )
}

/** RFC 37: the context "may be empty and MUST not exceed 16 octets". */
function checkContext(name: string, context: Uint8Array): Uint8Array | ZmtpInvalid {
  if (context.length <= PING_CONTEXT_BYTES_MAX) return context
  return invalid('zmtp-heartbeat', `a ${name} with a context of ${context.length} bytes`)
}
