/** `earshot replay`: a recording, through the views that show a live mesh. */
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { durationOption } from '../parsers.ts'
import { addFilterOptions } from '../views/filter-options.ts'
import type { ReplayValues } from '../views/replay.ts'
import { VIEWS } from '../views/views.ts'
import { prettyOption } from './logs.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

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
      action(async (file: string, values: ReplayValues, self: Command) => {
        const { runReplay } = await import('../views/replay.ts')
        return runReplay(host, self, file, values)
      }),
    )
}

function speedOption(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const factor = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (factor > 0) return factor
  throw new InvalidArgumentError('Expected a number above 0, or max.')
}
