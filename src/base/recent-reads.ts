/**
 * What was read from bytes lately, for blocks that come again and again: HELLOs, connection metadata. A memory aid
 * and no more: what a reader answers must never depend on an earlier call, so what is kept must not be changed.
 */
import { bytesEqual } from './bytes.ts'

/** Slots; a power of two. A block is kept in its slot or in that slot's neighbour: so a thousand mostly find room. */
const SLOTS = 4_096

interface Recent<Value> {
  /** A copy of our own. */
  readonly bytes: Uint8Array
  readonly value: Value
}

export class RecentReads<Value> {
  readonly #bytesMax: number
  readonly #slots: (Recent<Value> | undefined)[]

  /** Strangers can make us keep 4,096 blocks of `bytesMax` bytes, and what is read from them. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#slots = new Array<Recent<Value> | undefined>(SLOTS).fill(undefined)
  }

  find(bytes: Uint8Array): Value | undefined {
    if (bytes.length > this.#bytesMax) return undefined
    const slot = slotOf(bytes)
    return this.#findAt(slot, bytes) ?? this.#findAt(slot ^ 1, bytes)
  }

  #findAt(slot: number, bytes: Uint8Array): Value | undefined {
    const known = this.#slots[slot]
    return known !== undefined && bytesEqual(known.bytes, bytes) ? known.value : undefined
  }

  /** Keeps what was read, with a copy of the bytes; blocks beyond the usual size are not kept. */
  keep(bytes: Uint8Array, value: Value): void {
    if (bytes.length > this.#bytesMax) return
    const slot = slotOf(bytes)
    const isTaken = this.#slots[slot] !== undefined && this.#slots[slot ^ 1] === undefined
    this.#slots[isTaken ? slot ^ 1 : slot] = { bytes: new Uint8Array(bytes), value }
  }
}

function slotOf(bytes: Uint8Array): number {
  let hash = bytes.length
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) & (SLOTS - 1)
}
