/** `earshot replay`: a recording, through the views that show a live mesh. */
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { settingsOf } from '../common-options.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { durationOption } from '../parsers.ts'
import { replayInto } from '../replaying.ts'
import type { FilterValues } from '../views/record-filter.ts'
import { addFilterOptions, filterGroups, filterOf } from '../views/record-filter.ts'
import type { ViewKind } from '../views/view.ts'
import { viewContext } from '../views/view.ts'
import { VIEWS } from '../views/views.ts'
import { prettyOption } from './logs.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface ReplayOptions extends FilterValues {
  readonly view: string
  readonly speed: number
  readonly start?: number
  readonly end?: number
  readonly pretty?: boolean
}

export function addReplay({ program, host, action }: Cli): void {
  const views = Object.entries(VIEWS).map(([name, { about }]) => `${name} (${about})`)
  const command = program
    .command('replay')
    .summary('show a recording as if it happened now')
    .description(
      'Show what `earshot record` or `earshot sim --log` wrote to FILE, or - for stdin. Views: ' +
        `${views.join(', ')}. The options that choose records are those of \`earshot logs\`. On a terminal lines ` +
        'for people, elsewhere NDJSON. Needs no mesh. `earshot top --from FILE` and `earshot graph --from FILE` show ' +
        'the same as their views here, with options of their own.',
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
      new Option('--start <time>', 'start at this time after the beginning').argParser(
        durationOption,
      ),
    )
    .addOption(
      new Option('--end <time>', 'end at this time after the beginning').argParser(durationOption),
    )
  addFilterOptions(command)
    .addOption(prettyOption())
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      examples([
        ['earshot replay incident.ndjson --level warn', 'what went wrong'],
        ['earshot replay incident.ndjson --view trace', 'where messages spent their time'],
        [
          'earshot replay incident.ndjson --view top --start 90s --end 2m --speed 1',
          'half a minute, as it was',
        ],
        ['earshot replay churn.ndjson --grep exited', 'of a simulation'],
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
  const kind = VIEWS[options.view]!
  checkFilters(command, kind, options.view)
  const filter = filterOf(options, filterGroups(command, settings.groups))
  const context = viewContext({ host, out }, options.pretty === true, filter)
  const view = await kind.open(context)
  const { start: startMs = 0, end: endMs = Number.POSITIVE_INFINITY, speed } = options
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
