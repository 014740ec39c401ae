/** What `earshot trace` does: collects the records of traced messages, and shows what has become of each. */
import type { Command } from 'commander'
import { collectInto, READER } from '../collecting.ts'
import { formatDuration } from '../duration.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import { filterGroups } from './filter-options.ts'
import type { RecordFilter } from './record-filter.ts'
import { TraceView, traceFilter } from './trace-view.ts'
import { viewContext } from './view.ts'

export interface TraceValues {
  readonly since: number
  readonly follow?: boolean
  readonly pretty?: boolean
  readonly peer?: readonly string[]
}

/** @throws CliError as collecting does */
export function runTrace(host: Host, command: Command, values: TraceValues): Promise<ExitCode> {
  const groups = filterGroups(command, command.optsWithGlobals()['group'] ?? [])
  const filter = traceFilter(values.peer ?? [], groups)
  return withNode(host, command, READER, (session) => trace(session, values, filter))
}

async function trace(
  session: Session,
  { since, follow = false, pretty = false }: TraceValues,
  filter: RecordFilter,
): Promise<ExitCode> {
  const { node, out } = session
  const context = viewContext(session, pretty, filter)
  const view = new TraceView(context)
  node.on('enter', ({ peer }) => view.learn(peer.id, peer.name))
  if (follow) out.hint('following traced messages; Ctrl-C ends it')
  await collectInto(session, view, { traces: true, sinceMs: since, follow })
  if (view.shown === 0 && !follow && !context.asJson) {
    const text = `no traced messages within ${formatDuration(since)}; --trace of shout and whisper sends some`
    out.note(text)
  }
  return ExitCode.ok
}
