/** The tables of a recording: as lines, as NDJSON, or on a screen with pages to turn. */
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { frameOf, noSnapshots, type Round, Rounds } from '../monitor/rounds.ts'
import type { Frame } from '../monitor/rows.ts'
import { Output } from '../output.ts'
import { choosePeers } from '../peer-ref.ts'
import type { RecordedLine } from '../recording/format.ts'
import { replayInto } from '../replaying.ts'
import type { View, ViewContext } from '../views/view.ts'
import { orderOf, plainShow, ScreenShow, type Show, wantsScreen } from './show.ts'
import type { TopValues } from './values.ts'

type RecordedValues = Pick<TopValues, 'sort' | 'reverse' | 'once' | 'peer'>

/** Of all tables together: about 200 MB. */
const ROWS_MAX = 500_000

/** @throws CliError for a file that cannot be read, or holds nothing */
export async function showRecorded(
  host: Host,
  command: Command,
  values: TopValues,
  file: string,
): Promise<ExitCode> {
  if (command.getOptionValueSource('interval') === 'cli') {
    throw new CliError(ExitCode.usage, '--interval is for live tables: leave it out with --from')
  }
  const out = new Output(host, settingsOf(command))
  await replayInto(new TopView({ host, out, asJson: out.json }, values), { host, out, file })
  return ExitCode.ok
}

/** Tables, one for each round of questions, as they come; with `once` the last one. */
export class TopView implements View {
  readonly #rounds = new Rounds()
  readonly #values: RecordedValues
  readonly #screen: Pages | undefined
  readonly #lines: Show
  readonly over: AbortSignal | undefined
  #last: Frame | undefined

  constructor(
    { host, out, asJson }: Pick<ViewContext, 'host' | 'out' | 'asJson'>,
    values: RecordedValues,
  ) {
    this.#values = values
    this.#lines = plainShow(out, values, asJson)
    this.#screen =
      !asJson && wantsScreen(host, out, values) ? new Pages(host, out, values) : undefined
    this.over = this.#screen?.over
  }

  take(line: RecordedLine): Promise<void> | undefined {
    if (line.kind === 'header') this.#rounds.leaveOut(line.observer?.id)
    const round = line.kind === 'snapshot' ? this.#rounds.push(line.snapshot) : undefined
    return round && this.#show(round)
  }

  async end(): Promise<void> {
    const round = this.#rounds.end()
    if (round !== undefined) await this.#show(round)
    if (this.#last === undefined) throw noSnapshots()
    if (this.#screen !== undefined) await this.#screen.left()
    else if (this.#values.once === true) await this.#lines.show(this.#last)
  }

  close(): void {
    this.#screen?.close()
  }

  async #show(round: Round): Promise<void> {
    const { at, rows } = frameOf(round, this.#rounds.observer)
    const frame = { at, rows: choosePeers(this.#values.peer, rows) }
    this.#last = frame
    if (this.#screen !== undefined) this.#screen.add(frame)
    else if (this.#values.once !== true) await this.#lines.show(frame)
  }
}

/** A screen that opens with the first table, and keeps all of them. */
class Pages {
  readonly #host: Host
  readonly #out: Output
  readonly #values: RecordedValues
  readonly #over = new AbortController()
  readonly over: AbortSignal = this.#over.signal
  readonly #frames: Frame[] = []
  #rows = 0
  #left = 0
  #screen: ScreenShow | undefined

  constructor(host: Host, out: Output, values: RecordedValues) {
    this.#host = host
    this.#out = out
    this.#values = values
  }

  add(frame: Frame): void {
    this.#frames.push(frame)
    this.#rows += frame.rows.length
    let left = 0
    while (this.#rows > ROWS_MAX && this.#frames.length > 1) {
      this.#rows -= this.#frames.shift()!.rows.length
      left++
    }
    this.#left += left
    const quit = (): void => this.#over.abort()
    const order = orderOf(this.#values)
    this.#screen ??= new ScreenShow(this.#host, this.#out, order, quit, this.#frames)
    this.#screen.handleAdded(left)
  }

  /** Resolves when the user has seen enough. */
  left(): Promise<void> {
    this.#screen?.draw()
    return new Promise((resolve) => {
      for (const signal of [this.over, this.#host.signal]) {
        signal.addEventListener('abort', () => resolve(), { once: true })
        if (signal.aborted) resolve()
      }
    })
  }

  close(): void {
    this.#screen?.close()
    if (this.#left > 0) this.#out.note(`the first ${this.#left} tables were left out`)
  }
}
