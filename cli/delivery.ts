/**
 * Delivery before leaving: a sending verb ends when every recipient has read all that was sent to it.
 *
 * `node.stop()` waits until the network stack has taken everything, for up to its `lingerMs`. That is too short for
 * megabytes over WiFi, and it says nothing about the other side. So here: first the outboxes drain, then each
 * recipient is asked for a PING-OK, which it gives when it has read what came before the PING.
 */
import type { ExitReason, MeshNode, PeerId, PeerInfo } from '../src/index.ts'
import { EarshotError } from '../src/index.ts'
import { pause, withDeadline } from './deadline.ts'
import { formatDuration } from './duration.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { shownName } from './render/event-lines.ts'

/** How long recipients may take to read what is waiting for them, when the user has not said. */
export const DELIVERY_MS = 30_000
const POLL_MS = 10

export class Delivery {
  readonly #node: MeshNode
  readonly #recipients = new Map<PeerId, PeerInfo>()
  readonly #exits = new Map<PeerId, ExitReason>()

  constructor(node: MeshNode) {
    this.#node = node
    node.on('exit', ({ peer, reason }) => this.#exits.set(peer.id, reason))
  }

  /** Something was sent to these peers. */
  note(peers: readonly PeerInfo[]): void {
    for (const peer of peers) this.#recipients.set(peer.id, peer)
  }

  /**
   * Resolves when all have read it, or have left with a goodbye: then it was up to them.
   *
   * @throws CliError timeout, failure when a link broke with messages in it, noSuchPeer when a recipient vanished.
   */
  async confirmed(limitMs: number, signal: AbortSignal): Promise<void> {
    const late = await withDeadline(signal, limitMs, async (deadline) => {
      await this.#drained(deadline.signal)
      const recipients = [...this.#recipients.values()]
      const answered = await Promise.all(
        recipients.map((peer) => this.#answers(peer, deadline.signal)),
      )
      return recipients.filter((_, i) => answered[i] === false)
    })
    if (signal.aborted) return
    const { messagesLost } = this.#node.metrics().mesh
    if (messagesLost > 0) {
      throw new CliError(ExitCode.failure, `a link broke: ${messagesLost} messages are lost`)
    }
    if (late.length > 0) {
      const text = `not confirmed within ${formatDuration(limitMs)} by ${namesOf(late)}`
      throw new CliError(ExitCode.timeout, text)
    }
    const vanished = [...this.#recipients.values()].filter(({ id }) => {
      const reason = this.#exits.get(id)
      return reason !== undefined && reason !== 'goodbye'
    })
    if (vanished.length > 0) {
      const text = `gone, perhaps before it had read everything: ${namesOf(vanished)}`
      throw new CliError(ExitCode.noSuchPeer, text)
    }
  }

  async #drained(signal: AbortSignal): Promise<void> {
    const isWaiting = (): boolean => {
      const { peers } = this.#node.metrics()
      return peers.some(({ id, outboxMessages }) => outboxMessages > 0 && this.#recipients.has(id))
    }
    while (isWaiting() && !signal.aborted) await pause(POLL_MS, signal)
  }

  /** False when no answer came in time; a peer that has left has nothing to answer. */
  async #answers(peer: PeerInfo, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#node.ping(peer, { signal })
      return true
    } catch (error) {
      if (!(error instanceof EarshotError)) throw error
      return error.code !== 'ERR_EARSHOT_ABORTED'
    }
  }
}

function namesOf(peers: readonly PeerInfo[]): string {
  return peers.map(shownName).join(', ')
}
