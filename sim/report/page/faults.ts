/** The fault lanes: one per kind of fault, a bar for what lasts, a diamond for what happens at once. */
import type { FaultData, ReportData } from '../model/data.ts'
import { formatDuration, formatMoment } from '../model/format.ts'
import { type ArrowKey, type Frame, fitText, type Mark, Strip, type StripContent } from './strip.ts'
import { colour, withAlpha } from './theme.ts'
import type { Timeline } from './timeline.ts'

const LANE = 22
const BAR = 12
/** A pointer hits what is this near, in pixels. */
const REACH = 5
const MEMBERS_NAMED_MAX = 10

export function addFaults(place: HTMLElement, data: ReportData, timeline: Timeline): void {
  if (data.faults.length === 0) {
    place.classList.add('empty')
    place.textContent = 'Nothing was done to the network or to nodes in this run.'
    return
  }
  new Strip(place, new FaultLanes(data, timeline), timeline, {
    label: 'Faults over time, one lane per kind. Left and right go to the fault before and after.',
    heightMax: 600,
  })
}

class FaultLanes implements StripContent {
  readonly #data: ReportData
  readonly #timeline: Timeline
  readonly #kinds: readonly string[]
  readonly #lanes: ReadonlyMap<string, readonly FaultData[]>
  #msPerPixel = 1

  constructor(data: ReportData, timeline: Timeline) {
    this.#data = data
    this.#timeline = timeline
    this.#lanes = groupByKind(data.faults)
    this.#kinds = [...this.#lanes.keys()]
  }

  height(): number {
    return LANE * this.#kinds.length
  }

  draw(context: CanvasRenderingContext2D, frame: Frame): void {
    this.#msPerPixel = (this.#timeline.toMs - this.#timeline.fromMs) / (frame.right - frame.left)
    for (const [lane, kind] of this.#kinds.entries()) {
      const middle = lane * LANE + LANE / 2 - frame.top
      context.fillStyle = colour('line')
      context.fillRect(frame.left, middle - 0.5, frame.right - frame.left, 1)
      context.fillStyle = colour('ink')
      context.textAlign = 'right'
      context.textBaseline = 'middle'
      context.fillText(fitText(context, kind, frame.left - 10), frame.left - 8, middle)
      context.save()
      context.beginPath()
      context.rect(
        frame.left - REACH,
        middle - LANE / 2,
        frame.right - frame.left + 2 * REACH,
        LANE,
      )
      context.clip()
      for (const fault of this.#lanes.get(kind)!) drawFault(context, frame, fault, middle)
      context.restore()
    }
  }

  tell(ms: number, y: number): readonly string[] | undefined {
    const kind = this.#kinds[Math.floor(y / LANE)]
    if (kind === undefined) return undefined
    const hits = this.#lanes.get(kind)!.filter((fault) => this.#isNear(fault, ms))
    const [first] = hits
    if (first === undefined) return undefined
    const more = hits.length > 1 ? [`and ${hits.length - 1} more ${kind} here`] : []
    return [first.label, timesOf(first), membersOf(first, this.#data), ...more]
  }

  step(key: ArrowKey, { ms, y }: Mark): Mark {
    const lane = Math.min(this.#kinds.length - 1, Math.floor(y / LANE))
    const at = (index: number): number => index * LANE + LANE / 2
    if (key === 'ArrowUp') return { ms, y: at(Math.max(0, lane - 1)) }
    if (key === 'ArrowDown') return { ms, y: at(Math.min(this.#kinds.length - 1, lane + 1)) }
    const faults = this.#lanes.get(this.#kinds[lane]!)!
    const next =
      key === 'ArrowRight'
        ? faults.find(({ atMs }) => atMs > ms)
        : faults.findLast(({ atMs }) => atMs < ms)
    return { ms: (next ?? (key === 'ArrowRight' ? faults.at(-1)! : faults[0]!)).atMs, y: at(lane) }
  }

  #isNear({ atMs, endMs }: FaultData, ms: number): boolean {
    const reach = REACH * this.#msPerPixel
    return atMs - reach <= ms && ms <= endMs + reach
  }
}

function drawFault(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { atMs, endMs }: FaultData,
  middle: number,
): void {
  const from = frame.xOf(atMs)
  const to = frame.xOf(endMs)
  if (to < frame.left - REACH || from > frame.right + REACH) return
  if (endMs === atMs) {
    context.fillStyle = colour('fault')
    context.beginPath()
    context.moveTo(from, middle - 5)
    context.lineTo(from + 4, middle)
    context.lineTo(from, middle + 5)
    context.lineTo(from - 4, middle)
    context.fill()
    return
  }
  const start = Math.max(frame.left, from)
  const end = Math.min(frame.right, Math.max(to, from + 2))
  context.fillStyle = withAlpha('fault', 0.35)
  context.fillRect(start, middle - BAR / 2, end - start, BAR)
  if (from < frame.left) return
  context.fillStyle = colour('fault')
  context.fillRect(from, middle - BAR / 2, 2, BAR)
}

function timesOf({ atMs, endMs }: FaultData): string {
  if (endMs === atMs) return `at ${formatMoment(atMs)}`
  return `${formatMoment(atMs)} to ${formatMoment(endMs)}: ${formatDuration(endMs - atMs)}`
}

function membersOf({ members }: FaultData, { names }: ReportData): string {
  if (members.length === 0) return 'whole network'
  const named = members.slice(0, MEMBERS_NAMED_MAX).map((member) => names[member] ?? '')
  const more = members.length - named.length
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function groupByKind(faults: readonly FaultData[]): Map<string, FaultData[]> {
  const lanes = new Map<string, FaultData[]>()
  for (const fault of faults) {
    const lane = lanes.get(fault.kind)
    if (lane === undefined) lanes.set(fault.kind, [fault])
    else lane.push(fault)
  }
  return lanes
}
