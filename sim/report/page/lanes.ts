/**
 * The presence lanes: a heat strip per node, of how its neighbours see it, and a thin line for what it truly is. All
 * nodes in view, each as high as there is room; or with names, in a list that scrolls.
 */
import { type Alarm, falseAlarms } from '../model/alarms.ts'
import type { ReportData } from '../model/data.ts'
import { formatCount, formatMoment, formatPercent } from '../model/format.ts'
import { presence, SHARE_COUNT } from '../model/presence.ts'
import type { ViewLog } from '../model/view-log.ts'
import { byId, make } from './dom.ts'
import { mixer, stacker } from './mix.ts'
import { type ArrowKey, type Frame, fitText, type Mark, Strip, type StripContent } from './strip.ts'
import { colour } from './theme.ts'
import type { Timeline } from './timeline.ts'
import { Truth, type TruthSpan } from './truth.ts'

const ROW_NAMED = 18
const FIT_HEIGHT = 420
/** Rows of at least this height have a name and a line of their own. */
const ROW_DETAILED = 12
/** Parts of a high row; its last ones are hidden by the line of what is true. */
const STACK_LINES = 18
const BINS_MAX = 1_200
const CELLS_MAX = 1_200_000

export function addLanes(
  place: HTMLElement,
  log: ViewLog,
  data: ReportData,
  timeline: Timeline,
): readonly Alarm[] {
  const alarms = falseAlarms(log, data)
  const lanes = new Lanes(log, data, timeline, alarms)
  const strip = new Strip(place, lanes, timeline, {
    label:
      'How each node is seen by the others, over time. Arrow keys move between nodes and in time.',
    heightMax: 480,
  })
  const size = byId('lane-size', HTMLSelectElement)
  size.addEventListener('change', () => {
    lanes.isNamed = size.value === 'named'
    strip.redraw()
  })
  const order = byId('lane-order', HTMLSelectElement)
  order.addEventListener('change', () => {
    lanes.sort(order.value)
    strip.redraw()
  })
  const count =
    alarms.length === 0 ? 'There was none.' : `There were ${formatCount(alarms.length)}.`
  byId('alarm-count', HTMLSpanElement).append(make('b', '', count))
  return alarms
}

class Lanes implements StripContent {
  isNamed = false
  readonly #log: ViewLog
  readonly #data: ReportData
  readonly #timeline: Timeline
  readonly #truth: Truth
  readonly #alarms: readonly (readonly Alarm[])[]
  #order: readonly number[]
  #shares: Float32Array = new Float32Array()
  #sharesOf = ''
  #bins = 1

  constructor(log: ViewLog, data: ReportData, timeline: Timeline, alarms: readonly Alarm[]) {
    this.#log = log
    this.#data = data
    this.#timeline = timeline
    this.#truth = new Truth(data)
    const byMember: Alarm[][] = data.names.map(() => [])
    for (const alarm of alarms) byMember[alarm.subject]!.push(alarm)
    this.#alarms = byMember
    this.#order = data.names.map((_, member) => member)
  }

  sort(order: string): void {
    const members = this.#data.names.map((_, member) => member)
    const weight = (member: number): number => {
      if (order === 'alarms') return this.#alarms[member]!.length
      return order === 'trouble' ? this.#trouble(member) : 0
    }
    const weights = members.map(weight)
    this.#order = members.sort((a, b) => weights[b]! - weights[a]! || a - b)
  }

  height(): number {
    return this.#rowHeight * this.#order.length
  }

  get #rowHeight(): number {
    if (this.isNamed) return ROW_NAMED
    return Math.min(ROW_NAMED, Math.max(0.05, FIT_HEIGHT / this.#order.length))
  }

  draw(context: CanvasRenderingContext2D, frame: Frame): void {
    this.#compute(Math.round(frame.right - frame.left))
    const row = this.#rowHeight
    const first = Math.floor(frame.top / row)
    const last = Math.min(this.#order.length, Math.ceil((frame.top + frame.height) / row))
    this.#drawHeat(context, frame, first, last)
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    for (let index = first; index < last; index++) {
      const member = this.#order[index]!
      const y = index * row - frame.top
      if (row >= ROW_DETAILED) this.#drawDetails(context, frame, member, y, row)
      this.#drawAlarms(context, frame, member, y + row / 2, row)
    }
    if (row < ROW_DETAILED) {
      context.fillStyle = colour('muted')
      context.textBaseline = 'top'
      context.fillText(
        fitText(context, this.#name(this.#order[0]!), frame.left - 10),
        frame.left - 8,
        0,
      )
      context.textBaseline = 'bottom'
      const end = this.#name(this.#order.at(-1)!)
      context.fillText(fitText(context, end, frame.left - 10), frame.left - 8, frame.height)
    }
  }

  tell(ms: number, y: number): readonly string[] | undefined {
    const member = this.#order[Math.floor(y / this.#rowHeight)]
    if (member === undefined) return undefined
    const { fromMs, toMs } = this.#timeline
    const bin = Math.min(
      this.#bins - 1,
      Math.max(0, Math.floor(((ms - fromMs) / (toMs - fromMs)) * this.#bins)),
    )
    const at = (member * this.#bins + bin) * SHARE_COUNT
    const told = SHARE_WORDS.flatMap((word, share) => {
      const value = this.#shares[at + share]!
      return value < 0.0005 ? [] : [`${word} ${formatPercent(Math.min(1, value))}`]
    })
    const near = (2 * (toMs - fromMs)) / this.#bins
    const alarms = this.#alarms[member]!.filter((alarm) => Math.abs(alarm.atMs - ms) <= near)
    return [
      `${this.#name(member)} at ${formatMoment(ms)}`,
      `the node is ${this.#truth.wordAt(member, ms)}`,
      told.length === 0 ? 'nobody is to see it' : told.join(', '),
      ...alarmLines(alarms, this.#data),
    ]
  }

  step(key: ArrowKey, { ms, y }: Mark): Mark {
    const row = this.#rowHeight
    const index = Math.floor(y / row)
    const at = (next: number): number =>
      (Math.min(this.#order.length - 1, Math.max(0, next)) + 0.5) * row
    const stepMs = (this.#timeline.toMs - this.#timeline.fromMs) / 100
    const { endMs } = this.#timeline
    switch (key) {
      case 'ArrowUp':
        return { ms, y: at(index - 1) }
      case 'ArrowDown':
        return { ms, y: at(index + 1) }
      case 'ArrowLeft':
        return { ms: Math.max(0, ms - stepMs), y }
      case 'ArrowRight':
        return { ms: Math.min(endMs, ms + stepMs), y }
    }
  }

  #name(member: number): string {
    return this.#data.names[member] ?? ''
  }

  /** Time that neighbours did not see it alive though it was up, in bins. */
  #trouble(member: number): number {
    let sum = 0
    for (let bin = 0; bin < this.#bins; bin++) {
      const at = (member * this.#bins + bin) * SHARE_COUNT
      for (let share = 1; share < SHARE_COUNT; share++) sum += this.#shares[at + share]!
    }
    return sum
  }

  #compute(width: number): void {
    const { fromMs, toMs } = this.#timeline
    const bins = Math.max(50, Math.min(width, BINS_MAX, Math.floor(CELLS_MAX / this.#log.size)))
    const key = `${fromMs} ${toMs} ${bins}`
    if (key === this.#sharesOf) return
    this.#sharesOf = key
    this.#bins = bins
    this.#shares = presence(this.#log, this.#data, { fromMs, toMs }, bins)
  }

  /** Low rows have one colour per bin, mixed; high ones have the shares on top of each other. */
  #drawHeat(context: CanvasRenderingContext2D, frame: Frame, first: number, last: number): void {
    const height = this.#rowHeight
    const lines = height >= ROW_DETAILED ? STACK_LINES : 1
    const rows = last - first
    if (rows <= 0) return
    const image = new ImageData(this.#bins, rows * lines)
    const paint = lines === 1 ? mixer() : stacker(lines, this.#bins)
    for (let row = 0; row < rows; row++) {
      const from = this.#order[first + row]! * this.#bins * SHARE_COUNT
      for (let bin = 0; bin < this.#bins; bin++) {
        paint(
          this.#shares,
          from + bin * SHARE_COUNT,
          image.data,
          (row * lines * this.#bins + bin) * 4,
        )
      }
    }
    const offscreen = new OffscreenCanvas(this.#bins, rows * lines)
    offscreen.getContext('2d')!.putImageData(image, 0, 0)
    context.imageSmoothingEnabled = height * devicePixelRatio < 1
    const y = first * height - frame.top
    context.drawImage(offscreen, frame.left, y, frame.right - frame.left, rows * height)
  }

  /** The name, the gap between rows, and the line of what is true. */
  #drawDetails(
    context: CanvasRenderingContext2D,
    frame: Frame,
    member: number,
    y: number,
    row: number,
  ): void {
    const width = frame.right - frame.left
    context.fillStyle = colour('surface')
    context.fillRect(frame.left, y + row - 5, width, 5)
    context.fillRect(frame.left, y, width, 1)
    context.fillStyle = colour('ink')
    const name = fitText(context, this.#name(member), frame.left - 10)
    context.fillText(name, frame.left - 8, y + row / 2 - 1)
    for (const span of this.#truth.spans(member)) drawTruth(context, frame, span, y + row - 4)
  }

  #drawAlarms(
    context: CanvasRenderingContext2D,
    frame: Frame,
    member: number,
    y: number,
    row: number,
  ): void {
    const size = Math.max(2, Math.min(4, row / 3))
    let lastX = -Infinity
    context.fillStyle = colour('alarm')
    for (const { atMs } of this.#alarms[member]!) {
      const x = frame.xOf(atMs)
      if (x < frame.left || x > frame.right || x - lastX < 1) continue
      lastX = x
      context.beginPath()
      context.moveTo(x - size, y - size)
      context.lineTo(x + size, y - size)
      context.lineTo(x, y + size)
      context.fill()
    }
  }
}

const SHARE_WORDS = ['alive', 'evasive', 'silent', 'not seen', 'ghost'] as const

function drawTruth(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { fromMs, toMs, is }: TruthSpan,
  y: number,
): void {
  const from = Math.max(frame.left, frame.xOf(fromMs))
  const to = Math.min(frame.right, frame.xOf(toMs))
  if (to <= from) return
  context.fillStyle = is === 'up' ? colour('ink') : colour('asleep')
  context.fillRect(from, y, to - from, is === 'up' ? 1 : 3)
}

const ALARMS_TOLD_MAX = 3

function alarmLines(alarms: readonly Alarm[], { names }: ReportData): string[] {
  const told = alarms.slice(0, ALARMS_TOLD_MAX).map(({ atMs, observer, kind }) => {
    const what = kind === 'silent' ? 'calls it silent' : 'lets it go'
    return `false alarm: ${names[observer]} ${what} at ${formatMoment(atMs)}`
  })
  const more = alarms.length - told.length
  return more > 0 ? [...told, `and ${more} false alarms more`] : told
}
