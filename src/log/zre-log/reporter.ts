/**
 * Reports what happens at a node to ZRE/LOG collectors: to every peer of another implementation that announces one by its
 * header `X-ZRELOG`, as RFC 20 wants it, for as long as the peer is present. An earshot node that announces one does so
 * for the records of other implementations: ours it reads in the log of the mesh.
 *
 * A stranger's header says where we are to dial. So only a collector at the peer's own address is dialled, and only so
 * many of them; those beyond move up when one leaves.
 */
import type { PeerId } from '../../base/peer-id.ts'
import { hasChannels } from '../../runtime/channels.ts'
import type { MeshNode } from '../../runtime/node.ts'
import type { PeerInfo } from '../../runtime/node-events.ts'
import { parseCollectorEndpoint, ZRE_LOG_HEADER } from './endpoint.ts'
import type { ZreLogProblem } from './link.ts'
import { ZreLogPublisher } from './publisher.ts'
import type { ZreLogEvent, ZreLogLevel } from './record.ts'
import { zreLogId } from './record.ts'

/** A mesh has one collector, or a few. */
const COLLECTORS_MAX = 16

/** Of all collectors together, and for ever, but for those that are reported to now. */
export interface ZreLogReporterMetrics {
  /** That are reported to now. */
  readonly collectors: number
  /** Records given to a link. */
  readonly sent: number
  /** Among them: not taken by the host's network stack when their link was lost. */
  readonly lost: number
  /** Records that made room for newer ones, or were still queued at the end. */
  readonly dropped: number
  /** Records that a collector does not want, by its subscriptions. */
  readonly filtered: number
}

type Counts = Omit<ZreLogReporterMetrics, 'collectors'>

const NOTHING: Counts = { sent: 0, lost: 0, dropped: 0, filtered: 0 }
export const NOTHING_REPORTED: ZreLogReporterMetrics = { collectors: 0, ...NOTHING }

export class ZreLogReporter {
  readonly #node: MeshNode
  readonly #publishers = new Map<PeerId, ZreLogPublisher>()
  readonly #onProblem: (problem: ZreLogProblem) => void
  /** Of publishers that have ended. */
  #ended: Counts = NOTHING

  /** `onProblem`: a collector broke the rules of the protocol. Nothing bounds how often. */
  constructor(node: MeshNode, onProblem: (problem: ZreLogProblem) => void) {
    this.#node = node
    this.#onProblem = onProblem
    for (const peer of node.peers()) this.#begin(peer)
    node.on('enter', ({ peer }) => {
      this.#begin(peer)
      this.#report('info', 'enter', peer, () => `${peer.name} entered`)
    })
    node.on('exit', ({ peer, reason }) => {
      this.#report('info', 'exit', peer, () => `${peer.name} exited: ${reason}`)
      const wasFull = this.#publishers.size >= COLLECTORS_MAX
      if (this.#end(peer.id) && wasFull) this.#moveUp(peer.id)
    })
    node.on('join', ({ peer, group }) => this.#report('info', 'join', peer, () => group))
    node.on('leave', ({ peer, group }) => this.#report('info', 'leave', peer, () => group))
    node.on('warning', ({ code, reason }) => {
      this.#report('warning', 'none', undefined, () => `${code}: ${reason}`)
    })
    node.on('stop', () => {
      for (const id of [...this.#publishers.keys()]) this.#end(id)
    })
  }

  metrics(): ZreLogReporterMetrics {
    const counts = [...this.#publishers.values()].reduce(withCountsOf, this.#ended)
    return { collectors: this.#publishers.size, ...counts }
  }

  #begin(peer: PeerInfo): void {
    this.#end(peer.id)
    if (hasChannels(peer) || this.#publishers.size >= COLLECTORS_MAX) return
    const to = parseCollectorEndpoint(peer.headers[ZRE_LOG_HEADER] ?? '')
    if (to === undefined || !peer.endpoint.startsWith(`tcp://${to.address}:`)) return
    const from = (): string | undefined => this.#dialFrom(to.address)
    const onProblem = this.#onProblem
    this.#publishers.set(peer.id, new ZreLogPublisher(this.#node.platform, { to, from, onProblem }))
  }

  /** As links are dialled: of a node that is in one place nothing leaves elsewhere; else the host's routes decide. */
  #dialFrom(to: string): string | undefined {
    const used = this.#node.interfaces().filter(({ skipped }) => skipped === undefined)
    return used.length === 1 && used[0]!.address !== to ? used[0]!.address : undefined
  }

  /** False when the peer was not reported to. */
  #end(id: PeerId): boolean {
    const publisher = this.#publishers.get(id)
    if (publisher === undefined) return false
    publisher.close()
    this.#ended = withCountsOf(this.#ended, publisher)
    return this.#publishers.delete(id)
  }

  /** Begins with those for whom there was no place. Whoever has left may be here again: its `enter` follows. */
  #moveUp(left: PeerId): void {
    for (const peer of this.#node.peers()) {
      if (peer.id !== left && !this.#publishers.has(peer.id)) this.#begin(peer)
    }
  }

  #report(
    level: ZreLogLevel,
    event: ZreLogEvent,
    peer: PeerInfo | undefined,
    text: () => string,
  ): void {
    if (this.#publishers.size === 0) return
    const record = {
      level,
      event,
      node: zreLogId(this.#node.endpoints()[0] ?? ''),
      peer: peer === undefined ? 0 : zreLogId(peer.endpoint),
      time: Math.max(0, Math.round(this.#node.platform.clock.wallNow())),
      data: text(),
    }
    for (const publisher of this.#publishers.values()) publisher.send(record)
  }
}

function withCountsOf(counts: Counts, publisher: ZreLogPublisher): Counts {
  const { sent, lost, dropped, filtered } = publisher.metrics()
  return {
    sent: counts.sent + sent,
    lost: counts.lost + lost,
    dropped: counts.dropped + dropped,
    filtered: counts.filtered + filtered,
  }
}
