/**
 * The sending side of a node: whispers, shouts and pings, and the promises of those that wait. What each means stands at
 * the methods of `MeshNode` that lead here.
 */
import { assertNever } from '../base/assert.ts'
import type { Limits } from '../base/limits.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Engine } from '../mesh/engine.ts'
import type { EngineNotice } from '../mesh/events.ts'
import type { WhenFull } from '../mesh/outbox.ts'
import type { Driver } from './driver.ts'
import { notRunning } from './event-source.ts'
import type { SendOptions, ShoutOptions, ShoutOutcome, WaitOptions } from './node-events.ts'
import { checkGroupName, checkPolicy } from './options.ts'
import type { MessageInput } from './outgoing.ts'
import { outgoingContent } from './outgoing.ts'
import type { PeerRef } from './peer-ref.ts'
import { idOf, noSuchPeer } from './peer-ref.ts'
import { Pings } from './pings.ts'
import { allAccepted, checkNotAborted, Senders } from './senders.ts'
import type { Tracing } from './tracing.ts'

const ACCEPTED: Promise<void> = Promise.resolve()

export interface MessengerParts {
  readonly engine: Engine
  readonly driver: Driver
  readonly tracing: Tracing
  readonly limits: Limits
  /** The policy of a group's shouts. */
  readonly whenFull: (group: string) => WhenFull
  /** Throws unless the node is running. */
  readonly checkRunning: () => void
}

export class Messenger {
  readonly #engine: Engine
  readonly #driver: Driver
  readonly #tracing: Tracing
  readonly #limits: Limits
  readonly #whenFull: (group: string) => WhenFull
  readonly #checkRunning: () => void
  readonly #senders: Senders
  readonly #pings = new Pings()

  constructor(parts: MessengerParts) {
    this.#engine = parts.engine
    this.#driver = parts.driver
    this.#tracing = parts.tracing
    this.#limits = parts.limits
    this.#whenFull = parts.whenFull
    this.#checkRunning = parts.checkRunning
    this.#senders = new Senders({
      offer: (id, content) => this.#engine.whisper(id, content, this.#driver.now()),
      abandoned: (id) => this.#reopen(id, () => {}),
      failed: (id, content) => this.#tracing.failed(id, content),
    })
  }

  whisper(peer: PeerRef, message: MessageInput, options?: SendOptions): Promise<void> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      const id = idOf(peer)
      const untraced = outgoingContent('whisper', '', message, this.#limits)
      const content = this.#tracing.begin(untraced, options?.trace === true, id)
      if (this.#senders.hasWaiting(id)) return this.#senders.wait(id, content, options?.signal)
      const acceptance = this.#engine.whisper(id, content, this.#driver.turnNow())
      if (acceptance === 'no-such-peer') {
        this.#tracing.failed(id, content)
        throw noSuchPeer(id)
      }
      // Waits before it settles: that may bring the news which the wait is for.
      const sent =
        acceptance === 'accepted' ? ACCEPTED : this.#senders.wait(id, content, options?.signal)
      this.#driver.settle()
      return sent
    } catch (error) {
      return Promise.reject(error)
    }
  }

  tryWhisper(peer: PeerRef, message: MessageInput): boolean {
    this.#checkRunning()
    const id = idOf(peer)
    const untraced = outgoingContent('whisper', '', message, this.#limits, 'wait', false)
    const content = this.#tracing.begin(untraced, false, id)
    const acceptance = this.#engine.whisper(id, content, this.#driver.turnNow())
    if (acceptance !== 'accepted') this.#tracing.failed(id, content)
    if (acceptance === 'no-such-peer') throw noSuchPeer(id)
    this.#driver.settle()
    return acceptance === 'accepted'
  }

  /** A service's whisper: false when it was not accepted, for whatever reason. */
  sendAside(id: PeerId, frames: readonly Uint8Array[]): boolean {
    const content = outgoingContent('aside', '', frames, this.#limits, 'wait', false)
    const acceptance = this.#engine.whisper(id, content, this.#driver.turnNow())
    this.#driver.settle()
    return acceptance === 'accepted'
  }

  shout(group: string, message: MessageInput, options?: ShoutOptions): Promise<void> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      checkGroupName(group)
      const whenFull = options?.whenFull ?? this.#whenFull(group)
      checkPolicy('whenFull', whenFull)
      const untraced = outgoingContent('shout', group, message, this.#limits, whenFull)
      const content = this.#tracing.begin(untraced, options?.trace === true)
      const { full } = this.#engine.shout(content, this.#driver.turnNow())
      const waits = full.map((id) => this.#senders.wait(id, content, options?.signal))
      this.#driver.settle()
      return waits.length === 0 ? ACCEPTED : allAccepted(waits)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  tryShout(group: string, message: MessageInput): ShoutOutcome {
    this.#checkRunning()
    checkGroupName(group)
    const whenFull = this.#whenFull(group)
    const untraced = outgoingContent('shout', group, message, this.#limits, whenFull, false)
    const content = this.#tracing.begin(untraced, false)
    const outcome = this.#engine.shout(content, this.#driver.turnNow())
    for (const id of outcome.full) this.#tracing.failed(id, content)
    this.#driver.settle()
    return outcome
  }

  ping(peer: PeerRef, options?: WaitOptions): Promise<number> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      const id = idOf(peer)
      if (this.#engine.peer(id) === undefined) throw noSuchPeer(id)
      const answer = this.#pings.wait(id, options?.signal)
      this.#engine.ping(id, this.#driver.now())
      this.#driver.settle()
      return answer
    } catch (error) {
      return Promise.reject(error)
    }
  }

  handleNotice(notice: Exclude<EngineNotice, { type: 'stopped' | 'suspended' | 'aside' }>): void {
    switch (notice.type) {
      case 'room':
        this.#reopen(notice.id, () => this.#senders.handleRoom(notice.id))
        return
      case 'pong':
        this.#pings.handlePong(notice.id, notice.roundTripMs)
        return
      case 'gone':
        this.#senders.handleGone(notice.id)
        this.#pings.handleGone(notice.id)
        this.#tracing.forget(notice.id)
        return
      case 'astray':
        this.#tracing.forget(notice.id)
        return
      case 'traced':
        this.#tracing.handleNotice(notice)
        return
      default:
        assertNever(notice)
    }
  }

  handleStopped(): void {
    this.#senders.handleStopped(notRunning)
    this.#pings.handleStopped(notRunning)
  }

  #reopen(id: PeerId, serve: () => void): void {
    this.#engine.reopen(id, serve, this.#driver.now())
    this.#driver.settle()
  }
}
