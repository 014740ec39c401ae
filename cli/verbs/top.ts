/** `earshot top`: what every node of the mesh is doing, as a table that stays current. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { intervalOption, repeatedOption } from '../parsers.ts'
import { COLUMN_KEYS } from '../top/columns.ts'
import type { TopValues } from '../top/values.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

const INTERVAL_DEFAULT_MS = 1_000

export function addTop({ program, host, action }: Cli): void {
  program
    .command('top')
    .summary('watch all nodes: state, rates, queues, drops')
    .description(
      'Ask every node of the mesh how it is, again and again, and show a line for each: whom it sees, what state ' +
        'others see it in, round trip (ms), messages and bytes per second, messages that wait, messages dropped or ' +
        'lost, warnings, delay of its event loop (ms). This command itself, and what it asks, are not counted. On a ' +
        'terminal the table stays in place; h lists the keys. In a pipe one table follows the other. With --once: ' +
        'one table; nobody there is exit code 3.',
    )
    .addOption(
      new Option('--interval <time>', 'time from one table to the next')
        .default(INTERVAL_DEFAULT_MS, '1s')
        .argParser(intervalOption),
    )
    .addOption(
      new Option('-s, --sort <column>', 'sort by this column').choices(COLUMN_KEYS).default('name'),
    )
    .option('-r, --reverse', 'the other way round')
    .option('-1, --once', 'one table, with the rates of one interval')
    .addOption(
      new Option('--peer <peer>', 'only nodes that this fits; repeatable').argParser(
        repeatedOption,
      ),
    )
    .option('--from <file>', 'tables from a recording (- is stdin) instead of the mesh')
    .addHelpText(
      'after',
      examples([
        ['earshot top', 'who is there, and what they do'],
        ['earshot top --sort queue', 'who has the longest queue'],
        ['earshot top --once --interval 5s', 'one table, rates over 5 s'],
        ["earshot top --once --json | jq -r 'select(.drops > 0).node.name'", 'who drops'],
        ['earshot top --from incident.ndjson', 'what it was like then'],
      ]),
    )
    .action(
      action(async (values: TopValues, command: Command) => {
        const { runTop } = await import('../top/main.ts')
        return runTop(host, command, values)
      }),
    )
}
