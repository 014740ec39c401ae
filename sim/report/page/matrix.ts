/**
 * The matrix of who sees whom at one moment: a row per observer, a column per subject. Beyond a few hundred nodes a cell
 * is a block of pairs, its colour mixed by their shares.
 */
import type { ReportData } from '../model/data.ts'
import { formatCount, formatMoment } from '../model/format.ts'
import { Places } from '../model/places.ts'
import { SHARE_COUNT } from '../model/presence.ts'
import { Replay } from '../model/replay.ts'
import { GHOST, type ViewLog } from '../model/view-log.ts'
import { byId, fitCanvas, make, perFrame } from './dom.ts'
import { mixer } from './mix.ts'
import { colour, onTheme } from './theme.ts'
import type { Timeline } from './timeline.ts'
import { Truth } from './truth.ts'

/** More cells a side are gathered into blocks. */
const SIDE_MAX = 400
const PLATE_MAX = 640

const WORDS = ['not seen', 'alive', 'evasive', 'silent'] as const
const COUNTED = ['alive', 'evasive', 'silent', 'missing', 'ghost'] as const
const COUNTED_WORDS = ['alive', 'evasive', 'silent', 'not seen, though up', 'ghosts'] as const
/** Index into COUNTED by state; `none` depends on who is up. */
const SHARE_OF_STATE: readonly number[] = [3, 0, 1, 2, 3, 4, 4, 4]

export class Matrix {
  readonly #data: ReportData
  readonly #timeline: Timeline
  readonly #replay: Replay
  readonly #places: Places
  readonly #truth: Truth
  readonly #size: number
  /** Pairs a block is wide and high. */
  readonly #block: number
  readonly #side: number
  readonly #canvas: HTMLCanvasElement = byId('cells', HTMLCanvasElement)
  readonly #shares: Float32Array
  #plate = 0
  #mark: { row: number; column: number } | undefined
  readonly #counts: readonly HTMLElement[]

  constructor(log: ViewLog, data: ReportData, timeline: Timeline) {
    this.#data = data
    this.#timeline = timeline
    this.#replay = new Replay(log)
    this.#places = new Places(data)
    this.#truth = new Truth(data)
    this.#size = log.size
    this.#block = Math.ceil(this.#size / SIDE_MAX)
    this.#side = Math.ceil(this.#size / this.#block)
    this.#shares = new Float32Array(this.#side * this.#side * SHARE_COUNT)
    this.#counts = addCounts()
    const redraw = perFrame(() => this.#draw())
    let shownMs = -1
    timeline.onMoment(() => {
      if (timeline.atMs === shownMs) return
      shownMs = timeline.atMs
      redraw()
    })
    onTheme(() => this.#draw())
    new ResizeObserver(redraw).observe(this.#canvas.parentElement!)
    this.#listen()
    this.#draw()
  }

  /** Views that the page finds at a moment: compared with what the run says. */
  knownAt(ms: number): number {
    this.#replay.seek(ms)
    return this.#replay.known()
  }

  #listen(): void {
    const canvas = this.#canvas
    canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
      this.#markAt(
        Math.floor((offsetY / this.#plate) * this.#side),
        Math.floor((offsetX / this.#plate) * this.#side),
      )
    })
    canvas.addEventListener('keydown', (event) => {
      const move = MOVES[event.key]
      if (move === undefined) return
      event.preventDefault()
      const { row, column } = this.#mark ?? { row: 0, column: -move[1] }
      this.#markAt(row + move[0], column + move[1])
    })
  }

  #markAt(row: number, column: number): void {
    const within = (value: number): number => Math.min(this.#side - 1, Math.max(0, value))
    this.#mark = { row: within(row), column: within(column) }
    this.#draw()
  }

  #draw(): void {
    const place = this.#canvas.parentElement!
    const plate = Math.min(PLATE_MAX, place.clientWidth)
    if (plate === 0) return
    this.#plate = plate
    this.#replay.seek(this.#timeline.atMs)
    this.#gather()
    const context = fitCanvas(this.#canvas, plate, plate)
    const image = new ImageData(this.#side, this.#side)
    const mix = mixer()
    for (let cell = 0; cell < this.#side * this.#side; cell++) {
      mix(this.#shares, cell * SHARE_COUNT, image.data, cell * 4)
    }
    const offscreen = new OffscreenCanvas(this.#side, this.#side)
    offscreen.getContext('2d')!.putImageData(image, 0, 0)
    context.imageSmoothingEnabled = false
    context.drawImage(offscreen, 0, 0, plate, plate)
    this.#drawGrid(context)
    this.#drawMark(context)
    this.#tellCell()
  }

  /** Sums of states per block, and of all. */
  #gather(): void {
    const size = this.#size
    const { states } = this.#replay
    const up = this.#data.names.map((_, member) => this.#truth.isUpAt(member, this.#timeline.atMs))
    this.#places.seek(this.#timeline.atMs)
    const totals = new Array<number>(COUNTED.length).fill(0)
    this.#shares.fill(0)
    for (let observer = 0; observer < size; observer++) {
      const row = Math.floor(observer / this.#block)
      for (let subject = 0; subject < size; subject++) {
        const state = states[observer * size + subject]!
        if (state === 0) {
          if (!up[observer] || !up[subject]) continue
          if (!this.#places.areNeighbours(observer, subject)) continue
        }
        const index = SHARE_OF_STATE[state]!
        totals[index]!++
        const column = Math.floor(subject / this.#block)
        const at = (row * this.#side + column) * SHARE_COUNT + index
        this.#shares[at]! += 1 / this.#pairsIn(row, column)
      }
    }
    for (const [index, count] of totals.entries()) {
      this.#counts[index]!.textContent = formatCount(count)
    }
  }

  /** Pairs of a block; the last row and column of blocks may be cut off. */
  #pairsIn(row: number, column: number): number {
    const length = (index: number): number =>
      Math.min(this.#block, this.#size - index * this.#block)
    return length(row) * length(column)
  }

  /** Cells large enough have gaps between them. */
  #drawGrid(context: CanvasRenderingContext2D): void {
    const cell = this.#plate / this.#side
    if (cell < 6) return
    context.fillStyle = colour('surface')
    for (let line = 1; line < this.#side; line++) {
      context.fillRect(line * cell - 0.5, 0, 1, this.#plate)
      context.fillRect(0, line * cell - 0.5, this.#plate, 1)
    }
  }

  #drawMark(context: CanvasRenderingContext2D): void {
    if (this.#mark === undefined) return
    const cell = this.#plate / this.#side
    const size = Math.max(5, cell)
    const { row, column } = this.#mark
    context.strokeStyle = colour('ink')
    context.lineWidth = 1.5
    const inset = (size - cell) / 2
    context.strokeRect(column * cell - inset, row * cell - inset, size, size)
  }

  #tellCell(): void {
    const place = byId('cell', HTMLParagraphElement)
    if (this.#mark === undefined) return
    const { row, column } = this.#mark
    if (this.#block === 1) place.replaceChildren(...this.#pairLines(row, column))
    else place.replaceChildren(...this.#blockLines(row, column))
  }

  #pairLines(observer: number, subject: number): Node[] {
    const { names } = this.#data
    const pair = observer * this.#size + subject
    const state = this.#replay.states[pair]!
    const since = this.#replay.sinceMs[pair]!
    const heading = make('strong', 'line', `${names[observer]} → ${names[subject]}`)
    if (observer === subject) return [heading, make('span', 'line', 'itself')]
    const truth = [observer, subject].flatMap((member) => {
      const word = this.#truth.wordAt(member, this.#timeline.atMs)
      return word === 'up' ? [] : [make('span', 'line', `${names[member]} is ${word}`)]
    })
    const word = state >= GHOST ? `${WORDS[state - GHOST]}, though it is gone` : WORDS[state]!
    const from = state === 0 && since === 0 ? 'from the beginning' : `since ${formatMoment(since)}`
    return [heading, make('span', 'line', `${word}, ${from}`), ...truth]
  }

  #blockLines(row: number, column: number): Node[] {
    const { names } = this.#data
    const range = (from: number): string => {
      const last = Math.min(this.#size, (from + 1) * this.#block) - 1
      return `${names[from * this.#block]} … ${names[last]}`
    }
    const at = (row * this.#side + column) * SHARE_COUNT
    const told = COUNTED_WORDS.flatMap((word, index) => {
      const count = Math.round(this.#shares[at + index]! * this.#pairsIn(row, column))
      return count === 0 ? [] : [`${word} ${count}`]
    })
    return [
      make('strong', 'line', `${range(row)} → ${range(column)}`),
      make('span', 'line', told.length === 0 ? 'no pairs' : `pairs: ${told.join(', ')}`),
    ]
  }
}

const MOVES: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

function addCounts(): HTMLElement[] {
  const body = byId('counts', HTMLTableElement).tBodies[0]!
  return COUNTED.map((name, index) => {
    const value = make('td', 'number')
    const swatch = make('i', `swatch ${name}`)
    const heading = make('th', '', swatch, COUNTED_WORDS[index]!)
    heading.scope = 'row'
    body.append(make('tr', '', heading, value))
    return value
  })
}
