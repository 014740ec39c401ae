/**
 * Foreign records as records of the mesh-wide log: what came to a ZRE/LOG collector, put into the words and the order of
 * our own. Their order among ours is that of their arrival: they know no mesh time.
 */
import type { PeerInfo } from '../../runtime/node-events.ts'
import { LEVELS, type RawRecord } from '../record.ts'
import type { Origin } from '../reorder.ts'
import { wallMsOf, type ZreLogRecord, zreLogId } from './record.ts'

/** Whose record it is: the peer whose endpoint it names, or else a node of that number. */
export function originOf(record: ZreLogRecord, peers: readonly PeerInfo[]): Origin {
  const peer = peers.find(({ endpoint }) => zreLogId(endpoint) === record.node)
  if (peer !== undefined) return { node: peer.id, name: peer.name }
  const number = record.node.toString(16).padStart(4, '0')
  return { node: `ZRELOG-${number}`, name: `zre-${number}` }
}

export function adopt(record: ZreLogRecord, seq: number, ticks: number): RawRecord {
  const { level, event, peer, data } = record
  const about = peer === 0 ? {} : { zrePeer: peer.toString(16).padStart(4, '0') }
  const named = event === 'none' ? {} : { event }
  return {
    seq,
    ticks,
    time: wallMsOf(record),
    level: level === 'error' ? LEVELS.error : level === 'warning' ? LEVELS.warn : LEVELS.info,
    text: JSON.stringify({ msg: data, ...named, ...about, source: 'zrelog' }),
  }
}
