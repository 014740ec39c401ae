/** Writing gossip messages. */
import { assert } from '../../base/assert.ts'
import { ByteWriter, utf8Encode } from '../../base/bytes.ts'
import {
  GOSSIP_COMMAND,
  GOSSIP_HEADER_BYTES,
  GOSSIP_SIGNATURE_0,
  GOSSIP_SIGNATURE_1,
  GOSSIP_VERSION,
  type GossipMessage,
  KEY_BYTES_MAX,
} from './message.ts'

/** The one frame of a message. A key is 1 to KEY_BYTES_MAX bytes long. */
export function encodeGossip(message: GossipMessage): Uint8Array {
  if (message.kind !== 'publish') return header(message.kind, 0).bytes
  const key = utf8Encode(message.key)
  const value = utf8Encode(message.value)
  assert(key.length >= 1 && key.length <= KEY_BYTES_MAX, 'a key fits its length')
  const writer = header('publish', 1 + key.length + 4 + value.length + 4)
  writer.u8(key.length)
  writer.raw(key)
  writer.u32(value.length)
  writer.raw(value)
  writer.u32(message.ttl)
  return writer.bytes
}

function header(kind: GossipMessage['kind'], bodyBytes: number): ByteWriter {
  const writer = new ByteWriter(new Uint8Array(GOSSIP_HEADER_BYTES + bodyBytes))
  writer.u8(GOSSIP_SIGNATURE_0)
  writer.u8(GOSSIP_SIGNATURE_1)
  writer.u8(GOSSIP_COMMAND[kind])
  writer.u8(GOSSIP_VERSION)
  return writer
}
