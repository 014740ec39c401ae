/**
 * What applications say beside the tracked messages of the workload: noted at the door of each node by its sum, and
 * asked for when something that nobody tracks arrives.
 */
import type { MeshNode } from '../../src/runtime/node.ts'
import type { MessageInput } from '../../src/runtime/outgoing.ts'
import { isTracked } from '../scenario/ledger.ts'

export class Untracked {
  /** Grows with a scenario's own messages; those that are ready have none. */
  readonly #sums = new Set<number>()

  /** Listens at the door of a node that has just started. */
  watch(node: MeshNode): void {
    const { whisper, tryWhisper, shout, tryShout } = node
    node.whisper = (peer, message, options) => {
      this.#note(message)
      return whisper.call(node, peer, message, options)
    }
    node.tryWhisper = (peer, message) => {
      this.#note(message)
      return tryWhisper.call(node, peer, message)
    }
    node.shout = (group, message, options) => {
      this.#note(message)
      return shout.call(node, group, message, options)
    }
    node.tryShout = (group, message) => {
      this.#note(message)
      return tryShout.call(node, group, message)
    }
  }

  /** Whether somebody said this. */
  has(bytes: Uint8Array): boolean {
    return this.#sums.has(sumOf([bytes]))
  }

  #note(message: MessageInput): void {
    if (message instanceof Uint8Array && isTracked(message)) return
    if (typeof message === 'string') this.#sums.add(sumOf([new TextEncoder().encode(message)]))
    else this.#sums.add(sumOf(message instanceof Uint8Array ? [message] : message))
  }
}

/** FNV-1a, of all frames as one. */
function sumOf(frames: readonly Uint8Array[]): number {
  let sum = 0x811c9dc5
  for (const frame of frames) {
    for (const byte of frame) sum = Math.imul(sum ^ byte, 0x01000193)
  }
  return sum >>> 0
}
