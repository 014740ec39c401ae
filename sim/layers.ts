/**
 * Layers: faults of one kind that are done to one thing at the same time. The one that began last is in effect; when
 * it ends, the one before it is again; when all have ended, what was there before them.
 *
 *     none ─▶ A ─▶ A B ─(A ends)─▶ B ─(B ends)─▶ none
 */
import type { Undo } from './network/network.ts'

interface Stack {
  /** Puts each that goes on in effect again. */
  readonly layers: (() => void)[]
  readonly restore: () => void
}

export class Layers {
  readonly #stacks = new WeakMap<object, Map<string, Stack>>()

  /**
   * Notes one that has just begun. `apply` puts it in effect again, `restore` undoes the first of a stack. Gives back
   * how it ends, to be called once.
   */
  add(target: object, kind: string, apply: () => void, restore: () => void): Undo {
    let stacks = this.#stacks.get(target)
    if (stacks === undefined) {
      stacks = new Map()
      this.#stacks.set(target, stacks)
    }
    let stack = stacks.get(kind)
    if (stack === undefined) {
      stack = { layers: [], restore }
      stacks.set(kind, stack)
    }
    const { layers } = stack
    const layer = (): void => apply()
    layers.push(layer)
    return () => {
      const wasTop = layers.at(-1) === layer
      layers.splice(layers.indexOf(layer), 1)
      if (layers.length === 0) {
        stacks.delete(kind)
        stack.restore()
      } else if (wasTop) layers.at(-1)!()
    }
  }
}
