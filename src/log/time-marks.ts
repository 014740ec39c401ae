/**
 * The mesh's time on its way with the application's messages: before a message goes to an earshot peer, that is told the
 * greatest time of what this node has logged, or was told itself, where it has not been yet. Whatever is logged there
 * after the message is later.
 *
 *     channel `time`: 8 bytes, ticks, as a big-endian double
 */
import type { Channel } from '../runtime/channels.ts'
import type { MeshNode } from '../runtime/node.ts'
import type { MeshClock } from './clock.ts'

const TIME_CHANNEL = 'time'
const BYTES = 8

export class TimeMarks {
  readonly #clock: MeshClock
  readonly #channel: Channel
  #renew: (() => void) | undefined
  #past = 0
  /** Marks that were none. */
  invalid = 0
  /** Times that no clock could show, and that were not taken over. */
  nonsense = 0

  constructor(node: MeshNode, clock: MeshClock) {
    this.#clock = clock
    this.#channel = node.channel(TIME_CHANNEL, (_peer, frames) => this.#handle(frames))
  }

  /** From now on our time is told. */
  start(): void {
    if (this.#renew !== undefined) return
    this.#renew = this.#channel.preface(() => [this.#mark()])
    if (this.#past > 0) this.#renew()
  }

  /** Something was logged at this time, which is later than all before. */
  note(ticks: number): void {
    this.#past = ticks
    this.#renew?.()
  }

  close(): void {
    this.#channel.close()
  }

  #mark(): Uint8Array {
    const frame = new Uint8Array(BYTES)
    new DataView(frame.buffer).setFloat64(0, this.#past)
    return frame
  }

  #handle([frame]: readonly Uint8Array[]): void {
    if (frame?.length !== BYTES) {
      this.invalid++
      return
    }
    const ticks = new DataView(frame.buffer, frame.byteOffset, BYTES).getFloat64(0)
    if (!this.#clock.merge(ticks)) this.nonsense++
    else if (ticks > this.#past) this.note(ticks)
  }
}
