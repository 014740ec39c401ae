/**
 * What is on its way to one end of a connection, in order. A ring: an end holds the last unit, whose `next` is the
 * first. So what is under way costs one object per unit, and an idle end nothing.
 */

export type UnitKind = 'bytes' | 'fin' | 'rst'

export class Unit {
  readonly kind: UnitKind
  readonly bytes: Uint8Array
  /** When it arrives, if it is not lost. */
  readonly dueTick: number
  /** What random draws know it by. */
  readonly packet: number
  next: Unit

  constructor(kind: UnitKind, bytes: Uint8Array, dueTick: number, packet: number) {
    this.kind = kind
    this.bytes = bytes
    this.dueTick = dueTick
    this.packet = packet
    this.next = this
  }
}

/** Puts a unit at the end of a ring. It is the last one now: what the end has to hold. */
export function append(last: Unit | undefined, unit: Unit): Unit {
  if (last !== undefined) {
    unit.next = last.next
    last.next = unit
  }
  return unit
}

/** The ring without its first unit; `undefined` when that was all. */
export function withoutFirst(last: Unit): Unit | undefined {
  const first = last.next
  if (first === last) return undefined
  last.next = first.next
  return last
}
