/** What `earshot replay` does: reads a recording, and shows it through a view. */
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { replayInto } from '../replaying.ts'
import type { FilterValues } from './filter-options.ts'
import { filterGroups } from './filter-options.ts'
import { filterOf } from './record-filter.ts'
import type { ViewKind } from './view.ts'
import { viewContext } from './view.ts'
import { VIEWS } from './views.ts'

export interface ReplayValues extends FilterValues {
  readonly view: string
  readonly speed: number
  readonly start?: number
  readonly end?: number
  readonly pretty?: boolean
}

/** @throws CliError for a file that cannot be read, and for options that make no sense */
export async function runReplay(
  host: Host,
  command: Command,
  file: string,
  values: ReplayValues,
): Promise<ExitCode> {
  const settings = settingsOf(command)
  const out = new Output(host, settings)
  const kind = VIEWS[values.view]!
  checkFilters(command, kind, values.view)
  const filter = filterOf(values, filterGroups(command, settings.groups))
  const context = viewContext({ host, out }, values.pretty === true, filter)
  const view = await kind.open(context)
  const { start: startMs = 0, end: endMs = Number.POSITIVE_INFINITY, speed } = values
  await replayInto(view, { host, out, file, startMs, endMs, speed })
  if (view.shown === 0 && !context.asJson && !host.signal.aborted) {
    out.note(`no ${kind.about} to show in ${file}`)
  }
  return ExitCode.ok
}

/** What has no effect is not passed over in silence. @throws CliError usage */
function checkFilters(command: Command, { filters }: ViewKind, name: string): void {
  const all = VIEWS['logs']!.filters
  const useless = all.find((option) => {
    return !filters.includes(option) && command.getOptionValueSourceWithGlobals(option) === 'cli'
  })
  if (useless === undefined) return
  const flag = useless === 'ignoreCase' ? 'ignore-case' : useless
  throw new CliError(ExitCode.usage, `--${flag} means nothing to --view ${name}`)
}
