/** The matrix's scrubber: a range input, a play button, and a speed. */
import { formatMoment } from '../model/format.ts'
import { byId } from './dom.ts'
import type { Timeline } from './timeline.ts'

export function addScrubber(timeline: Timeline): void {
  const range = byId('scrubber', HTMLInputElement)
  const told = byId('scrub-at', HTMLOutputElement)
  const play = byId('play', HTMLButtonElement)
  const speed = byId('speed', HTMLSelectElement)
  range.max = String(timeline.endMs)
  range.step = 'any'
  const show = (): void => {
    range.value = String(timeline.atMs)
    told.textContent = formatMoment(timeline.atMs)
    range.setAttribute('aria-valuetext', formatMoment(timeline.atMs))
  }
  timeline.onMoment(show)
  show()
  range.addEventListener('input', () => timeline.goTo(Number(range.value)))
  // A browser moves an input without steps by little or by much, each as it likes.
  range.addEventListener('keydown', (event) => {
    const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
    if (direction === undefined) return
    event.preventDefault()
    const stepMs = event.shiftKey ? timeline.endMs / 20 : timeline.endMs / 400
    timeline.goTo(timeline.atMs + direction * stepMs)
  })
  new Player(timeline, play, () => Number(speed.value))
}

class Player {
  readonly #timeline: Timeline
  readonly #button: HTMLButtonElement
  readonly #speed: () => number
  #lastFrameMs: number | undefined

  constructor(timeline: Timeline, button: HTMLButtonElement, speed: () => number) {
    this.#timeline = timeline
    this.#button = button
    this.#speed = speed
    button.addEventListener('click', () =>
      this.#lastFrameMs === undefined ? this.#play() : this.#pause(),
    )
  }

  #play(): void {
    if (this.#timeline.atMs >= this.#timeline.endMs) this.#timeline.goTo(0)
    this.#button.textContent = '❚❚'
    this.#button.setAttribute('aria-label', 'Pause')
    this.#lastFrameMs = performance.now()
    requestAnimationFrame((ms) => this.#handleFrame(ms))
  }

  #pause(): void {
    this.#button.textContent = '▶'
    this.#button.setAttribute('aria-label', 'Play')
    this.#lastFrameMs = undefined
  }

  #handleFrame(ms: number): void {
    if (this.#lastFrameMs === undefined) return
    const elapsed = Math.max(0, ms - this.#lastFrameMs)
    this.#lastFrameMs = ms
    this.#timeline.goTo(this.#timeline.atMs + elapsed * this.#speed())
    if (this.#timeline.atMs >= this.#timeline.endMs) this.#pause()
    else requestAnimationFrame((next) => this.#handleFrame(next))
  }
}
