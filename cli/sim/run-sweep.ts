/** A sweep: what is swept, its progress, every seed that failed with the command that shows it again, the totals. */
import { availableParallelism } from 'node:os'
import { previewRequest, type RunRequest } from '../../sim/sweep/request.ts'
import { isFailure, type Outcome, type SweepTotals, sweep } from '../../sim/sweep/sweep.ts'
import { formatDuration } from '../duration.ts'
import { ExitCode } from '../exit-codes.ts'
import { recordOf } from '../json.ts'
import { counted, countText } from '../render/amounts.ts'
import { escapeText } from '../render/escape.ts'
import { ProgressLine } from '../render/progress-line.ts'
import { speedText } from './format.ts'
import { sweepLine } from './progress.ts'
import type { Seeds } from './seeds.ts'
import { failureLines, headingLines, labelled, replayLine } from './summary.ts'
import type { SimContext } from './values.ts'

/** Of one seed: enough to see what it is about. Running it again shows all. */
const FAILURES_SHOWN = 5
/** In the totals; each was named before. */
const SEEDS_SHOWN = 20

export interface RunSweepOptions {
  readonly seeds: Seeds
  readonly jobs?: number
  readonly maxFailures?: number
}

export async function runSweep(
  context: SimContext,
  request: Omit<RunRequest, 'seed'>,
  { seeds, jobs: wanted, maxFailures }: RunSweepOptions,
): Promise<ExitCode> {
  const { host, out } = context
  const jobs = Math.min(wanted ?? availableParallelism(), seeds.count)
  await tellStart(context, request, seeds, jobs)
  const line = new ProgressLine(context)
  try {
    const totals = await sweep({
      ...request,
      seeds,
      jobs,
      ...(maxFailures !== undefined && { maxFailures }),
      signal: host.signal,
      onOutcome: (outcome) => tellOutcome(context, outcome),
      onProgress: (progress) => line.update(() => sweepLine(progress, seeds.count)),
    })
    line.end()
    if (host.signal.reason !== 'output-closed') await tellTotals(context, totals, seeds)
    return totals.failed > 0 ? ExitCode.failure : ExitCode.ok
  } finally {
    line.end()
    out.setCurtain(undefined)
  }
}

async function tellStart(
  { host, out }: SimContext,
  request: Omit<RunRequest, 'seed'>,
  seeds: Seeds,
  jobs: number,
): Promise<void> {
  const info = await previewRequest({ ...request, seed: seeds.text })
  if (out.json) {
    const { seed, ...rest } = info
    const fields = { ...rest, seeds: seed, count: seeds.count, jobs, version: host.version }
    await out.printRecord(recordOf('sim-sweep', fields))
  } else {
    const shown = { ...info, seed: `${seeds.text}, ${jobs} at a time` }
    for (const text of headingLines(shown, out.paint, 'seeds')) await out.print(text)
  }
}

function tellOutcome({ out }: SimContext, outcome: Outcome): void {
  if (out.json) {
    const fields = outcome.kind === 'finished' ? outcome.result : { ...outcome, ok: false }
    const kind = outcome.kind === 'finished' ? 'sim-result' : 'sim-broken'
    void out.printRecord(recordOf(kind, fields as unknown as Record<string, unknown>))
  } else if (isFailure(outcome)) {
    void out.print('')
    for (const text of outcomeLines(outcome, out)) void out.print(text)
  }
}

function outcomeLines(outcome: Outcome, { paint }: SimContext['out']): string[] {
  const title = paint('bold', `seed ${outcome.seed}`)
  if (outcome.kind === 'broken') {
    const reason = `  ${paint('red', 'broken')}: ${escapeText(outcome.reason)}`
    return [title, reason, `  ${replayLine(outcome.replay, paint)}`]
  }
  const lines = failureLines(outcome.result, paint, FAILURES_SHOWN).filter((text) => text !== '')
  const replay = lines.pop()!
  return [title, ...lines, `  ${replay}`]
}

async function tellTotals({ out }: SimContext, totals: SweepTotals, seeds: Seeds): Promise<void> {
  const { done, failed, failedSeeds, ended, wallMs, virtualMs, events } = totals
  const seedsPerMinute = (done / Math.max(wallMs, 1)) * 60_000
  if (out.json) {
    const fields = { ...totals, ok: failed === 0, count: seeds.count, seedsPerMinute }
    await out.printRecord(recordOf('sim-total', fields))
    return
  }
  const { paint } = out
  const endings: Readonly<Record<SweepTotals['ended'], string>> = {
    'all-done': '',
    'max-failures': ', ended by --max-failures',
    aborted: ', interrupted',
  }
  const verdict =
    failed > 0
      ? paint('red', `FAILED: ${counted(failed, 'seed')}: ${seedsText(failedSeeds)}`)
      : paint(done === seeds.count ? 'green' : 'yellow', 'no failure')
  const rows: [string, string][] = [
    ['verdict', verdict],
    ['seeds', `${countText(done)} of ${countText(seeds.count)}${endings[ended]}`],
    ['took', `${formatDuration(wallMs)}: ${countText(seedsPerMinute)} seeds a minute`],
    [
      'speed',
      `${speedText(virtualMs, wallMs)}, ${countText((events / Math.max(wallMs, 1)) * 1_000)} steps/s`,
    ],
  ]
  for (const text of ['', ...labelled(rows, paint)]) await out.print(text)
}

function seedsText(seeds: readonly (number | string)[]): string {
  const shown = seeds.slice(0, SEEDS_SHOWN).join(' ')
  return seeds.length > SEEDS_SHOWN ? `${shown} …` : shown
}
