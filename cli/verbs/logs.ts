/** `earshot logs`: what all nodes have logged, and log, in one order. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { checkSomebodyFits, collectInto, READER, SINCE_MS } from '../collecting.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { durationOption } from '../parsers.ts'
import { counted } from '../render/amounts.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import { LogsView } from '../views/logs-view.ts'
import type { FilterValues, RecordFilter } from '../views/record-filter.ts'
import {
  addFilterOptions,
  filterGroups,
  filterOf,
  passesPeer,
  sourceFilter,
} from '../views/record-filter.ts'
import { viewContext } from '../views/view.ts'
import { type ZreLogValue, zreLogOption } from '../zre-log.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

const NEEDS_FOLLOW = '--zre-log needs --follow: only what is sent from now on can be had'

interface LogsOptions extends FilterValues {
  readonly since: number
  readonly follow?: boolean
  readonly pretty?: boolean
  readonly zreLog?: ZreLogValue
}

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
      action((options: LogsOptions, self: Command) => {
        const groups = filterGroups(self, self.optsWithGlobals()['group'] ?? [])
        const filter = filterOf(options, groups)
        const { zreLog } = options
        if (zreLog !== undefined && options.follow !== true) {
          throw new CliError(ExitCode.usage, NEEDS_FOLLOW)
        }
        return withNode(host, self, { ...READER, zreLog }, (session) =>
          logs(session, options, filter),
        )
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

async function logs(
  session: Session,
  { since, follow = false, pretty = false }: LogsOptions,
  filter: RecordFilter,
): Promise<ExitCode> {
  const { node, out } = session
  const context = viewContext(session, pretty, filter)
  const view = new LogsView(context)
  // That this command came and asks is no news.
  view.hideAbout(node.id)
  if (follow) out.hint(`following the log of all nodes; Ctrl-C ends it`)
  const nodes = (node: { id: string; name: string }): boolean => passesPeer(filter, node)
  await collectInto(session, view, { ...sourceFilter(filter), sinceMs: since, follow, nodes })
  if (!follow) checkSomebodyFits(session, filter.peers, nodes)
  if (view.shown === 0 && !follow && !context.asJson) {
    out.note(`${counted(0, 'record')} within ${formatDuration(since)}`)
  }
  return ExitCode.ok
}
