/**
 * Foreign records as records of the mesh-wide log: what came to a ZRE/LOG collector, put into the words and the order of
 * our own. Their order among ours is that of their arrival: they know no mesh time.
 */
import type { MeshNode } from '../../runtime/node.ts'
import { LEVELS, type RawRecord } from '../record.ts'
import type { Origin } from '../reorder.ts'
import { wallMsOf, type ZreLogRecord, zreLogId } from './record.ts'

/** Whose records they are: of the peer whose endpoint they name, or else of a node of that number. */
export class Origins {
  readonly #node: MeshNode
  /** The peers by the numbers of their endpoints; none when one has come or gone since. */
  readonly #peers = new Map<number, Origin>()

  constructor(node: MeshNode) {
    this.#node = node
    node.on('enter', () => this.#peers.clear())
    node.on('exit', () => this.#peers.clear())
  }

  of({ node }: Pick<ZreLogRecord, 'node'>): Origin {
    if (this.#peers.size === 0) this.#note()
    const known = this.#peers.get(node)
    if (known !== undefined) return known
    const number = hex(node)
    return { node: `ZRELOG-${number}`, name: `zre-${number}` }
  }

  #note(): void {
    // Of those with the same number it is the first.
    for (const { id, name, endpoint } of this.#node.peers().toReversed()) {
      this.#peers.set(zreLogId(endpoint), { node: id, name })
    }
  }
}

export function adopt(record: ZreLogRecord, seq: number, ticks: number): RawRecord {
  const { level, event, peer, data } = record
  const about = peer === 0 ? {} : { zrePeer: hex(peer) }
  const named = event === 'none' ? {} : { event }
  return {
    seq,
    ticks,
    time: wallMsOf(record),
    level: level === 'error' ? LEVELS.error : level === 'warning' ? LEVELS.warn : LEVELS.info,
    text: JSON.stringify({ msg: data, ...named, ...about, source: 'zrelog' }),
  }
}

function hex(id: number): string {
  return id.toString(16).padStart(4, '0')
}
