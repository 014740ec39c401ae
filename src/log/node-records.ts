/**
 * What the library itself logs of a node: who comes and goes, who does not keep up, what went wrong. Messages are constant
 * texts, everything else is in fields: so nothing is put together that nobody reads.
 */
import type { MeshNode } from '../runtime/node.ts'
import type { NodeEvent, PeerInfo } from '../runtime/node-events.ts'
import type { TraceEvent } from '../runtime/tracing.ts'
import type { Fields, LevelName } from './record.ts'

export type NodeRecorder = (
  level: Exclude<LevelName, 'fatal'>,
  message: string,
  fields: Fields,
) => void

/** Records of all events but messages; `trace` events are records of level debug. */
export function recordNode(node: MeshNode, record: NodeRecorder): void {
  node.on('enter', ({ peer }) => record(levelFor(peer), 'peer entered', entered(peer)))
  node.on('exit', (event) => record(levelFor(event.peer), 'peer exited', exited(event)))
  node.on('evasive', ({ peer }) => record('debug', 'peer evasive', about('evasive', peer)))
  node.on('silent', ({ peer }) => record('info', 'peer silent', about('silent', peer)))
  node.on('alive', ({ peer }) => record('debug', 'peer heard again', about('alive', peer)))
  node.on('join', (event) => record('debug', 'peer joined', member(event)))
  node.on('leave', (event) => record('debug', 'peer left', member(event)))
  node.on('blocked', ({ peer, messages, bytes }) => {
    record('warn', 'peer blocked', { ...about('blocked', peer), messages, bytes })
  })
  node.on('unblocked', ({ peer, blockedMs }) => {
    record('info', 'peer unblocked', { ...about('unblocked', peer), blockedMs })
  })
  node.on('drop', ({ peer, oldest, newest }) => {
    record('warn', 'shouts dropped', { ...about('drop', peer), oldest, newest })
  })
  node.on('warning', ({ code, reason, peer, address, suppressed }) => {
    record('warn', reason, { event: 'warning', code, peer, address, suppressed })
  })
  node.onTrace((event) => record('debug', 'trace', traced(event, node)))
}

/** Whoever only comes to read is no news: `earshot logs`, `top` and their like say so of themselves. */
function levelFor({ headers }: PeerInfo): 'info' | 'debug' {
  return headers['X-EARSHOT-VISITOR'] === undefined ? 'info' : 'debug'
}

function about(event: NodeEvent['type'], peer: PeerInfo): Fields {
  return { event, peer: peer.id, peerName: peer.name }
}

function entered(peer: PeerInfo): Fields {
  return { ...about('enter', peer), endpoint: peer.endpoint, groups: peer.groups }
}

function exited({ peer, reason, lost }: Extract<NodeEvent, { type: 'exit' }>): Fields {
  return { ...about('exit', peer), reason, lost }
}

function member({
  type,
  peer,
  group,
}: Extract<NodeEvent, { group: string; type: 'join' | 'leave' }>): Fields {
  return { ...about(type, peer), group }
}

function traced({ trace, stage, peer, group, bytes }: TraceEvent, node: MeshNode): Fields {
  const peerName = peer && node.peer(peer)?.name
  return { event: 'trace', trace, stage, peer, peerName, group, bytes }
}
