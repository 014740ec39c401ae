/**
 * ZRE messages: what two nodes say to each other, as RFC 36 has it, and the three commands that C Zyre
 * added (ELECT, LEADER, GOODBYE). Start reading here; then `decode.ts` and `encode.ts`.
 *
 * A message is the *first* frame of a ZMTP message. Only WHISPER and SHOUT have more frames, their
 * content, and those never come by here: the codec neither reads nor copies what applications send.
 *
 * This is a codec, so it judges bytes, not conduct: whether a sequence number, a status or a HELLO is in
 * its place is known to whoever remembers what came before (`checkSequence` helps with the first).
 */

/** RFC 36 "Versioning": "A version number octet %x02 shall follow the signature." */
export const ZRE_VERSION = 2

/** RFC 36 "Protocol Signature": "Every ZRE message … SHALL start with … %xAA %xA1." */
export const ZRE_SIGNATURE_0 = 0xaa
export const ZRE_SIGNATURE_1 = 0xa1

/** Signature, command, version, sequence: the start of every message, and all of most. */
export const ZRE_HEADER_BYTES = 6

/** Bytes a `string` can have: its length is one byte (RFC 36 grammar, `string = number-1 *VCHAR`). */
export const STRING_BYTES_MAX = 255

/** The first message on a link: who I am, where to call me, which groups I am in. */
export interface Hello {
  readonly kind: 'hello'
  /** 1, says RFC 36; the decoder reports what is there. */
  readonly sequence: number
  /** As sent, up to 255 bytes; see `parseEndpoint`. */
  readonly endpoint: string
  /** Each name once, in the order of the wire. */
  readonly groups: readonly string[]
  /** Joins and leaves so far, modulo 256. */
  readonly status: number
  /** For people; up to 255 bytes, not unique. */
  readonly name: string
  /** Names (up to 255 bytes) and values. Sent twice, a header has its last value. */
  readonly headers: ReadonlyMap<string, string>
}

/** To one peer; the content is in the frames that follow. */
export interface Whisper {
  readonly kind: 'whisper'
  readonly sequence: number
}

/** To a group; the content is in the frames that follow. */
export interface Shout {
  readonly kind: 'shout'
  readonly sequence: number
  readonly group: string
}

export interface Join {
  readonly kind: 'join'
  readonly sequence: number
  readonly group: string
  /** The sender's status *after* joining. */
  readonly status: number
}

export interface Leave {
  readonly kind: 'leave'
  readonly sequence: number
  readonly group: string
  /** The sender's status *after* leaving. */
  readonly status: number
}

/** "Are you still there?" */
export interface Ping {
  readonly kind: 'ping'
  readonly sequence: number
}

/** "Yes." */
export interface PingOk {
  readonly kind: 'ping-ok'
  readonly sequence: number
}

/** C Zyre's draft elections: "this node stands for leader of the group". */
export interface Elect {
  readonly kind: 'elect'
  readonly sequence: number
  readonly group: string
  /** Up to 255 bytes; a node's id in upper-case hexadecimal, if the sender is right. */
  readonly challengerId: string
}

/** C Zyre's draft elections: "this node leads the group". */
export interface Leader {
  readonly kind: 'leader'
  readonly sequence: number
  readonly group: string
  /** Up to 255 bytes; a node's id in upper-case hexadecimal, if the sender is right. */
  readonly leaderId: string
}

/** C Zyre's farewell, for meshes without beacons. */
export interface Goodbye {
  readonly kind: 'goodbye'
  readonly sequence: number
}

export type ZreMessage =
  | Hello
  | Whisper
  | Shout
  | Join
  | Leave
  | Ping
  | PingOk
  | Elect
  | Leader
  | Goodbye

/**
 * The third byte of a message. 1–7 are RFC 36's, 8–10 C Zyre's. Never add one: other nodes drop an
 * unknown command without counting its sequence number, and then remove us for the gap.
 */
export const COMMAND: {
  readonly hello: 1
  readonly whisper: 2
  readonly shout: 3
  readonly join: 4
  readonly leave: 5
  readonly ping: 6
  readonly pingOk: 7
  readonly elect: 8
  readonly leader: 9
  readonly goodbye: 10
} = {
  hello: 1,
  whisper: 2,
  shout: 3,
  join: 4,
  leave: 5,
  ping: 6,
  pingOk: 7,
  elect: 8,
  leader: 9,
  goodbye: 10,
}

/** Why a frame is not a ZRE message. */
export const ZRE_INVALID_CODES = [
  'zre-signature', // does not start with AA A1: another protocol's traffic
  'zre-version', // another version of ZRE
  'zre-command', // a command that does not exist
  'zre-truncated', // ends before its last field does
  'zre-trailing-bytes', // goes on after its last field
  'zre-hello-limit', // a HELLO with more bytes, groups or headers than allowed
  'zre-group-name', // a group name that is empty or longer than 255 bytes
  'zre-text', // a string that is not well-formed UTF-8
] as const

export type ZreInvalidCode = (typeof ZRE_INVALID_CODES)[number]
