/** Progress on a terminal: one line of stderr, rewritten in place, and gone when it is over. Nothing in pipes. */
import type { Progress } from '../../sim/scenario/run.ts'
import type { SweepProgress } from '../../sim/sweep/sweep.ts'
import type { Curtain } from '../output.ts'
import { truncate } from '../render/width.ts'
import { bytesText, etaText, shortCount, speedText } from './format.ts'
import type { SimContext } from './values.ts'

const REDRAW_MS = 100
const COLUMNS_DEFAULT = 80
const BAR_WIDTH = 20

export class ProgressLine implements Curtain {
  readonly #stream: SimContext['host']['stderr']
  readonly #isShown: boolean
  #drawnAt = 0
  #text = ''

  constructor({ host, out }: SimContext) {
    this.#stream = host.stderr
    this.#isShown = host.stderr.isTTY === true && host.env['TERM'] !== 'dumb' && !out.quiet
    if (this.#isShown) out.setCurtain(this)
  }

  /** `text` is asked for only when it is time to redraw. */
  update(text: () => string): void {
    const now = performance.now()
    if (!this.#isShown || now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    // The last column stays free: some terminals wrap there.
    this.#text = truncate(text(), (this.#stream.columns ?? COLUMNS_DEFAULT) - 1)
    this.#stream.write(`\r\u001b[K${this.#text}`)
  }

  end(): void {
    this.hide()
    this.#text = ''
  }

  // Steps aside for every line that is written.

  hide(): void {
    if (this.#text !== '') this.#stream.write('\r\u001b[K')
  }

  show(): void {
    if (this.#text !== '') this.#stream.write(this.#text)
  }
}

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
