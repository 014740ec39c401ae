/**
 * A strip of canvas over time, aligned with the charts: what fault lanes and presence lanes have in common. Pointing,
 * dragging and clicking do what they do in charts; the arrow keys move a mark about instead of the pointer.
 */
import { gutter, MARGIN } from './axis.ts'
import { fitCanvas, make, perFrame } from './dom.ts'
import { onTheme } from './theme.ts'
import type { Timeline } from './timeline.ts'
import { hideTip, showTip } from './tip.ts'

/** What a strip shows; y is counted from the top of its content. */
export interface StripContent {
  /** Of all of it; more than `heightMax` scrolls. */
  height(width: number): number
  draw(context: CanvasRenderingContext2D, frame: Frame): void
  /** What is told at a place; nothing hides the box. */
  tell(ms: number, y: number): readonly string[] | undefined
  /** Where the mark goes for an arrow key. */
  step(key: ArrowKey, mark: Mark): Mark
}

export interface Frame {
  readonly width: number
  readonly height: number
  /** How far the content is scrolled. */
  readonly top: number
  readonly left: number
  readonly right: number
  xOf(ms: number): number
}

export type ArrowKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'

export interface Mark {
  readonly ms: number
  readonly y: number
}

const ARROWS: readonly string[] = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']
const DRAG_MIN = 5

export class Strip {
  readonly #place: HTMLElement
  readonly #content: StripContent
  readonly #timeline: Timeline
  readonly #heightMax: number
  readonly #canvas: HTMLCanvasElement
  readonly #scroller: HTMLElement
  readonly #spacer: HTMLElement = make('div', 'spacer')
  readonly #cursor: HTMLElement = make('div', 'cursor-line')
  readonly #at: HTMLElement = make('div', 'at-line')
  readonly #selection: HTMLElement = make('div', 'selection')
  #mark: Mark | undefined
  #dragFromX: number | undefined
  readonly redraw: () => void = perFrame(() => this.#draw())

  constructor(
    place: HTMLElement,
    content: StripContent,
    timeline: Timeline,
    options: { readonly label: string; readonly heightMax: number },
  ) {
    this.#place = place
    this.#content = content
    this.#timeline = timeline
    this.#heightMax = options.heightMax
    this.#canvas = make('canvas', '')
    this.#canvas.tabIndex = 0
    this.#canvas.setAttribute('role', 'img')
    this.#canvas.setAttribute('aria-label', options.label)
    this.#spacer.append(this.#canvas)
    this.#scroller = make('div', 'scroller', this.#spacer)
    place.append(this.#scroller, this.#selection, this.#at, this.#cursor)
    this.#listen()
    this.#draw()
  }

  #listen(): void {
    const canvas = this.#canvas
    this.#timeline.onRange(this.redraw)
    this.#timeline.onMoment(() => this.#placeLines())
    onTheme(() => this.#draw())
    new ResizeObserver(this.redraw).observe(this.#place)
    this.#scroller.addEventListener('scroll', this.redraw)
    canvas.addEventListener('pointermove', (event) => this.#handleMove(event))
    canvas.addEventListener('pointerleave', () => this.#leave())
    canvas.addEventListener('pointerdown', (event) => this.#handleDown(event))
    canvas.addEventListener('pointerup', (event) => this.#handleUp(event))
    canvas.addEventListener('dblclick', () => this.#timeline.step('all'))
    canvas.addEventListener('keydown', (event) => this.#handleKey(event))
    canvas.addEventListener('blur', () => this.#leave())
  }

  get #width(): number {
    return this.#scroller.clientWidth
  }

  get #plotWidth(): number {
    return Math.max(1, this.#width - gutter(this.#width) - MARGIN)
  }

  #xOf(ms: number): number {
    const { fromMs, toMs } = this.#timeline
    return gutter(this.#width) + ((ms - fromMs) / (toMs - fromMs)) * this.#plotWidth
  }

  #msAt(x: number): number {
    const { fromMs, toMs } = this.#timeline
    const share = Math.min(1, Math.max(0, (x - gutter(this.#width)) / this.#plotWidth))
    return fromMs + share * (toMs - fromMs)
  }

  #draw(): void {
    const width = this.#width
    if (width === 0) return
    const whole = this.#content.height(width)
    const height = Math.min(whole, this.#heightMax)
    this.#scroller.style.height = `${height}px`
    this.#spacer.style.height = `${whole}px`
    const context = fitCanvas(this.#canvas, width, height)
    context.clearRect(0, 0, width, height)
    context.font = '11px system-ui, sans-serif'
    this.#content.draw(context, {
      width,
      height,
      top: this.#scroller.scrollTop,
      left: gutter(width),
      right: width - MARGIN,
      xOf: (ms) => this.#xOf(ms),
    })
    this.#placeLines()
  }

  #placeLines(): void {
    const { hoverMs, atMs } = this.#timeline
    this.#placeLine(this.#cursor, hoverMs)
    this.#placeLine(this.#at, atMs)
  }

  #placeLine(line: HTMLElement, ms: number | undefined): void {
    const { fromMs, toMs } = this.#timeline
    line.hidden = ms === undefined || ms < fromMs || ms > toMs
    if (!line.hidden) line.style.transform = `translateX(${this.#xOf(ms!)}px)`
  }

  #tell(ms: number, y: number): void {
    const lines = this.#content.tell(ms, y)
    if (lines === undefined) {
      hideTip()
      return
    }
    const { left, top } = this.#canvas.getBoundingClientRect()
    showTip(left + this.#xOf(ms), top + y - this.#scroller.scrollTop, lines)
  }

  #leave(): void {
    this.#dragFromX = undefined
    this.#selection.hidden = true
    this.#mark = undefined
    hideTip()
    this.#timeline.hover(undefined)
  }

  #handleMove(event: PointerEvent): void {
    const ms = this.#msAt(event.offsetX)
    if (this.#dragFromX !== undefined) {
      const [from, to] = [this.#dragFromX, event.offsetX].sort((a, b) => a - b)
      this.#selection.hidden = to! - from! < DRAG_MIN
      this.#selection.style.left = `${from}px`
      this.#selection.style.width = `${to! - from!}px`
    }
    this.#timeline.hover(event.offsetX < gutter(this.#width) ? undefined : ms)
    this.#tell(ms, event.offsetY + this.#scroller.scrollTop)
  }

  #handleDown(event: PointerEvent): void {
    if (event.pointerType !== 'mouse' || event.button !== 0) return
    this.#dragFromX = Math.max(gutter(this.#width), event.offsetX)
    this.#canvas.setPointerCapture(event.pointerId)
  }

  #handleUp(event: PointerEvent): void {
    const from = this.#dragFromX ?? event.offsetX
    this.#dragFromX = undefined
    this.#selection.hidden = true
    const [fromX, toX] = [from, event.offsetX].sort((a, b) => a - b)
    if (toX! - fromX! < DRAG_MIN) this.#timeline.goTo(this.#msAt(event.offsetX))
    else this.#timeline.show(this.#msAt(fromX!), this.#msAt(toX!))
  }

  #handleKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#leave()
    if (event.key === 'Enter' && this.#mark !== undefined) this.#timeline.goTo(this.#mark.ms)
    if (!ARROWS.includes(event.key)) return
    event.preventDefault()
    const { fromMs, toMs } = this.#timeline
    const before = this.#mark ?? { ms: (fromMs + toMs) / 2, y: this.#scroller.scrollTop }
    this.#mark = this.#content.step(event.key as ArrowKey, before)
    const { ms, y } = this.#mark
    if (y < this.#scroller.scrollTop) this.#scroller.scrollTop = y - 20
    const bottom = this.#scroller.scrollTop + this.#scroller.clientHeight
    if (y > bottom) this.#scroller.scrollTop += y - bottom + 20
    if (ms < fromMs || ms > toMs)
      this.#timeline.show(ms - (toMs - fromMs) / 2, ms + (toMs - fromMs) / 2)
    this.#timeline.hover(ms)
    this.#tell(ms, y)
  }
}

/** Text with … in its middle where it does not fit: names differ at their end as often as at their beginning. */
export function fitText(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text
  const cut = (length: number): string => {
    const head = Math.ceil(length / 2)
    return `${text.slice(0, head)}…${text.slice(text.length - (length - head))}`
  }
  let length = Math.min(text.length - 1, 40)
  while (length > 2 && context.measureText(cut(length)).width > width) length--
  return cut(length)
}
