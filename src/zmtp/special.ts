/**
 * What an idle link in the clear has nothing of: a connection has one of these only while there is anything out
 * of the ordinary about it.
 */
import type { ZmtpInvalid } from './codes.ts'
import type { Handshake } from './handshake.ts'
import type { FrameProtection } from './mechanism.ts'
import type { MessageAssembler } from './message-assembler.ts'
import type { SocketPattern } from './socket-pattern.ts'
import { CHUNK_BYTES_MIN } from './write-buffer.ts'

export class Special {
  /** Until the handshake is complete. */
  handshake: Handshake | undefined
  /** From the handshake on, where the mechanism has one. */
  protection: FrameProtection | undefined
  /** What is neither a mailbox nor who dials one. */
  pattern: SocketPattern | undefined
  /** While a message is here in part. */
  assembler: MessageAssembler | undefined
  invalid: ZmtpInvalid | undefined
  /** Context of the newest PING that has no PONG yet. */
  owedPong: Uint8Array | undefined
  ignoredCommands = 0
  /** Where the turn before wrote much: bytes of the first chunk of the next. */
  nextChunkBytes: number = CHUNK_BYTES_MIN

  get isEmpty(): boolean {
    return (
      this.nextChunkBytes === CHUNK_BYTES_MIN &&
      this.assembler === undefined &&
      this.handshake === undefined &&
      this.protection === undefined &&
      this.pattern === undefined &&
      this.invalid === undefined &&
      this.owedPong === undefined &&
      this.ignoredCommands === 0
    )
  }
}
