/** One chart over time: a title with the values under the pointer, or else the highest, and uPlot beneath. */
import uPlot from 'uplot'
import type { Chart } from '../model/series.ts'
import { gutter, MARGIN, STEPS, tickLabel } from './axis.ts'
import { make } from './dom.ts'
import { type ColourName, colour, onTheme, withAlpha } from './theme.ts'
import type { Timeline } from './timeline.ts'

export interface PlotOptions {
  readonly title: string
  /** One sentence, where the title does not say it all. */
  readonly hint?: string
  /** With the unit. */
  readonly format: (value: number) => string
  readonly colours: readonly ColourName[]
  /** The last series is what others are compared with: thin and dashed. */
  readonly hasReference?: boolean
  readonly isStepped?: boolean
  readonly isLogarithmic?: boolean
  /** Logarithmic, but with a zero: for rates with one high peak and little everywhere else. */
  readonly isCompressed?: boolean
}

const HEIGHT = 132

/** Adds nothing where there is nothing to see: no value at all, or nothing but zeros. */
export function addPlot(
  place: HTMLElement,
  chart: Chart,
  options: PlotOptions,
  timeline: Timeline,
): void {
  if (chart.series.every(({ values }) => !highest(values))) return
  const values = chart.series.map(() => make('b', ''))
  const key = make('span', 'legend')
  for (const [index, { label }] of chart.series.entries()) {
    const swatch = make('i', `swatch ${options.colours[index]}`)
    key.append(make('span', 'entry', swatch, `${label} `, values[index]!))
  }
  const title = make('h3', '', options.title)
  if (options.hint !== undefined) title.append(make('small', '', options.hint))
  const body = make('div', 'plot')
  place.append(make('figure', '', make('figcaption', '', title, key), body))
  const plot = new Plot(body, chart, options, timeline)
  const tell = (): void => {
    const { hoverMs } = timeline
    const row = hoverMs === undefined ? undefined : plot.rowAt(hoverMs / 1_000)
    for (const [index, { values: all }] of chart.series.entries()) {
      const value = row === undefined ? highest(all) : all[row]
      const text = typeof value === 'number' ? options.format(value) : '–'
      values[index]!.textContent = row === undefined ? `max ${text}` : text
    }
  }
  timeline.onMoment(tell)
  tell()
}

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null)
}

class Plot {
  readonly #chart: Chart
  readonly #timeline: Timeline
  readonly #plot: uPlot
  readonly #at: HTMLElement = make('div', 'at-line')
  #isFollowing = false

  constructor(place: HTMLElement, chart: Chart, options: PlotOptions, timeline: Timeline) {
    this.#chart = chart
    this.#timeline = timeline
    const data = [chart.seconds, ...chart.series.map(({ values }) => values)]
    this.#plot = new uPlot(this.#options(place, options), data as uPlot.AlignedData, place)
    this.#plot.over.append(this.#at)
    this.#listen(place)
    this.#follow()
  }

  /** The last row at or before a moment; the first when there is none. */
  rowAt(seconds: number): number {
    const xs = this.#chart.seconds
    let low = 0
    let high = xs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (xs[middle]! <= seconds) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  #listen(place: HTMLElement): void {
    const timeline = this.#timeline
    timeline.onRange(() => {
      this.#plot.setScale('x', { min: timeline.fromMs / 1_000, max: timeline.toMs / 1_000 })
      this.#follow()
    })
    timeline.onMoment(() => this.#follow())
    onTheme(() => {
      this.#resize(place.clientWidth)
      this.#plot.redraw(false, true)
    })
    new ResizeObserver(() => this.#resize(place.clientWidth)).observe(place)
    this.#plot.over.addEventListener('click', (event) => {
      if (this.#plot.select.width > 0) return
      timeline.goTo(1_000 * this.#plot.posToVal(event.offsetX, 'x'))
    })
  }

  #resize(width: number): void {
    if (width === 0 || width === this.#plot.width) return
    this.#plot.setSize({ width, height: HEIGHT })
    this.#follow()
  }

  /** Shows the pointer of another chart, and the moment of the matrix. */
  #follow(): void {
    const { hoverMs, atMs } = this.#timeline
    const left = hoverMs === undefined ? -10 : this.#plot.valToPos(hoverMs / 1_000, 'x')
    this.#isFollowing = true
    this.#plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false)
    this.#isFollowing = false
    const at = this.#plot.valToPos(atMs / 1_000, 'x')
    this.#at.hidden = at < 0 || at > this.#plot.over.clientWidth
    this.#at.style.transform = `translateX(${at}px)`
  }

  #options(place: HTMLElement, options: PlotOptions): uPlot.Options {
    const timeline = this.#timeline
    const width = place.clientWidth
    return {
      width,
      height: HEIGHT,
      padding: [8, MARGIN, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: {
          dblclick: () => () => {
            timeline.step('all')
            return null
          },
        },
      },
      scales: {
        x: { time: false, range: () => [timeline.fromMs / 1_000, timeline.toMs / 1_000] },
        y: { distr: distribution(options), range: yRange(options) },
      },
      axes: [xAxis(), yAxis(options)],
      series: [
        {},
        ...this.#chart.series.map(({ label }, index) => this.#series(label, index, options)),
      ],
      hooks: {
        setCursor: [(plot) => this.#handleCursor(plot)],
        setSelect: [(plot) => this.#handleSelect(plot)],
      },
    }
  }

  #series(label: string, index: number, options: PlotOptions): uPlot.Series {
    const name = options.colours[index]!
    const isReference = options.hasReference === true && index === this.#chart.series.length - 1
    const isAlone = this.#chart.series.length === (options.hasReference ? 2 : 1)
    return {
      label,
      stroke: () => colour(name),
      width: isReference ? 1 : 1.5,
      points: { show: false },
      ...(isReference && { dash: [4, 3] }),
      ...(isAlone && !isReference && { fill: () => withAlpha(name, 0.12) }),
      ...((options.isStepped || options.hasReference) && {
        paths: uPlot.paths.stepped!({ align: 1 }),
      }),
    }
  }

  #handleCursor(plot: uPlot): void {
    if (this.#isFollowing) return
    const { left } = plot.cursor
    const isInside = left !== undefined && left >= 0
    this.#timeline.hover(isInside ? 1_000 * plot.posToVal(left, 'x') : undefined)
  }

  #handleSelect(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < 4) return
    this.#timeline.show(1_000 * plot.posToVal(left, 'x'), 1_000 * plot.posToVal(left + width, 'x'))
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  }
}

function distribution({ isLogarithmic, isCompressed }: PlotOptions): uPlot.Scale.Distr {
  if (isLogarithmic) return 3
  return isCompressed ? 4 : 1
}

function yRange({ isLogarithmic, isCompressed }: PlotOptions): uPlot.Range.Function {
  return (_plot, min, max) => {
    if (isCompressed) return [0, Math.max(10, 1.5 * (max ?? 0))]
    if (isLogarithmic) {
      const low = 10 ** Math.floor(Math.log10(Math.max(min ?? 0.1, 0.01)))
      return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(max ?? 1, 0.01) * 1.05)))]
    }
    return [0, max === null || max === undefined || max <= 0 ? 1 : max * 1.08]
  }
}

const FONT = '11px system-ui, sans-serif'

function xAxis(): uPlot.Axis {
  return {
    size: 24,
    gap: 4,
    font: FONT,
    space: 64,
    incrs: STEPS,
    values: (_plot, splits, _axis, _space, step) =>
      splits.map((each) => tickLabel(each, step, splits.at(-1)!)),
    stroke: () => colour('muted'),
    grid: { stroke: () => colour('line'), width: 1 },
    ticks: { stroke: () => colour('line'), width: 1, size: 4 },
  }
}

function yAxis({ format, isLogarithmic, isCompressed }: PlotOptions): uPlot.Axis {
  const isTold = (value: number): boolean => {
    if (isCompressed) return value === 0 || (value > 1 && isDecade(value))
    return !isLogarithmic || isDecade(value)
  }
  return {
    size: (plot) => gutter(plot.width),
    gap: 6,
    font: FONT,
    space: 28,
    filter: (_plot, splits) => splits,
    values: (_plot, splits) =>
      splits.map((each) => (each === null || !isTold(each) ? '' : format(each))),
    stroke: () => colour('muted'),
    grid: {
      stroke: () => colour('line'),
      width: 1,
      filter: (_plot, splits) => splits.map((each) => (isTold(each) ? each : null)),
    },
    ticks: { show: false },
  }
}

function isDecade(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6
}
