/**
 * Ghosts: what members still hold of nodes that are gone. A view ends the moment its node does, whatever the observer
 * believes; how long the observer goes on believing, and through which states, is kept here, for reports.
 */
import type { Population } from '../population.ts'
import { Column } from './columns.ts'

export class Ghosts {
  readonly #population: Population
  readonly #size: number
  /** Row: who believes; column: in whom. States as in `VIEW`; 0 is no ghost. */
  readonly #matrix: Uint8Array
  // The log, one row per change.
  readonly atMs: Column = new Column()
  readonly observers: Column = new Column()
  readonly subjects: Column = new Column()
  readonly states: Column = new Column()

  constructor(population: Population, size: number) {
    this.#population = population
    this.#size = size
    this.#matrix = new Uint8Array(size * size)
  }

  /** A node is gone: whoever sees it sees a ghost from now on, and it sees none itself. */
  ended(member: number, stateFrom: (observer: number) => number): void {
    for (let other = 0; other < this.#size; other++) {
      this.#set(member, other, 0)
      const state = stateFrom(other)
      if (state !== 0) this.#set(other, member, state)
    }
  }

  /** An observer learns something about a node that is gone. */
  see(observer: number, subject: number | undefined, state: number): void {
    if (subject !== undefined) this.#set(observer, subject, state)
  }

  /** An observer knows of the member's present node: what it held of the one before no longer counts. */
  forget(observer: number, subject: number): void {
    this.#set(observer, subject, 0)
  }

  #set(observer: number, subject: number, state: number): void {
    const at = observer * this.#size + subject
    if (this.#matrix[at] === state) return
    this.#matrix[at] = state
    this.atMs.push(this.#population.now)
    this.observers.push(observer)
    this.subjects.push(subject)
    this.states.push(state)
  }
}
