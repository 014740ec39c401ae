/**
 * Items by their id as it stands in a datagram: found without making a text of it first. Every beacon of every
 * node comes here, a million a second where a thousand nodes share a process.
 *
 * A hash table with linear probing, at most half full: an item is at the slot that its id hashes to, or in the
 * unbroken row of items from there on.
 */
import type { PeerId } from './peer-id.ts'
import { isTextOfId, PEER_ID_BYTES } from './peer-id.ts'

const SLOTS_MIN = 16

export class IdTable<Item extends { readonly id: PeerId }> {
  /** As many as a power of two. */
  #slots: (Item | undefined)[] = new Array<Item | undefined>(SLOTS_MIN).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The item whose id are the 16 bytes at `offset`. The caller has checked that they are there. */
  find(bytes: Uint8Array, offset: number): Item | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hashOf(bytes, offset) & mask; ; slot = (slot + 1) & mask) {
      const item = slots[slot]
      if (item === undefined || isTextOfId(item.id, bytes, offset)) return item
    }
  }

  /** Adds an item whose id is not in the table. */
  add(item: Item): void {
    this.#size++
    if (2 * this.#size > this.#slots.length) this.#grow()
    this.#put(item)
  }

  delete(item: Item): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = homeOf(item, mask)
    while (slots[hole] !== item) {
      if (slots[hole] === undefined) return
      hole = (hole + 1) & mask
    }
    this.#size--
    // Whoever is behind the hole and may stand in it moves up: a row has no holes.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const next = slots[slot]
      if (next === undefined) break
      const displacement = (slot - homeOf(next, mask)) & mask
      if (displacement < ((slot - hole) & mask)) continue
      slots[hole] = next
      hole = slot
    }
    slots[hole] = undefined
  }

  #put(item: Item): void {
    const mask = this.#slots.length - 1
    let slot = homeOf(item, mask)
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask
    this.#slots[slot] = item
  }

  #grow(): void {
    const items = this.#slots
    this.#slots = new Array<Item | undefined>(2 * items.length).fill(undefined)
    for (const item of items) if (item !== undefined) this.#put(item)
  }
}

function homeOf({ id }: { readonly id: PeerId }, mask: number): number {
  let hash = 0
  for (let i = 0; i < id.length; i += 2) {
    hash = mix(hash, (valueOfDigit(id.charCodeAt(i)) << 4) | valueOfDigit(id.charCodeAt(i + 1)))
  }
  return finish(hash) & mask
}

/** All bytes count: ids are random, unless somebody chose them. */
function hashOf(bytes: Uint8Array, offset: number): number {
  let hash = 0
  for (let i = offset; i < offset + PEER_ID_BYTES; i++) hash = mix(hash, bytes[i]!)
  return finish(hash)
}

function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193)
}

function finish(hash: number): number {
  return hash ^ (hash >>> 15)
}

/** Of the code of an upper-case hexadecimal digit. */
function valueOfDigit(code: number): number {
  return code < 0x40 ? code - 0x30 : code - 0x37
}
