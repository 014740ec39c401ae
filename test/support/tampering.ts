/**
 * Tampering: a platform on which what a node writes to its peers is changed on its way out. With it the checks are
 * shown a mesh whose production code is, in effect, broken.
 */
import { concatBytes } from '../../src/base/bytes.ts'
import type { Platform } from '../../src/runtime/platform.ts'

export type Edit = (bytes: Uint8Array) => Uint8Array

/** The platform, with everything that is written on dialled connections passed through `edit`. */
export function tampering(platform: Platform, edit: Edit): Platform {
  return {
    clock: platform.clock,
    entropy: platform.entropy,
    interfaces: () => platform.interfaces(),
    openDatagrams: (options, handlers) => platform.openDatagrams(options, handlers),
    listen: (options, handlers) => platform.listen(options, handlers),
    reportUncaught: (error) => platform.reportUncaught(error),
    dial: (options, handlers) => {
      const stream = platform.dial(options, handlers)
      const write = stream.write.bind(stream)
      stream.write = (segments) => write([edit(concatBytes(segments))])
      return stream
    },
  }
}

/** RFC 36: the signature of a message, its id, and version 2. */
const ZRE = { signature: [0xaa, 0xa1], version: 2, whisper: 2, ping: 6, headerBytes: 6 } as const

/** Where whispers start: their ZRE header, which is the first of two frames. */
function whispersIn(bytes: Uint8Array): number[] {
  const found: number[] = []
  for (let i = 0; i + ZRE.headerBytes <= bytes.length; i++) {
    const isZre = bytes[i] === ZRE.signature[0] && bytes[i + 1] === ZRE.signature[1]
    if (isZre && bytes[i + 2] === ZRE.whisper && bytes[i + 3] === ZRE.version) found.push(i)
  }
  return found
}

/** Calls `change` with the place of the `nth` whisper of all, and with no other. */
function atWhisper(nth: number, change: (bytes: Uint8Array, at: number) => Uint8Array): Edit {
  let count = 0
  return (bytes) => {
    for (const at of whispersIn(bytes)) if (++count === nth) return change(bytes, at)
    return bytes
  }
}

/** The `nth` whisper goes out with the sequence number after its own. */
export function skipSequence(nth: number): Edit {
  return atWhisper(nth, (bytes, at) => {
    bytes[at + 5]!++
    return bytes
  })
}

/** Of the `nth` whisper nothing goes out but a PING with its sequence number: no gap for the receiver to see. */
export function swallowWhisper(nth: number): Edit {
  return atWhisper(nth, (bytes, at) => {
    bytes[at - 2] = 0 // RFC 37 §3.2: flags without MORE
    bytes[at + 2] = ZRE.ping
    const contentAt = at + ZRE.headerBytes
    const contentEnd = contentAt + 2 + bytes[contentAt + 1]!
    return concatBytes([bytes.subarray(0, contentAt), bytes.subarray(contentEnd)])
  })
}

/** One bit of the `nth` whisper's content is another. */
export function flipBit(nth: number): Edit {
  return atWhisper(nth, (bytes, at) => {
    bytes[at + ZRE.headerBytes + 2 + 60]! ^= 1
    return bytes
  })
}
