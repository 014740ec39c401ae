/**
 * What the library itself logs of a node: who comes and goes, who does not keep up, what went wrong. Messages are constant
 * texts, everything else is in fields: so nothing is put together that nobody reads. Of what one peer does only so much is
 * recorded (`RecordBudget`).
 */
import type { PeerId } from '../base/peer-id.ts'
import type { MeshNode } from '../runtime/node.ts'
import type { NodeEvent, PeerInfo } from '../runtime/node-events.ts'
import type { TraceEvent } from '../runtime/tracing.ts'
import type { Fields, LevelName } from './record.ts'
import { RecordBudget } from './record-budget.ts'

type Level = Exclude<LevelName, 'fatal'>

export type NodeRecorder = (level: Level, message: string, fields: Fields) => void

/** Of the groups of a peer that enters, so many are named. */
const GROUPS_NAMED_MAX = 8

/** Records of all events but messages; `trace` events are records of level debug. */
export function recordNode(node: MeshNode, record: NodeRecorder): void {
  const budget = budgetOf('records', node, record)
  // Apart: a peer that traces much shall still be seen to join.
  const traces = budgetOf('traces', node, record)
  const settle = (): void => {
    budget.settle()
    traces.settle()
  }

  const note = (
    level: Level,
    message: string,
    { type, peer }: NodeEvent & { readonly peer: PeerInfo },
    more?: Fields,
  ): void => {
    settle()
    if (!budget.take(peer.id, level !== 'debug')) return
    record(level, message, { event: type, peer: peer.id, peerName: peer.name, ...more })
  }
  // As its `enter` showed it: the joins that come with that one say nothing new.
  let entered: PeerInfo | undefined

  node.on('enter', (event) => {
    entered = event.peer
    const { endpoint, groups } = event.peer
    const named = groups.slice(0, GROUPS_NAMED_MAX)
    note(levelFor(event.peer), 'peer entered', event, {
      endpoint,
      groups: named,
      groupCount: groups.length,
    })
  })
  node.on('exit', (event) => {
    note(levelFor(event.peer), 'peer exited', event, { reason: event.reason, lost: event.lost })
  })
  node.on('evasive', (event) => note('debug', 'peer evasive', event))
  node.on('silent', (event) => note('info', 'peer silent', event))
  node.on('asleep', (event) => note('info', 'peer asleep', event))
  node.on('alive', (event) => note('debug', 'peer heard again', event))
  node.on('join', (event) => {
    if (event.peer !== entered) note('debug', 'peer joined', event, { group: event.group })
  })
  node.on('leave', (event) => note('debug', 'peer left', event, { group: event.group }))
  node.on('blocked', (event) => {
    note('warn', 'peer blocked', event, { messages: event.messages, bytes: event.bytes })
  })
  node.on('unblocked', (event) => {
    note('info', 'peer unblocked', event, { blockedMs: event.blockedMs })
  })
  node.on('drop', (event) => {
    note('warn', 'shouts dropped', event, { oldest: event.oldest, newest: event.newest })
  })
  node.on('warning', ({ code, reason, peer, address, suppressed }) => {
    settle()
    if (peer !== undefined && !budget.take(peer, true)) return
    record('warn', reason, { event: 'warning', code, peer, address, suppressed })
  })
  node.onTrace((event) => {
    settle()
    if (isReceived(event) && !traces.take(event.peer, false)) return
    record('debug', 'trace', traced(event, node))
  })
}

/** What is left out of it is told in a record. */
function budgetOf(what: string, node: MeshNode, record: NodeRecorder): RecordBudget {
  return new RecordBudget(node.platform.clock, (peer, count) => {
    const peerName = node.peer(peer)?.name
    const fields = { event: 'limit', peer, peerName, what, count }
    record('debug', 'peer caused more than is recorded', fields)
  })
}

/** Whoever only comes to read is no news: `earshot logs`, `top` and their like say so of themselves. */
function levelFor({ headers }: PeerInfo): Level {
  return headers['X-EARSHOT-VISITOR'] === undefined ? 'info' : 'debug'
}

/** Others decide which of their messages are traced here. */
function isReceived(event: TraceEvent): event is TraceEvent & { readonly peer: PeerId } {
  const { stage, peer } = event
  return peer !== undefined && (stage === 'received' || stage === 'handled')
}

function traced({ trace, stage, peer, group, bytes }: TraceEvent, node: MeshNode): Fields {
  const peerName = peer && node.peer(peer)?.name
  return { event: 'trace', trace, stage, peer, peerName, group, bytes }
}
