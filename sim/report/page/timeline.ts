/**
 * What all time axes of the page share: the range that is shown, the moment under the pointer, and the moment that the
 * matrix shows. All in virtual milliseconds.
 */

const RANGE_MS_MIN = 20

export type ZoomStep = 'left' | 'right' | 'in' | 'out' | 'all'

export class Timeline {
  readonly endMs: number
  fromMs = 0
  toMs: number
  hoverMs: number | undefined
  atMs: number
  readonly #onRange: (() => void)[] = []
  readonly #onMoment: (() => void)[] = []

  constructor(endMs: number) {
    this.endMs = Math.max(endMs, RANGE_MS_MIN)
    this.toMs = this.endMs
    this.atMs = this.endMs
  }

  onRange(listener: () => void): void {
    this.#onRange.push(listener)
  }

  /** Of the pointer, or of the matrix. */
  onMoment(listener: () => void): void {
    this.#onMoment.push(listener)
  }

  /** The moment whose values are told: the pointer's, else the matrix's. */
  get toldMs(): number {
    return this.hoverMs ?? this.atMs
  }

  show(fromMs: number, toMs: number): void {
    const length = Math.min(this.endMs, Math.max(RANGE_MS_MIN, toMs - fromMs))
    this.fromMs = Math.min(Math.max(0, fromMs), this.endMs - length)
    this.toMs = this.fromMs + length
    for (const listener of this.#onRange) listener()
  }

  step(step: ZoomStep): void {
    const length = this.toMs - this.fromMs
    switch (step) {
      case 'left':
        this.show(this.fromMs - length / 2, this.toMs - length / 2)
        break
      case 'right':
        this.show(this.fromMs + length / 2, this.toMs + length / 2)
        break
      case 'in':
        this.show(this.fromMs + length / 4, this.toMs - length / 4)
        break
      case 'out':
        this.show(this.fromMs - length / 2, this.toMs + length / 2)
        break
      case 'all':
        this.show(0, this.endMs)
        break
    }
  }

  hover(ms: number | undefined): void {
    if (ms === this.hoverMs) return
    this.hoverMs = ms
    for (const listener of this.#onMoment) listener()
  }

  /** Moves the matrix to a moment. */
  goTo(ms: number): void {
    this.atMs = Math.min(this.endMs, Math.max(0, ms))
    for (const listener of this.#onMoment) listener()
  }
}
