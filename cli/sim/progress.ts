/** How far a run, or a sweep, has come: in one line. */
import type { Progress } from '../../sim/scenario/run.ts'
import type { SweepProgress } from '../../sim/sweep/sweep.ts'
import { bytesText } from '../render/amounts.ts'
import { etaText, shortCount, speedText } from './format.ts'

const BAR_WIDTH = 20

/** `running ████████░░░░ 34/60 s, 58 × real time, 345k events/s, 380/380 views, 123 MB`. */
export function runLine(progress: Progress): string {
  const { phase, virtualMs, durationMs, wallMs, events } = progress
  const { knownViews, completeViews, memoryBytes } = progress
  const seconds = `${Math.floor(virtualMs / 1_000)}/${Math.round(durationMs / 1_000)} s`
  return [
    `${phase} ${barOf(virtualMs / durationMs)} ${seconds}`,
    speedText(virtualMs, wallMs),
    `${shortCount((events / Math.max(wallMs, 1)) * 1_000)} events/s`,
    `${shortCount(knownViews)}/${shortCount(completeViews)} views`,
    bytesText(memoryBytes),
  ].join(', ')
}

/** `████░░░░ 345/1000 seeds, 2 failed, 112 seeds/min, 5.8 min left`. */
export function sweepLine({ done, failed, wallMs }: SweepProgress, all: number): string {
  const rate = (done / Math.max(wallMs, 1)) * 60_000
  return [
    `${barOf(done / all)} ${done}/${all} seeds`,
    `${failed} failed`,
    `${shortCount(rate)} seeds/min`,
    etaText(done, all, wallMs),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function barOf(share: number): string {
  const full = Math.round(BAR_WIDTH * Math.min(1, Math.max(0, share)))
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
}
