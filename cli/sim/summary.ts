/** A run for people: its heading, before anything happens, and its summary, from the plain result. */
import type { RunInfo } from '../../sim/scenario/info.ts'
import type { RunResult } from '../../sim/scenario/result.ts'
import type { Progress } from '../../sim/scenario/run.ts'
import { formatDuration } from '../duration.ts'
import { bytesText, counted, countText } from '../render/amounts.ts'
import { escapeText } from '../render/escape.ts'
import type { Paint } from '../render/style.ts'
import { padEnd } from '../render/width.ts'
import { momentText, speedText } from './format.ts'

/** The seed, or the seeds of a sweep, and everything derived from the options. */
export function headingLines(
  info: RunInfo,
  paint: Paint,
  seedLabel: 'seed' | 'seeds' = 'seed',
): string[] {
  const { scenario, seed, nodes, durationMs, settings, checks } = info
  const values = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return labelled(
    [
      ['scenario', paint('bold', escapeText(scenario))],
      [seedLabel, paint('bold', escapeText(String(seed)))],
      ['nodes', countText(nodes)],
      ['for', `${momentText(durationMs)} of virtual time`],
      ['settings', escapeText(values.join(' '))],
      ['checks', escapeText(checks.join(' ')) || 'none'],
    ],
    paint,
  )
}

/** Verdict first, then what happened; the failures, and how to see them again, last: there the eye is. */
export function summaryLines(result: RunResult, paint: Paint): string[] {
  const { views, messages, traffic } = result
  const { p50, p90, p99, max } = messages.latencyMs
  const latency = [`50 % ${ms(p50)}`, `90 % ${ms(p90)}`, `99 % ${ms(p99)}`, `longest ${ms(max)}`]
  const eventCounts = Object.entries(result.eventCounts).sort(([a], [b]) => (a < b ? -1 : 1))
  const rate = (result.events / Math.max(result.wallMs, 1)) * 1_000
  return [
    '',
    ...labelled(
      [
        ['verdict', verdict(result, paint)],
        ['views', `${countText(views.known)} of ${countText(views.complete)}`],
        ['complete', milestones(views.milestonesMs)],
        ['converged', convergence(views.convergedMs)],
        [
          'messages',
          `${countText(messages.sent)} sent, ${countText(messages.accepted)} accepted, ` +
            `${countText(messages.received)} received`,
        ],
        ['latency', messages.received === 0 ? 'nothing received' : latency.join(', ')],
        [
          'datagrams',
          `${countText(traffic.datagramsSent)} sent, ${countText(traffic.datagramsReceived)} ` +
            `received, ${countText(traffic.datagramsLost)} lost`,
        ],
        [
          'streams',
          `${counted(traffic.connectionsOpened, 'connection')}, ${bytesText(traffic.streamBytes)}`,
        ],
        ['traffic', `${bytesText(traffic.bytesPerNodeAndSecond)} per node and second`],
        ['events', eventCounts.map(([type, count]) => `${type} ${countText(count)}`).join(', ')],
        ['faults', countText(result.faults)],
        [
          'speed',
          `${momentText(result.virtualMs)} in ${formatDuration(result.wallMs)}: ` +
            `${speedText(result.virtualMs, result.wallMs)}, ${countText(rate)} steps/s`,
        ],
        ['memory', bytesText(result.memoryBytes)],
        ['hash', result.hash],
      ],
      paint,
    ),
    ...failureLines(result, paint),
  ]
}

/** Failures by check, and the command that shows them again; nothing for a run without. */
export function failureLines(
  result: RunResult,
  paint: Paint,
  shown: number = Number.POSITIVE_INFINITY,
): string[] {
  if (result.ok) return []
  const { failures, moreFailures } = result
  const unseen = moreFailures + Math.max(0, failures.length - shown)
  const more = unseen === 0 ? [] : [`  … and ${countText(unseen)} more`]
  return [
    '',
    ...failures.slice(0, shown).map(({ check, atMs, message }) => {
      return `  ${paint('red', escapeText(check))} at ${momentText(atMs)}: ${escapeText(message)}`
    }),
    ...more,
    '',
    replayLine(result.replay, paint),
  ]
}

export function replayLine(replay: string, paint: Paint): string {
  return `run it again: ${paint('bold', escapeText(replay))}`
}

/** What can be said of a run that did not come to its end. */
export function partialLines(progress: Progress | undefined, paint: Paint): string[] {
  if (progress === undefined) return ['', 'ended before anything had happened']
  const { phase, virtualMs, durationMs, wallMs, events, knownViews, completeViews } = progress
  return [
    '',
    ...labelled(
      [
        ['verdict', paint('yellow', `none: ended early, while ${phase}`)],
        ['reached', `${momentText(virtualMs)} of ${momentText(durationMs)}`],
        ['views', `${countText(knownViews)} of ${countText(completeViews)}`],
        ['speed', `${speedText(virtualMs, wallMs)}, ${countText(events)} steps`],
      ],
      paint,
    ),
  ]
}

function verdict({ ok, failures, moreFailures }: RunResult, paint: Paint): string {
  if (ok) return paint('green', 'passed')
  const checks = new Set(failures.map(({ check }) => check))
  const count = counted(failures.length + moreFailures, 'failure')
  return paint('red', `FAILED: ${count} of ${counted(checks.size, 'check')}`)
}

function milestones(milestonesMs: Readonly<Record<string, number | null>>): string {
  return Object.entries(milestonesMs)
    .map(([percent, at]) => `${percent} % ${at === null ? 'never' : momentText(at)}`)
    .join(', ')
}

function convergence(convergedMs: number | null): string {
  if (convergedMs === null) return 'not at all'
  if (convergedMs === 0) return 'was complete when the faults ended'
  return `${momentText(convergedMs)} after the faults had ended`
}

function ms(value: number): string {
  return formatDuration(value)
}

/** `label   text`, aligned. */
export function labelled(
  rows: readonly (readonly [label: string, text: string])[],
  paint: Paint,
): string[] {
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, text]) => `${paint('dim', padEnd(label, width))}  ${text}`)
}
