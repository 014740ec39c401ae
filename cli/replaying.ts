/** Recordings, through views: what `earshot replay`, and `top` and `graph` with `--from`, have in common. */
import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { pause } from './deadline.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import type { Host } from './host.ts'
import type { Output } from './output.ts'
import type { HeaderLine } from './recording/format.ts'
import { RecordingReader } from './recording/reader.ts'
import { counted } from './render/amounts.ts'
import type { View } from './views/view.ts'

export interface Replaying {
  readonly host: Host
  readonly out: Output
  /** `-` is stdin. */
  readonly file: string
  /** What to leave out, in milliseconds after the first line. */
  readonly startMs?: number
  readonly endMs?: number
  /** How many times as fast as it was; at once by default. */
  readonly speed?: number
}

/** Views look at the time so often, in milliseconds of the recording. */
const TICK_MS = 100

/** @throws CliError for a file that cannot be read, or is none of ours; and what the view throws. */
export async function replayInto(view: View, replaying: Replaying): Promise<void> {
  const { host, out, file } = replaying
  const over = new AbortController()
  const end = (): void => over.abort()
  for (const each of [host.signal, view.over]) each?.addEventListener('abort', end)
  if (host.signal.aborted) end()
  const source = file === '-' ? host.stdin : createReadStream(file)
  const reader = new RecordingReader(addAbortSignal(over.signal, source))
  try {
    await show(reader, view, replaying, over.signal).catch((error: NodeJS.ErrnoException) => {
      if (over.signal.aborted) return
      if (error.code === undefined || error instanceof CliError) throw error
      throw new CliError(ExitCode.failure, `cannot read ${file}: ${error.message}`)
    })
    if (!host.signal.aborted) await view.end?.()
  } finally {
    host.signal.removeEventListener('abort', end)
    view.close?.()
    if (reader.bad > 0) out.note(`${counted(reader.bad, 'damaged line')} passed over`)
    if (reader.isCutShort) out.note('the recording is cut short: its last line has no end')
  }
}

async function show(
  reader: RecordingReader,
  view: View,
  { out, file, startMs = 0, endMs = Infinity, speed = Infinity }: Replaying,
  signal: AbortSignal,
): Promise<void> {
  let pace: Pace | undefined
  let tickedAt = 0
  for await (const line of reader) {
    if (signal.aborted) return
    pace ??= new Pace(line.at + startMs, speed)
    if (line.kind === 'header') {
      out.hint(headerWords(line))
      await view.take(line)
      continue
    }
    if (line.at < pace.from) continue
    if (line.at > pace.from - startMs + endMs) return
    await pace.until(line.at, signal)
    if (line.at - tickedAt >= TICK_MS) {
      tickedAt = line.at
      await view.tick?.(line.at)
    }
    if (line.kind === 'dropped') out.note(`${counted(line.count, 'line')} missing in the recording`)
    await view.take(line)
  }
  if (pace !== undefined || signal.aborted) return
  const text = `${file} is no recording that this version can read; \`earshot record\` makes them`
  throw new CliError(ExitCode.failure, text)
}

function headerWords({ at, observer, simulation, version }: HeaderLine): string {
  if (simulation !== undefined) {
    const { scenario, seed } = simulation
    const what = scenario === undefined ? '' : ` of ${scenario}`
    return `a simulation${what}, seed ${seed}, in virtual time; earshot ${version}`
  }
  const by = observer === undefined ? '' : ` by ${observer.name}`
  return `recorded ${new Date(at).toLocaleString('sv')}${by}; earshot ${version}`
}

/** Lets as much time pass as did then, divided by a factor. */
class Pace {
  /** The moment of the recording at which it begins. */
  readonly from: number
  readonly #speed: number
  readonly #startedAt = performance.now()

  constructor(from: number, speed: number) {
    this.from = from
    this.#speed = speed
  }

  async until(at: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === Number.POSITIVE_INFINITY) return
    const restMs = this.#startedAt + (at - this.from) / this.#speed - performance.now()
    if (restMs > 1) await pause(restMs, signal)
  }
}
