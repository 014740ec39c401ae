/** `earshot logs`: what all nodes have logged, and log, in one order. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { durationOption } from '../parsers.ts'
import { addFilterOptions } from '../views/filter-options.ts'
import type { LogsValues } from '../views/logs.ts'
import { zreLogOption } from '../zre-log.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

/** How far back to look when the user has not said. */
const SINCE_MS = 300_000

export function addLogs({ program, host, action }: Cli): void {
  const command = program
    .command('logs')
    .summary('print what all nodes log')
    .description(
      'Print what all nodes have logged: the recent records that they keep, in one order in which no effect precedes ' +
        'its cause. With --follow goes on with what comes. Times are by the clock of this host: what the ' +
        'clock of another is wrong by is taken off, and pointed out from a second on. --group and the others choose ' +
        'records; --group joins nothing here. On a terminal lines for people, elsewhere NDJSON. Nobody ' +
        'there is exit code 3.',
    )
    .addOption(sinceOption())
    .addOption(new Option('-f, --follow', 'go on with what comes, until Ctrl-C or --timeout'))
  addFilterOptions(command)
    .addOption(zreLogOption())
    .addOption(prettyOption())
    .addHelpText(
      'after',
      examples([
        ['earshot logs', 'the last five minutes of everybody'],
        ['earshot logs -f --level warn', 'what goes wrong, as it happens'],
        ['earshot logs --since 1h --peer kitchen', 'one node, an hour back'],
        ['earshot logs -f --zre-log', 'with what C Zyre and others send as ZRE/LOG'],
        ['earshot logs --field port=80 --grep "time.*out"', 'by field, and by text'],
        ["earshot logs --json | jq -r 'select(.level >= 50) | .msg'", 'for programs'],
      ]),
    )
    .action(
      action(async (options: LogsValues, self: Command) => {
        const { runLogs } = await import('../views/logs.ts')
        return runLogs(host, self, options)
      }),
    )
}

export function sinceOption(): Option {
  return new Option('-s, --since <time>', 'how far back: 30s, 5m, 2h')
    .default(SINCE_MS, '5m')
    .argParser(durationOption)
}

export function prettyOption(): Option {
  return new Option('--pretty', 'lines for people in a pipe, too')
}
