/**
 * The gate before a process: whatever would call into it passes here. Open, it costs nothing. While the process
 * is frozen, or busy on a slow CPU, calls wait in their order.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { EventTarget, EventToken } from '../kernel/event-queue.ts'
import { TICKS_PER_MS } from '../kernel/time.ts'
import type { World } from '../kernel/world.ts'

const DRAIN = 0

export class Gate implements EventTarget {
  readonly #world: World
  /** Triples: target, kind, argument. */
  #parked: (EventTarget | number)[] = []
  /** Of `#parked`, what has been called. */
  #head = 0
  #frozen = false
  #callMs = 0
  /** In ticks, with fractions. */
  #busyUntil = 0
  #draining = false
  #drainAt: EventToken | undefined
  #isOpen = true

  constructor(world: World) {
    this.#world = world
  }

  /** Calls that wait. */
  get parked(): number {
    return (this.#parked.length - this.#head) / 3
  }

  get isFrozen(): boolean {
    return this.#frozen
  }

  /** True: the call waits, and `target.handleEvent` is called again when its time has come. */
  defers(target: EventTarget, kind: number, argument: number): boolean {
    if (this.#isOpen) return false
    if (this.#draining) {
      this.#draining = false
      this.#work()
      return false
    }
    const isBusy = this.#frozen || this.#busyUntil >= this.#world.tick + 1
    if (!isBusy && this.parked === 0) {
      this.#work()
      return false
    }
    this.#parked.push(target, kind, argument)
    this.#planDrain()
    return true
  }

  freeze(): void {
    this.#frozen = true
    this.#isOpen = false
    if (this.#drainAt !== undefined) this.#world.cancel(this.#drainAt)
    this.#drainAt = undefined
  }

  thaw(): void {
    this.#frozen = false
    this.#planDrain()
    this.#reconsider()
  }

  /** What each call costs the process, in milliseconds; 0 is a fast CPU. @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  setCallCost(ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      const reason = `option callCostMs: ${ms}; expected milliseconds, 0 or more`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
    }
    this.#callMs = ms
    this.#isOpen = false
    this.#reconsider()
  }

  /** Forgets everything that waits: the process is gone. */
  clear(): void {
    this.#parked = []
    this.#head = 0
    if (this.#drainAt !== undefined) this.#world.cancel(this.#drainAt)
    this.#drainAt = undefined
  }

  handleEvent(): void {
    this.#drainAt = undefined
    // Each call may freeze the process, keep it busy, or end it.
    while (this.parked > 0 && !this.#frozen && this.#busyUntil < this.#world.tick + 1) {
      const target = this.#parked[this.#head] as EventTarget
      const kind = this.#parked[this.#head + 1] as number
      const argument = this.#parked[this.#head + 2] as number
      this.#dropFirst()
      this.#draining = true
      target.handleEvent(kind, argument)
      this.#draining = false
    }
    this.#planDrain()
    this.#reconsider()
  }

  #dropFirst(): void {
    this.#head += 3
    if (this.#head < this.#parked.length && this.#head < 3_072) return
    this.#parked = this.#parked.slice(this.#head)
    this.#head = 0
  }

  #work(): void {
    if (this.#callMs === 0) return
    // Fractions of a tick add up: ten calls of a tenth of a tick are one tick.
    this.#busyUntil = Math.max(this.#busyUntil, this.#world.tick) + this.#callMs * TICKS_PER_MS
  }

  #planDrain(): void {
    if (this.#frozen || this.parked === 0 || this.#drainAt !== undefined) return
    const tick = Math.max(this.#world.tick, Math.floor(this.#busyUntil))
    this.#drainAt = this.#world.at(tick, this, DRAIN)
  }

  #reconsider(): void {
    this.#isOpen = !this.#frozen && this.#callMs === 0 && this.parked === 0
  }
}
