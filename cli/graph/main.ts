/** What `earshot graph` does: asks all nodes whom they see, or reads a recording, and prints the graph. */
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { pause } from '../deadline.ts'
import { LOOK_MS, waitFor } from '../discovery.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { ALL_ANSWERS_MS } from '../monitor/limits.ts'
import { answersOf } from '../monitor/rows.ts'
import { Survey, wallNow } from '../monitor/survey.ts'
import { Output } from '../output.ts'
import { replayInto } from '../replaying.ts'
import { nobodyAnswers, type Session, withNode } from '../session.ts'
import { asymmetricPairs, graphOf, type MeshGraph } from './model.ts'
import { printGraph } from './print.ts'
import { GraphView } from './recorded.ts'
import type { GraphFormat, GraphValues } from './values.ts'

/** A node that has just come or gone is not asymmetric: those pairs are looked at again, after so long. */
const CONFIRM_MS = 1_500

export function runGraph(host: Host, command: Command, values: GraphValues): Promise<ExitCode> {
  if (values.from !== undefined) return recorded(host, command, values, values.from)
  return withNode(host, command, { visits: true }, (session) => live(session, values))
}

async function live(session: Session, values: GraphValues): Promise<ExitCode> {
  const { node, out, settings, signal } = session
  const limitMs = settings.timeoutMs ?? LOOK_MS
  await waitFor(node, () => false, { limitMs, quietMs: 0, signal })
  if (signal.aborted) return ExitCode.ok
  if (node.peers().length === 0) throw nobodyAnswers(session, limitMs)
  const survey = new Survey(node, { signal })
  let graph = await ask(session, survey)
  for (let waitedMs = 0; asymmetricPairs(graph).length > 0 && waitedMs < CONFIRM_MS; ) {
    await pause(CONFIRM_MS / 2, signal)
    waitedMs += CONFIRM_MS / 2
    graph = await ask(session, survey)
  }
  if (signal.aborted) return ExitCode.ok
  await printGraph(out, graph, wallNow(), formatOf(out, values))
  return verdict(graph, values)
}

async function ask({ node }: Session, survey: Survey): Promise<MeshGraph> {
  await survey.round(ALL_ANSWERS_MS)
  const present = survey.standings().filter(({ silence }) => silence?.kind !== 'gone')
  return graphOf(answersOf(present), present, node.id)
}

/** As the mesh was at the end of the recording. */
async function recorded(
  host: Host,
  command: Command,
  values: GraphValues,
  file: string,
): Promise<ExitCode> {
  const out = new Output(host, settingsOf(command))
  const view = new GraphView(out, formatOf(out, values))
  await replayInto(view, { host, out, file })
  return view.graph === undefined ? ExitCode.ok : verdict(view.graph, values)
}

/** In a pipe text is for programs. */
function formatOf(out: Output, { format }: GraphValues): GraphFormat {
  if (out.json) return 'json'
  if (format !== 'text') return format
  return out.isTerminal ? 'matrix' : 'fields'
}

/** @throws CliError with `--strict`, when somebody sees who does not see them */
function verdict(graph: MeshGraph, { strict }: GraphValues): ExitCode {
  const { length } = asymmetricPairs(graph)
  if (strict !== true || length === 0) return ExitCode.ok
  const pairs = length === 1 ? 'pair is' : 'pairs are'
  throw new CliError(ExitCode.failure, `${length} ${pairs} asymmetric`)
}
