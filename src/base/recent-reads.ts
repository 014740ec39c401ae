/**
 * What was read from bytes lately, for blocks that come again and again: HELLOs, connection metadata. A memory aid
 * and no more: what a reader answers must never depend on an earlier call, so what is kept must not be changed.
 */
import { bytesEqual } from './bytes.ts'

/** Slots; a power of two. A block takes the place of the one that was in its slot. */
const SLOTS = 1_024

interface Recent<Value> {
  /** A copy of our own. */
  readonly bytes: Uint8Array
  readonly value: Value
}

export class RecentReads<Value> {
  readonly #bytesMax: number
  readonly #slots: (Recent<Value> | undefined)[]

  /** Strangers can make us keep 1,024 blocks of `bytesMax` bytes, and what is read from them. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#slots = new Array<Recent<Value> | undefined>(SLOTS).fill(undefined)
  }

  find(bytes: Uint8Array): Value | undefined {
    if (bytes.length > this.#bytesMax) return undefined
    const known = this.#slots[slotOf(bytes)]
    return known !== undefined && bytesEqual(known.bytes, bytes) ? known.value : undefined
  }

  /** Keeps what was read, with a copy of the bytes; blocks beyond the usual size are not kept. */
  keep(bytes: Uint8Array, value: Value): void {
    if (bytes.length > this.#bytesMax) return
    this.#slots[slotOf(bytes)] = { bytes: new Uint8Array(bytes), value }
  }
}

function slotOf(bytes: Uint8Array): number {
  let hash = bytes.length
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (SLOTS - 1)
}
