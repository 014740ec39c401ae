/**
 * Reading gossip messages. A ZMTP frame is complete, so the answer is a message or `invalid`: nothing here needs more
 * bytes. It never throws, and never keeps the bytes: all strings are copies.
 */
import { ByteReader, utf8DecodeStrict } from '../../base/bytes.ts'
import { type Invalid, invalid } from '../../base/errors.ts'
import {
  GOSSIP_COMMAND,
  GOSSIP_HEADER_BYTES,
  GOSSIP_SIGNATURE_0,
  GOSSIP_SIGNATURE_1,
  GOSSIP_VERSION,
  type GossipInvalidCode,
  type GossipMessage,
  type GossipSignal,
  VALUE_BYTES_MAX,
} from './message.ts'

export type GossipInvalid = Invalid<GossipInvalidCode>

/** Reads the message whose one frame is `bytes[start, end)`. */
export function decodeGossip(
  bytes: Uint8Array,
  start: number,
  end: number,
): GossipMessage | GossipInvalid {
  const length = end - start
  if (
    length < 2 ||
    bytes[start] !== GOSSIP_SIGNATURE_0 ||
    bytes[start + 1] !== GOSSIP_SIGNATURE_1
  ) {
    return invalid('gossip-signature', `a frame of ${length} bytes does not start with AA A0`)
  }
  if (length < GOSSIP_HEADER_BYTES) return truncated('header', length)
  // Before the command: another version may have others.
  const version = bytes[start + 3]
  if (version !== GOSSIP_VERSION) {
    return invalid('gossip-version', `version ${version}, not ${GOSSIP_VERSION}`)
  }
  const rest = length - GOSSIP_HEADER_BYTES
  switch (bytes[start + 2]) {
    case GOSSIP_COMMAND.hello:
      return signal('hello', rest)
    case GOSSIP_COMMAND.publish:
      return decodePublish(new ByteReader(bytes, start + GOSSIP_HEADER_BYTES, end))
    case GOSSIP_COMMAND.ping:
      return signal('ping', rest)
    case GOSSIP_COMMAND.pong:
      return signal('pong', rest)
    case GOSSIP_COMMAND.rejected:
      return signal('rejected', rest)
    default:
      return invalid('gossip-command', `command ${bytes[start + 2]}`)
  }
}

/** Whether the message as such was well-formed, and only what it says is not for us: what follows can be read. */
export function isSkippable({ code }: GossipInvalid): boolean {
  return code === 'gossip-limit' || code === 'gossip-text'
}

function signal(kind: GossipSignal['kind'], rest: number): GossipSignal | GossipInvalid {
  return rest === 0 ? { kind } : trailing(kind, rest)
}

function decodePublish(reader: ByteReader): GossipMessage | GossipInvalid {
  const length = reader.remaining
  const keyView = reader.raw(reader.u8())
  const valueView = reader.raw(reader.u32())
  const ttl = reader.u32()
  if (reader.overrun) return truncated('PUBLISH', length)
  if (reader.remaining > 0) return trailing('publish', reader.remaining)
  if (keyView.length === 0) return invalid('gossip-limit', 'an empty key')
  if (valueView.length > VALUE_BYTES_MAX) {
    return invalid('gossip-limit', `a value of ${valueView.length} bytes, limit ${VALUE_BYTES_MAX}`)
  }
  const key = printable(keyView)
  const value = printable(valueView)
  if (key === undefined || value === undefined) {
    return invalid('gossip-text', `${key === undefined ? 'a key' : 'a value'} that is no text`)
  }
  return { kind: 'publish', key, value, ttl }
}

/**
 * The grammar has `*VCHAR`. Control characters are refused above all for the sake of those whom we would tell: CZMQ's
 * strings end at a zero byte.
 */
function printable(view: Uint8Array): string | undefined {
  const hasControl = view.some((byte) => byte < 0x20 || byte === 0x7f)
  return hasControl ? undefined : utf8DecodeStrict(view)
}

function truncated(what: string, length: number): GossipInvalid {
  return invalid('gossip-truncated', `${what} ends too early, after ${length} bytes`)
}

function trailing(kind: GossipMessage['kind'], length: number): GossipInvalid {
  return invalid('gossip-trailing-bytes', `${kind} is followed by ${length} bytes in its frame`)
}
