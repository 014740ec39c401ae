/**
 * A peer with the manners of C Zyre 2.0.1 (`zyre_node.c`), where they differ from ours: it answers a HELLO from
 * a peer that it already knows by forgetting it and introducing itself anew; it ignores whoever has not said
 * HELLO to it; it gives up a peer whose sequence numbers have a gap.
 */
import type { ZreMessage } from '../../src/zre/message.ts'
import type { Host } from './mesh.ts'
import { ZrePeer } from './zre-peer.ts'

export class CLikePeer extends ZrePeer {
  /** What its application would see of the host. */
  readonly story: string[] = []
  #isReady = false
  #expected = 0

  /** Hears beacons of the host, and beacons itself. */
  live(host: Host, end: number): this {
    this.listen()
    this.mesh.hearers.push((_bytes, from) => {
      if (from.address === host.address && this.line === undefined) this.#require(host)
    })
    this.onMessage = (message) => this.#handle(host, message)
    this.beaconUntil(end)
    return this
  }

  /** Forgets the host without a word on the wire but the end of its connection. */
  forget(): void {
    if (this.#isReady) this.story.push('exit')
    this.#isReady = false
    this.line?.socket.close()
    this.line = undefined
  }

  /** `zyre_node_require_peer`: knows it, or dials it and says HELLO. */
  #require(host: Host): void {
    if (this.line !== undefined) return
    this.call(host)
    this.hello()
  }

  #handle(host: Host, message: ZreMessage): void {
    if (message.kind === 'hello') {
      if (this.#isReady) this.forget()
      this.#require(host)
      this.#isReady = true
      this.#expected = 1
      this.story.push('enter')
    }
    if (!this.#isReady) return
    if (message.sequence !== this.#expected) {
      this.story.push('lost messages')
      this.forget()
      return
    }
    this.#expected = (this.#expected + 1) & 0xffff
    if (message.kind === 'ping') this.say({ kind: 'ping-ok' })
    if (message.kind === 'whisper') this.story.push('whisper')
  }
}
