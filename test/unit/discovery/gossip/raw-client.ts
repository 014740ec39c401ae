/** A client that says what a test has it say. */
import { EMPTY_BYTES } from '../../../../src/base/bytes.ts'
import { decodeGossip } from '../../../../src/discovery/gossip/decode.ts'
import { encodeGossip } from '../../../../src/discovery/gossip/encode.ts'
import type { GossipMessage } from '../../../../src/discovery/gossip/message.ts'
import type { ByteStream, SocketAddress } from '../../../../src/runtime/platform.ts'
import { ZmtpConnection } from '../../../../src/zmtp/connection.ts'
import { NullMechanism } from '../../../../src/zmtp/null-mechanism.ts'
import type { MemoryHost } from '../../../support/memory-platform.ts'

export class RawClient {
  readonly received: GossipMessage[] = []
  isOver = false
  readonly #zmtp: ZmtpConnection
  readonly #stream: ByteStream

  /** With `isAged`, it passes for an earshot node. */
  constructor(machine: MemoryHost, to: SocketAddress, isAged: boolean) {
    this.#zmtp = new ZmtpConnection({
      role: 'dialler',
      mechanism: new NullMechanism(),
      identity: EMPTY_BYTES,
      limits: { handshakeBytes: 4_096, messageBytes: 100_000, messageFrames: 1 },
      pattern: {
        type: 'DEALER',
        counterparts: ['ROUTER'],
        properties: isAged ? [['X-EARSHOT-GOSSIP', 'F'.repeat(32)]] : [],
        handleCommand: () => 'unknown',
      },
    })
    this.#stream = machine.dial(
      { to },
      {
        bytes: (chunk) => this.#read(chunk),
        drained: () => {},
        ended: () => {
          this.isOver = true
        },
      },
    )
    this.#flush()
  }

  get isReady(): boolean {
    return this.#zmtp.state === 'ready'
  }

  send(message: GossipMessage): void {
    this.sendFrame(encodeGossip(message))
  }

  sendFrame(frame: Uint8Array): void {
    this.sendFrames([frame])
  }

  sendFrames(frames: readonly Uint8Array[]): void {
    for (const [i, frame] of frames.entries()) this.#zmtp.writeFrame(frame, i + 1 < frames.length)
    this.#flush()
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#stream.pause()
  }

  #read(chunk: Uint8Array): void {
    this.#zmtp.handleBytes(chunk)
    for (;;) {
      const input = this.#zmtp.poll()
      if (input.kind === 'needMore' || input.kind === 'invalid') break
      if (input.kind !== 'message') continue
      const message = decodeGossip(input.bytes, input.frameStart(0), input.frameEnd(0))
      if (message.kind !== 'invalid') this.received.push(message)
    }
    this.#flush()
  }

  #flush(): void {
    this.#stream.write(this.#zmtp.takeSegments())
  }
}
