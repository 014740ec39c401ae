/** Collecting the mesh-wide log: what the verbs that read it have in common. */
import type { CollectOptions, Collector, LogEntry, MeshNode, PeerId } from '../src/index.ts'
import { meshLog } from '../src/index.ts'
import { withDeadline } from './deadline.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { findAll } from './find-peer.ts'
import type { EntryLine } from './recording/format.ts'
import { shownName } from './render/event-lines.ts'
import type { Session, SessionOptions } from './session.ts'
import { endedByTimeout } from './session.ts'
import type { View } from './views/view.ts'

/** The node of a verb that reads: in no group, and quiet about whom it meets. */
export const READER: SessionOptions = { joins: false, logLevel: 'warn', visits: true }
const TICK_MS = 100
/** The estimates of clocks get better; asking for all of them costs a little. */
const OFFSETS_MS = 250

/** What a collector gives, each with what is known of the node's clock. */
export async function* observed(
  collector: Collector,
  node: MeshNode,
): AsyncGenerator<EntryLine, undefined> {
  const offsets = new Map<PeerId, number>()
  let askedAt = Number.NEGATIVE_INFINITY
  for await (const entry of collector) {
    const now = performance.now()
    if (!offsets.has(entry.node) || now - askedAt >= OFFSETS_MS) {
      askedAt = now
      // Nodes that are gone keep theirs: records of them may still come.
      for (const { node, offsetMs } of collector.sources()) {
        if (offsetMs !== undefined) offsets.set(node, offsetMs)
      }
    }
    if (isSaidTwice(entry, node)) continue
    yield { kind: 'entry', at: Date.now(), entry, offsetMs: offsets.get(entry.node) ?? 0 }
  }
}

/** Nodes of this library report to collectors of ZRE/LOG as well: their own log says it all. */
function isSaidTwice(entry: LogEntry, node: MeshNode): boolean {
  if (entry.type !== 'record' || entry.fields['source'] !== 'zrelog') return false
  const reporter = node.peer(entry.node)
  return reporter?.headers['X-EARSHOT'] !== undefined
}

/**
 * Collects from all nodes but our own, and shows it, until the past is complete, or for ever with `follow`.
 *
 * @throws CliError noSuchPeer when nobody is there to collect from; timeout when `--timeout` passes first.
 */
export async function collectInto(
  session: Session,
  view: View,
  options: CollectOptions & { readonly follow: boolean },
): Promise<void> {
  const { node, settings, signal } = session
  if (!options.follow) await findAll(session)
  await withDeadline(signal, settings.timeoutMs, async (deadline) => {
    const collector = meshLog(node).collect({ own: false, ...options, signal: deadline.signal })
    const ticker = setInterval(() => void view.tick?.(Date.now()), TICK_MS)
    const answered = new Set<PeerId>()
    try {
      for await (const line of observed(collector, node)) {
        if (line.entry.type !== 'unanswered') answered.add(line.entry.node)
        await view.take(line)
      }
    } finally {
      clearInterval(ticker)
    }
    await view.end?.()
    if (signal.aborted) return
    if (!options.follow) noteMute(session, answered, options)
    if (deadline.passed) throw endedByTimeout(settings)
  })
}

/** Nodes of other implementations have no log, nor those that do not want to. */
function noteMute(
  { node, out }: Session,
  answered: ReadonlySet<PeerId>,
  { nodes }: CollectOptions,
): void {
  const mute = node.peers().filter((peer) => !answered.has(peer.id) && nodes?.(peer) !== false)
  if (mute.length > 0) out.note(`no log of ${mute.map(shownName).join(', ')}`)
}

/** @throws CliError noSuchPeer when a node was asked for, and nobody fits. */
export function checkSomebodyFits(
  { node, signal }: Session,
  peers: readonly string[],
  fits: (peer: { readonly id: PeerId; readonly name: string }) => boolean,
): void {
  if (peers.length === 0 || signal.aborted || node.peers().some(fits)) return
  const names = node.peers().map(shownName).join(', ')
  const text = `no peer ${peers.map((each) => `'${each}'`).join(' or ')}; those who are there: ${names}`
  throw new CliError(ExitCode.noSuchPeer, text)
}
