/** What `earshot logs` does: collects from all nodes, and shows what passes. */
import type { Command } from 'commander'
import { checkSomebodyFits, collectInto, READER } from '../collecting.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { counted } from '../render/amounts.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import type { ZreLogValue } from '../zre-log.ts'
import type { FilterValues } from './filter-options.ts'
import { filterGroups } from './filter-options.ts'
import { LogsView } from './logs-view.ts'
import type { RecordFilter } from './record-filter.ts'
import { filterOf, passesPeer, sourceFilter } from './record-filter.ts'
import { viewContext } from './view.ts'

const NEEDS_FOLLOW = '--zre-log needs --follow: only what is sent from now on can be had'

export interface LogsValues extends FilterValues {
  readonly since: number
  readonly follow?: boolean
  readonly pretty?: boolean
  readonly zreLog?: ZreLogValue
}

/** @throws CliError usage, and what collecting throws */
export async function runLogs(host: Host, command: Command, values: LogsValues): Promise<ExitCode> {
  const groups = filterGroups(command, command.optsWithGlobals()['group'] ?? [])
  const filter = filterOf(values, groups)
  const { zreLog } = values
  if (zreLog !== undefined && values.follow !== true) {
    throw new CliError(ExitCode.usage, NEEDS_FOLLOW)
  }
  return withNode(host, command, { ...READER, zreLog }, (session) => logs(session, values, filter))
}

async function logs(
  session: Session,
  { since, follow = false, pretty = false }: LogsValues,
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
