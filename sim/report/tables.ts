/** The tables at the end of a report: messages, traffic, events, warnings, settings, and every fault in words. */
import type { ScenarioRun } from '../scenario/run.ts'
import { type Html, type HtmlValue, html } from './html.ts'
import type { ReportData } from './model/data.ts'
import { formatBytes, formatCount, formatDuration } from './model/format.ts'

/** Faults that are listed in words. Charts show all. */
const FAULTS_LISTED_MAX = 500
const MEMBERS_NAMED_MAX = 8

type Row = readonly [name: string, value: HtmlValue]

export function detailsOf(run: ScenarioRun, data: ReportData): Html {
  const { result, info, journal } = run
  const settings = Object.entries(result.settings).map(([name, value]): Row => [name, value])
  return html`<section id="details"><h2>In numbers</h2><div class="tables">
${table('Messages', messages(run))}
${table('Traffic', traffic(run))}
${counts('Events told to applications', Object.entries(result.eventCounts))}
${counts('Warnings', [...journal.warningCounts])}
${table('Settings', settings)}
${table(
  'Checks',
  info.checks.map((name): Row => [name, outcome(run, name)]),
  'No checks ran.',
)}
</div>${faultList(data)}</section>`
}

function messages({ result }: ScenarioRun): Row[] {
  const { sent, accepted, received, latencyMs } = result.messages
  return [
    ['sent', formatCount(sent)],
    ['accepted', formatCount(accepted)],
    ['received', formatCount(received)],
    ['latency, 50 %', formatDuration(latencyMs.p50)],
    ['latency, 90 %', formatDuration(latencyMs.p90)],
    ['latency, 99 %', formatDuration(latencyMs.p99)],
    ['latency, highest', formatDuration(latencyMs.max)],
  ]
}

function traffic({ result }: ScenarioRun): Row[] {
  const { traffic: all } = result
  return [
    ['datagrams sent', formatCount(all.datagramsSent)],
    ['datagrams received', formatCount(all.datagramsReceived)],
    ['datagrams lost', formatCount(all.datagramsLost)],
    ['connections opened', formatCount(all.connectionsOpened)],
    ['bytes in streams', formatBytes(all.streamBytes)],
    ['per node', `${formatBytes(all.bytesPerNodeAndSecond)}/s`],
  ]
}

function outcome({ result }: ScenarioRun, check: string): string {
  const count = result.failures.filter((failure) => failure.check === check).length
  return count === 0 ? 'passed' : `${count} failed`
}

function table(caption: string, rows: readonly Row[], none = 'None.'): Html {
  const body =
    rows.length === 0
      ? html`<tr><td>${none}</td></tr>`
      : rows.map(
          ([name, value]) =>
            html`<tr><th scope="row">${name}</th><td class="number">${value}</td></tr>`,
        )
  return html`<table><caption>${caption}</caption><tbody>${body}</tbody></table>`
}

/** With bars, the longest first. */
function counts(caption: string, entries: readonly (readonly [string, number])[]): Html {
  const sorted = [...entries].sort((a, b) => b[1] - a[1])
  const highest = Math.max(1, ...sorted.map(([, count]) => count))
  const rows = sorted.map(([name, count]): Row => {
    const width = ((100 * count) / highest).toFixed(1)
    return [
      name,
      html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="8"/></svg>${formatCount(count)}`,
    ]
  })
  return table(caption, rows)
}

function faultList({ faults, names }: ReportData): Html {
  if (faults.length === 0) return html``
  const rows = faults.slice(0, FAULTS_LISTED_MAX).map(({ kind, label, members, atMs, endMs }) => {
    const lasted = endMs > atMs ? formatDuration(endMs - atMs) : ''
    return html`<tr><td class="number">${(atMs / 1_000).toFixed(3)} s</td><td class="number">${lasted}</td><th scope="row">${kind}</th><td>${label}</td><td>${membersOf(members, names)}</td></tr>`
  })
  const more = faults.length - rows.length
  return html`<details><summary>All faults, in words (${faults.length})</summary><div class="wide"><table>
<thead><tr><th scope="col" class="number">At</th><th scope="col" class="number">Lasted</th><th scope="col">Kind</th><th scope="col">What happened</th><th scope="col">Nodes</th></tr></thead>
<tbody>${rows}</tbody></table></div>${more > 0 ? html`<p class="hint">… and ${more} more.</p>` : ''}</details>`
}

function membersOf(members: readonly number[], names: readonly string[]): string {
  if (members.length === 0) return 'whole network'
  const named = members.slice(0, MEMBERS_NAMED_MAX).map((member) => names[member] ?? '')
  const more = members.length - named.length
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
