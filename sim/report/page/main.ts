/**
 * The script of a report's page: reads the data that the page holds, and fills the places that the page leaves. Start
 * here; `timeline.ts` is what all parts share.
 */
import type { ReportData } from '../model/data.ts'
import { formatMoment, formatShort } from '../model/format.ts'
import { changeRates, viewCurve } from '../model/series.ts'
import { decodeViewLog, type ViewLog } from '../model/view-log.ts'
import { byId, make } from './dom.ts'
import { addFaults } from './faults.ts'
import { addLanes } from './lanes.ts'
import { addLoadCharts } from './load-charts.ts'
import { Matrix } from './matrix.ts'
import { addPlot } from './plot.ts'
import { addScrubber } from './scrubber.ts'
import { Timeline, type ZoomStep } from './timeline.ts'

const data = JSON.parse(byId('data', HTMLScriptElement).text) as ReportData
const timeline = new Timeline(data.endMs)

fill().then(
  () => {
    document.documentElement.dataset['filled'] = 'yes'
  },
  (error: unknown) => {
    document.body.prepend(
      make('p', 'note', `This report cannot be shown in full: ${String(error)}`),
    )
    throw error
  },
)

async function fill(): Promise<void> {
  addToolbar()
  addCopying()
  addFaults(byId('faults', HTMLDivElement), data, timeline)
  goToAsked()
  if (!data.hasViews) return
  addViews(await readViews())
  addLoadCharts(byId('load-charts', HTMLDivElement), data, timeline)
}

function addToolbar(): void {
  const moment = byId('moment', HTMLOutputElement)
  const tell = (): void => {
    moment.textContent = formatMoment(timeline.toldMs)
  }
  timeline.onMoment(tell)
  tell()
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-zoom]')) {
    button.addEventListener('click', () => timeline.step(button.dataset['zoom'] as ZoomStep))
  }
}

/** A link may name a moment in seconds, and a range: `report.html?at=42.5&from=40&to=45`. */
function goToAsked(): void {
  const asked = new URLSearchParams(location.search)
  const ms = (name: string): number => 1_000 * Number.parseFloat(asked.get(name) ?? '')
  if (ms('at') >= 0) timeline.goTo(ms('at'))
  if (ms('to') > ms('from')) timeline.show(ms('from'), ms('to'))
}

function addCopying(): void {
  const button = byId('copy', HTMLButtonElement)
  const text = byId('replay', HTMLElement)
  button.addEventListener('click', () => {
    // A page of a file may have no clipboard: selecting what is to be copied always works.
    getSelection()?.selectAllChildren(text)
    const done = navigator.clipboard?.writeText(text.textContent ?? '')
    if (done === undefined) document.execCommand('copy')
    button.textContent = 'Copied'
  })
}

async function readViews(): Promise<ViewLog> {
  const packed = Uint8Array.from(atob(byId('views', HTMLScriptElement).text), (each) =>
    each.charCodeAt(0),
  )
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return decodeViewLog(new Uint8Array(await new Response(stream).arrayBuffer()))
}

function addViews(log: ViewLog): void {
  const charts = byId('view-charts', HTMLDivElement)
  addPlot(
    charts,
    viewCurve(log, data),
    {
      title: 'Views',
      hint: 'who sees whom, in pairs',
      format: formatShort,
      colours: ['s1', 'muted'],
      hasReference: true,
    },
    timeline,
  )
  addPlot(
    charts,
    changeRates(log, data.endMs),
    {
      title: 'Changes of views',
      format: (value) => `${formatShort(value)}/s`,
      colours: ['alive', 'evasive', 'silent', 'ink'],
      isStepped: true,
      isCompressed: true,
    },
    timeline,
  )
  const alarms = addLanes(byId('lanes', HTMLDivElement), log, data, timeline)
  const matrix = new Matrix(log, data, timeline)
  addScrubber(timeline)
  // What the page makes of its data, for whoever checks it from outside.
  const { dataset } = document.documentElement
  dataset['known'] = String(matrix.knownAt(data.endMs))
  dataset['alarms'] = String(alarms.length)
}
