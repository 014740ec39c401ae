/** `earshot top --from`: the same tables, from a recording. */
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import {
  checkFound,
  frameOf,
  type RecordingFacts,
  type Round,
  Rounds,
  readRecording,
} from '../monitor/recording.ts'
import type { Frame } from '../monitor/rows.ts'
import { Output } from '../output.ts'
import { choosePeers } from '../peer-ref.ts'
import { orderOf, plainShow, ScreenShow, wantsScreen } from './show.ts'
import type { TopValues } from './values.ts'

/** Of all tables together: about 200 MB. */
const ROWS_MAX = 500_000

/** @throws CliError for a file that cannot be read, or holds nothing */
export async function showRecorded(
  host: Host,
  command: Command,
  values: TopValues,
  path: string,
): Promise<ExitCode> {
  if (command.getOptionValueSource('interval') === 'cli') {
    throw new CliError(ExitCode.usage, '--interval is for live tables: leave it out with --from')
  }
  const out = new Output(host, settingsOf(command))
  const facts: RecordingFacts = { snapshots: 0, bad: 0 }
  const frames = framesOf(host, path, facts, values)
  if (values.once === true || wantsScreen(host, out, values)) {
    const kept = await keptFrames(frames, out, values.once === true ? 1 : ROWS_MAX)
    checkFound(out, path, facts)
    if (values.once === true) await plainShow(out, values).show(kept.at(-1)!)
    else await turnPages(host, out, values, kept)
    return ExitCode.ok
  }
  const show = plainShow(out, values)
  for await (const frame of frames) await show.show(frame)
  checkFound(out, path, facts)
  return ExitCode.ok
}

async function* framesOf(
  host: Host,
  path: string,
  facts: RecordingFacts,
  { peer }: TopValues,
): AsyncGenerator<Frame, undefined> {
  const rounds = new Rounds()
  const frame = (round: Round): Frame => {
    const { at, rows } = frameOf(round, facts.observer)
    return { at, rows: choosePeers(peer, rows) }
  }
  for await (const snapshot of readRecording(host, path, facts)) {
    const round = rounds.push(snapshot, facts.observer)
    if (round !== undefined) yield frame(round)
  }
  const last = rounds.end(facts.observer)
  if (last !== undefined) yield frame(last)
}

/** The latest ones. */
async function keptFrames(
  frames: AsyncIterable<Frame>,
  out: Output,
  rowsMax: number,
): Promise<Frame[]> {
  const kept: Frame[] = []
  let rows = 0
  let left = 0
  for await (const frame of frames) {
    kept.push(frame)
    rows += frame.rows.length
    while (rows > rowsMax && kept.length > 1) {
      rows -= kept.shift()!.rows.length
      left++
    }
  }
  if (left > 0 && rowsMax > 1) out.note(`the first ${left} tables of the recording are left out`)
  return kept
}

function turnPages(
  host: Host,
  out: Output,
  values: TopValues,
  frames: readonly Frame[],
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      host.signal.removeEventListener('abort', end)
      screen.close()
      resolve()
    }
    const screen = new ScreenShow(host, out, orderOf(values), end, frames)
    host.signal.addEventListener('abort', end)
    if (host.signal.aborted) end()
  })
}
