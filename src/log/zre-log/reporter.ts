/**
 * Reports what happens at a node to ZRE/LOG collectors: to every peer that announces one by its header `X-ZRELOG`, as
 * RFC 20 wants it, for as long as the peer is present.
 *
 * A stranger's header says where we are to dial. So only a collector at the peer's own address is dialled, and only so
 * many of them.
 */
import type { PeerId } from '../../base/peer-id.ts'
import type { MeshNode } from '../../runtime/node.ts'
import type { PeerInfo } from '../../runtime/node-events.ts'
import { parseCollectorEndpoint, ZRE_LOG_HEADER } from './endpoint.ts'
import { ZreLogPublisher } from './publisher.ts'
import type { ZreLogEvent, ZreLogLevel } from './record.ts'
import { zreLogId } from './record.ts'

/** A mesh has one collector, or a few. */
const COLLECTORS_MAX = 16

export class ZreLogReporter {
  readonly #node: MeshNode
  readonly #publishers = new Map<PeerId, ZreLogPublisher>()

  constructor(node: MeshNode) {
    this.#node = node
    for (const peer of node.peers()) this.#begin(peer)
    node.on('enter', ({ peer }) => {
      this.#begin(peer)
      this.#report('info', 'enter', peer, `${peer.name} entered`)
    })
    node.on('exit', ({ peer, reason }) => {
      this.#report('info', 'exit', peer, `${peer.name} exited: ${reason}`)
      this.#publishers.get(peer.id)?.close()
      this.#publishers.delete(peer.id)
    })
    node.on('join', ({ peer, group }) => this.#report('info', 'join', peer, group))
    node.on('leave', ({ peer, group }) => this.#report('info', 'leave', peer, group))
    node.on('warning', ({ code, reason }) => {
      this.#report('warning', 'none', undefined, `${code}: ${reason}`)
    })
    node.on('stop', () => {
      for (const publisher of this.#publishers.values()) publisher.close()
      this.#publishers.clear()
    })
  }

  /** Collectors that are reported to now, and records that reached them or were left out for them. */
  metrics(): { readonly collectors: number; readonly sent: number; readonly dropped: number } {
    let sent = 0
    let dropped = 0
    for (const publisher of this.#publishers.values()) {
      const metrics = publisher.metrics()
      sent += metrics.sent
      dropped += metrics.dropped
    }
    return { collectors: this.#publishers.size, sent, dropped }
  }

  #begin(peer: PeerInfo): void {
    const to = parseCollectorEndpoint(peer.headers[ZRE_LOG_HEADER] ?? '')
    if (to === undefined || !peer.endpoint.startsWith(`tcp://${to.address}:`)) return
    if (this.#publishers.size >= COLLECTORS_MAX) return
    this.#publishers.get(peer.id)?.close()
    this.#publishers.set(peer.id, new ZreLogPublisher(this.#node.platform, { to }))
  }

  #report(level: ZreLogLevel, event: ZreLogEvent, peer: PeerInfo | undefined, data: string): void {
    if (this.#publishers.size === 0) return
    const record = {
      level,
      event,
      node: zreLogId(this.#node.endpoints()[0] ?? ''),
      peer: peer === undefined ? 0 : zreLogId(peer.endpoint),
      time: Math.max(0, Math.round(this.#node.platform.clock.wallNow())),
      data,
    }
    for (const publisher of this.#publishers.values()) publisher.send(record)
  }
}
