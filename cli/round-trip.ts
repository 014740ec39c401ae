/**
 * The list of peers with their round trips, for `peers` and for a chat's `/peers`.
 */
import type { MeshNode, PeerInfo } from '../src/index.ts'
import { withDeadline } from './deadline.ts'
import { peerRecord } from './json.ts'
import type { ListedPeer } from './render/peer-table.ts'
import { peerFields, peerTable } from './render/peer-table.ts'
import type { Session } from './session.ts'

const ANSWER_MS = 500

/** Asks all of them at the same time; the newest descriptions, and the round trips of those who answer. */
export function measureAll(
  { node, signal }: Pick<Session, 'node' | 'signal'>,
  peers: readonly PeerInfo[],
): Promise<readonly ListedPeer[]> {
  return Promise.all(
    byName(peers).map(async (peer) => {
      const roundTripMs = await roundTrip(node, peer, ANSWER_MS, signal)
      return { peer: node.peer(peer.id) ?? peer, roundTripMs }
    }),
  )
}

/** Nodes answer in no order; a list reads better in one. */
export function byName(peers: readonly PeerInfo[]): PeerInfo[] {
  const key = ({ name, id }: PeerInfo): string => `${name}\0${id}`
  return [...peers].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** Milliseconds; `undefined` when no answer comes in time. */
export function roundTrip(
  node: MeshNode,
  peer: PeerInfo,
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  return withDeadline(signal, limitMs, (deadline) => {
    return node.ping(peer, { signal: deadline.signal }).catch(() => undefined)
  })
}

export async function printPeers({ out }: Session, listed: readonly ListedPeer[]): Promise<void> {
  if (listed.length === 0) return
  if (out.isTerminal) {
    for (const line of peerTable(listed, out.paint, out.columns)) await out.print(line)
    return
  }
  for (const each of listed) {
    await (out.json
      ? out.printRecord(peerRecord(each.peer, each.roundTripMs))
      : out.print(peerFields(each)))
  }
}
