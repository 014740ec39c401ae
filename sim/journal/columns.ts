/** Growing columns of numbers: a log of millions of rows without an object for each. */

const ROWS_MIN = 1_024

export class Column {
  #values: Float64Array = new Float64Array(ROWS_MIN)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
  }

  at(index: number): number {
    return this.#values[index]!
  }

  /** What is there so far; valid until the next `push`. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length)
  }
}
