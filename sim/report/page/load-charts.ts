/** The charts of traffic and load, from the samples of the journal. */
import type { ReportData } from '../model/data.ts'
import { formatBytes, formatDuration, formatShort } from '../model/format.ts'
import { type Chart, gauges, rates } from '../model/series.ts'
import { addPlot, type PlotOptions } from './plot.ts'
import type { Timeline } from './timeline.ts'

const perSecond = (value: number): string => `${formatShort(value)}/s`
const bytesPerSecond = (bytes: number): string => `${formatBytes(bytes)}/s`

export function addLoadCharts(place: HTMLElement, data: ReportData, timeline: Timeline): void {
  const add = (chart: Chart, options: PlotOptions): void => addPlot(place, chart, options, timeline)
  const counted = (title: string, columns: Record<string, readonly string[]>): void =>
    add(rates(data, columns), { title, format: perSecond, colours: ['s1', 's2', 's3', 's4'] })
  addLatency(add, data)
  counted('Messages of the workload', { sent: ['messagesSent'], received: ['messagesReceived'] })
  counted('Datagrams', {
    sent: ['datagramsSent'],
    received: ['datagramsReceived'],
    lost: ['datagramsLost'],
  })
  add(rates(data, { streams: ['streamBytes'], datagrams: ['datagramBytes'] }), {
    title: 'Bytes sent, by kind',
    format: bytesPerSecond,
    colours: ['s1', 's2'],
  })
  add(rates(data, { 'per running node': ['streamBytes', 'datagramBytes'] }, 'running'), {
    title: 'Bytes sent per node',
    format: bytesPerSecond,
    colours: ['s1'],
  })
  counted('Connections', {
    opened: ['connectionsOpened'],
    retransmits: ['retransmits'],
    resets: ['resets'],
  })
  if (data.hasOutboxes) addOutboxes(add, data)
  add(gauges(data, { running: 'running' }), {
    title: 'Nodes that run',
    format: formatShort,
    colours: ['s1'],
  })
  addSimulator(add, data)
}

type Add = (chart: Chart, options: PlotOptions) => void

function addLatency(add: Add, data: ReportData): void {
  const chart = gauges(data, {
    median: 'latencyP50Ms',
    '90 %': 'latencyP90Ms',
    '99 %': 'latencyP99Ms',
  })
  const series = chart.series.map(({ label, values }) => ({
    label,
    values: values.map((value) => (value === 0 ? null : value)),
  }))
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null))
  if (known.length === 0) return
  add(
    { seconds: chart.seconds, series },
    {
      title: 'Latency of messages',
      format: formatDuration,
      colours: ['s1', 's2', 's3'],
      isLogarithmic:
        known.reduce((a, b) => Math.max(a, b)) > 20 * known.reduce((a, b) => Math.min(a, b)),
    },
  )
}

function addOutboxes(add: Add, data: ReportData): void {
  add(gauges(data, { messages: 'outboxMessagesMax' }), {
    title: 'Longest outbox',
    format: formatShort,
    colours: ['s1'],
  })
  add(gauges(data, { bytes: 'outboxBytes' }), {
    title: 'All outboxes together',
    format: formatBytes,
    colours: ['s1'],
  })
}

function addSimulator(add: Add, data: ReportData): void {
  add(gauges(data, { pending: 'pendingEvents' }), {
    title: 'Simulator: pending events',
    format: formatShort,
    colours: ['s4'],
  })
  add(rates(data, { events: ['events'] }), {
    title: 'Simulator: events per virtual second',
    format: perSecond,
    colours: ['s4'],
  })
  add(rates(data, { 'wall ms': ['wallMs'] }), {
    title: 'Simulator: wall time per virtual second',
    format: formatDuration,
    colours: ['s4'],
  })
  add(gauges(data, { heap: 'heapBytes' }), {
    title: 'Simulator: heap',
    format: formatBytes,
    colours: ['s4'],
  })
}
