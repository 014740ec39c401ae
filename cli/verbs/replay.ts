/** `earshot replay`: a recording, through the views that show a live mesh. */
import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { settingsOf } from '../common-options.ts'
import { pause } from '../deadline.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { durationOption } from '../parsers.ts'
import type { HeaderLine } from '../recording/format.ts'
import { RecordingReader } from '../recording/reader.ts'
import { counted } from '../render/counted.ts'
import type { FilterValues } from '../views/record-filter.ts'
import { addFilterOptions, filterGroups, filterOf } from '../views/record-filter.ts'
import type { View } from '../views/view.ts'
import { viewContext } from '../views/view.ts'
import { VIEWS } from '../views/views.ts'
import { prettyOption } from './logs.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface ReplayOptions extends FilterValues {
  readonly view: string
  readonly speed: number
  readonly from?: number
  readonly to?: number
  readonly pretty?: boolean
}

/** Views look at the time so often, in milliseconds of the recording. */
const TICK_MS = 100

export function addReplay({ program, host, action }: Cli): void {
  const views = Object.entries(VIEWS).map(([name, { about }]) => `${name} (${about})`)
  const command = program
    .command('replay')
    .summary('show a recording as if it happened now')
    .description(
      `Show what \`earshot record\` wrote to FILE, or - for stdin. Views: ${views.join(', ')}. The options that ` +
        'choose records are those of `earshot logs`. On a terminal lines for people, elsewhere NDJSON. Needs no mesh.',
    )
    .argument('<file>', 'the recording')
    .addOption(
      new Option('--view <view>', 'what to show').default('logs').choices(Object.keys(VIEWS)),
    )
    .addOption(
      new Option('--speed <factor>', '1 as it was, 10 ten times as fast, max at once')
        .default(Number.POSITIVE_INFINITY, 'max')
        .argParser(speedOption),
    )
    .addOption(
      new Option('--from <time>', 'leave out so much of the beginning').argParser(durationOption),
    )
    .addOption(
      new Option('--to <time>', 'end at this time after the beginning').argParser(durationOption),
    )
  addFilterOptions(command)
    .addOption(prettyOption())
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      examples([
        ['earshot replay incident.ndjson --level warn', 'what went wrong'],
        ['earshot replay incident.ndjson --view trace', 'where messages spent their time'],
        ['earshot replay incident.ndjson --from 90s --to 2m --speed 1', 'half a minute, as it was'],
        ['zcat mesh.ndjson.gz | earshot replay - --view events', 'from a pipe'],
      ]),
    )
    .action(
      action((file: string, options: ReplayOptions, self: Command) => {
        return replay(host, self, file, options)
      }),
    )
}

function speedOption(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const factor = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (factor > 0) return factor
  throw new InvalidArgumentError('Expected a number above 0, or max.')
}

async function replay(
  host: Host,
  command: Command,
  file: string,
  options: ReplayOptions,
): Promise<ExitCode> {
  const settings = settingsOf(command)
  const out = new Output(host, settings)
  const filter = filterOf(options, filterGroups(command, settings.groups))
  const view = VIEWS[options.view]!.open(viewContext(out, options.pretty === true, filter))
  const reader = new RecordingReader(
    addAbortSignal(host.signal, file === '-' ? host.stdin : createReadStream(file)),
  )
  try {
    await show(reader, view, { host, out, file, options })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined || error instanceof CliError) throw error
    throw new CliError(ExitCode.failure, `cannot read ${file}: ${message}`)
  }
  await view.end?.()
  if (reader.bad > 0) out.note(`${counted(reader.bad, 'damaged line')} passed over`)
  if (reader.isCutShort) out.note('the recording is cut short: its last line has no end')
  return ExitCode.ok
}

interface Showing {
  readonly host: Host
  readonly out: Output
  readonly file: string
  readonly options: ReplayOptions
}

async function show(
  reader: RecordingReader,
  view: View,
  { host, out, file, options }: Showing,
): Promise<void> {
  const { from = 0, to = Number.POSITIVE_INFINITY, speed } = options
  let pace: Pace | undefined
  let tickedAt = 0
  for await (const line of reader) {
    if (host.signal.aborted) return
    if (pace === undefined) {
      pace = new Pace(line.at + from, speed)
      if (line.kind === 'header') out.hint(headerWords(line))
    }
    if (line.at < pace.from) continue
    if (line.at > pace.from - from + to) return
    await pace.until(line.at, host.signal)
    if (line.at - tickedAt >= TICK_MS) {
      tickedAt = line.at
      await view.tick?.(line.at)
    }
    if (line.kind === 'dropped') out.note(`${counted(line.count, 'line')} missing in the recording`)
    await view.take(line)
  }
  if (pace !== undefined) return
  const text = `${file} is no recording that this version can read; \`earshot record\` makes them`
  throw new CliError(ExitCode.failure, text)
}

function headerWords({ at, name, version }: HeaderLine): string {
  const by = name === undefined ? '' : ` by ${name}`
  return `recorded ${new Date(at).toLocaleString('sv')}${by}, earshot ${version}`
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
