/**
 * MeshNode: one member of the mesh, as the application holds it.
 *
 * Its events, in ZRE's own words. All carry `peer`, an immutable description of the peer at that moment; the
 * same objects, in the same order, come to listeners (`on`) and to async iteration (`events()`).
 *
 *   enter    A peer introduced itself. Always its first event. Its groups are in `peer.groups`.
 *   join     It is in `group` (also once per group right after `enter`).
 *   leave    It left `group`. An `exit` is not preceded by leaves.
 *   whisper  It sent `message` to us alone.
 *   shout    It sent `message` to `group`, which we are in.
 *   evasive  Nothing was heard of it for `evasiveMs`; it was asked for a sign of life.
 *   silent   Nothing was heard of it for `silentMs`.
 *   alive    An evasive or silent peer is heard again.
 *   blocked  It reads more slowly than we send: its outbox was full, and has not drained since
 *            (to its low marks, within `blockedAfterMs`).
 *   unblocked  Its outbox has drained to its low marks.
 *   drop     Shouts were dropped for it, as their policy (`whenFull`) wants: how many, at most once per second.
 *   exit     It is gone, for `reason`; `lost` messages for it were not sent. Nothing follows unless it enters again.
 *   warning  Something went wrong that is not the application's fault: `code`, `reason`, sometimes `peer` and
 *            `address`. Rate-limited per code; `suppressed` counts those left out before.
 *   stop     This node has stopped. The last event.
 *
 * Start reading at `createNodeOn`. The protocol is in `mesh/engine.ts`; this file only gives it a face.
 */
import { EarshotError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { PeerId } from '../base/peer-id.ts'
import { Engine } from '../mesh/engine.ts'
import type { EngineEvent, PeerInfo } from '../mesh/events.ts'
import type { WhenFull } from '../mesh/outbox.ts'
import type { WarningSubject } from '../mesh/warnings.ts'
import { WarningLedger } from '../mesh/warnings.ts'
import { Driver } from './driver.ts'
import { EventSource, notRunning } from './event-source.ts'
import { Mailboxes } from './mailboxes.ts'
import type {
  PeerRef,
  ShoutOptions,
  ShoutOutcome,
  WaitOptions,
  WarningCode,
} from './node-events.ts'
import { NodeMeter, type NodeMetrics } from './node-metrics.ts'
import type { NodeOptions } from './options.ts'
import { checkGroupName, checkGroupRoom, checkOptions, checkPolicy } from './options.ts'
import type { MessageInput } from './outgoing.ts'
import { outgoingContent } from './outgoing.ts'
import { Pings } from './pings.ts'
import type { NetworkInterface, Platform } from './platform.ts'
import { checkNotAborted, Senders } from './senders.ts'
import type { TypedGroupOptions } from './typed-group.ts'
import { TypedGroup } from './typed-group.ts'

const ACCEPTED: Promise<void> = Promise.resolve()

/**
 * Starts a node on a platform. `createNode` of the package `earshot` does it on Node.js.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION, ERR_EARSHOT_BAD_GROUP, ERR_EARSHOT_NO_INTERFACE,
 * ERR_EARSHOT_PORT_IN_USE or ERR_EARSHOT_ABORTED (by `signal`); nothing is left open then.
 */
export async function createNodeOn(
  platform: Platform,
  options: NodeOptions = {},
): Promise<MeshNode> {
  checkNotAborted(options.signal)
  const node = new MeshNode(platform, options)
  await node.open()
  return node
}

export class MeshNode extends EventSource {
  readonly #platform: Platform
  readonly #limits: Limits
  readonly #engine: Engine
  readonly #driver: Driver
  readonly #mailboxes: Mailboxes
  readonly #senders: Senders
  readonly #warnings: WarningLedger<WarningCode>
  readonly #meter: NodeMeter
  readonly #whenFull: (group: string) => WhenFull
  readonly #pings = new Pings()
  readonly #signal: AbortSignal | undefined
  #state: 'opening' | 'running' | 'stopping' | 'stopped' = 'opening'
  #stopped: Promise<void> | undefined
  #onStopped: (() => void) | undefined
  readonly #onAbort = (): unknown => this.stop()

  /** 32 upper-case hexadecimal digits, fresh at every start. */
  readonly id: PeerId
  readonly name: string

  /** Not for applications: `createNode` makes nodes. */
  constructor(platform: Platform, options: NodeOptions) {
    super((error) => platform.reportUncaught(error))
    const checked = checkOptions(options, platform.entropy)
    this.#platform = platform
    this.#signal = options.signal
    this.#limits = checked.engine.limits
    this.#whenFull = checked.whenFull
    this.id = checked.engine.id
    this.name = checked.engine.name
    this.#warnings = new WarningLedger(this.#limits.warningsPerSecond)
    this.#engine = new Engine(checked.engine)
    this.#meter = new NodeMeter(platform, this.#engine, this, this.#warnings)
    this.#driver = new Driver(
      platform,
      this.#engine,
      (event) => this.#handleEvent(event),
      (bytes, mailbox) => this.#mailboxes.send(bytes, mailbox),
    )
    this.#senders = new Senders({
      offer: (id, content) => this.#engine.whisper(id, content, this.#driver.now()),
      abandoned: (id) => this.#reopen(id, () => {}),
    })
    this.#mailboxes = new Mailboxes(platform, checked.mailboxes, {
      changed: (mailboxes) => this.#driver.handleMailboxes(mailboxes),
      accepted: (stream) => this.#driver.handleAccepted(stream),
      datagram: (bytes, from) => this.#driver.handleDatagram(bytes, from),
      warn: (code, reason) => this.#warn(code, reason, {}),
    })
    for (const group of checked.groups) this.#engine.join(group, this.#driver.now())
  }

  /** Not for applications: `createNode` has called it. */
  async open(): Promise<void> {
    try {
      await this.#mailboxes.open()
    } catch (error) {
      this.#driver.close()
      this.#state = 'stopped'
      throw error
    }
    this.#state = 'running'
    if (this.#signal?.aborted) await this.stop()
    checkNotAborted(this.#signal)
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  // Who is there

  /** All present peers, in the order in which they were first heard of. */
  peers(): PeerInfo[] {
    return this.#engine.peers()
  }

  peer(id: PeerId): PeerInfo | undefined {
    return this.#engine.peer(id)
  }

  /** The groups this node is in. */
  groups(): string[] {
    return this.#engine.ownGroups()
  }

  /** The groups that present peers are in. */
  peerGroups(): string[] {
    return this.#engine.peerGroups()
  }

  /** The present peers in a group. */
  members(group: string): PeerInfo[] {
    return this.#engine.members(group)
  }

  /** The network interfaces in use. */
  interfaces(): readonly NetworkInterface[] {
    return this.#mailboxes.used
  }

  /** What was counted, and how things stand; plain data. See `NodeMetrics`, and `docs/metrics.md` for all of it. */
  metrics(): NodeMetrics {
    return this.#meter.take()
  }

  // Groups

  /** Joins a group; peers are told. False when this node is in it already. @throws ERR_EARSHOT_BAD_GROUP */
  join(group: string): boolean {
    this.#checkRunning()
    checkGroupName(group)
    checkGroupRoom([...new Set(this.groups()).add(group)], this.#limits)
    const changed = this.#engine.join(group, this.#driver.now())
    this.#driver.settle()
    return changed
  }

  /** Leaves a group; peers are told. False when this node is not in it. */
  leave(group: string): boolean {
    this.#checkRunning()
    const changed = this.#engine.leave(group, this.#driver.now())
    this.#driver.settle()
    return changed
  }

  /** A group with typed messages: joins it, and gives values instead of bytes. See `TypedGroup`. */
  group<Value, Output = Value>(
    name: string,
    options: TypedGroupOptions<Value, Output>,
  ): TypedGroup<Value, Output> {
    this.join(name)
    return new TypedGroup(name, options, {
      members: (group) => this.members(group),
      shout: (group, message, wait) => this.shout(group, message, wait),
      tryShout: (group, message) => this.tryShout(group, message),
      leave: (group) => this.#state === 'running' && this.leave(group),
      onShout: (listener, signal) => this.on('shout', listener, { signal }),
      warn: (code, reason, peer) => this.#warn(code, reason, { peer }),
      hold: (holder, wanted) => this.hold(holder, wanted),
      reportUncaught: (error) => this.#platform.reportUncaught(error),
    })
  }

  // Messages

  /**
   * Sends a message to one peer. Resolves when its outbox has accepted it: at once, unless the peer reads more
   * slowly than we send. The node owns the bytes from the call on: do not change them.
   *
   * Rejects with ERR_EARSHOT_NO_SUCH_PEER, ERR_EARSHOT_PEER_GONE, ERR_EARSHOT_MESSAGE_TOO_LARGE,
   * ERR_EARSHOT_NOT_RUNNING or ERR_EARSHOT_ABORTED.
   */
  whisper(peer: PeerRef, message: MessageInput, options?: WaitOptions): Promise<void> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      const id = idOf(peer)
      const content = outgoingContent('whisper', '', message, this.#limits)
      if (this.#senders.hasWaiting(id)) return this.#senders.wait(id, content, options?.signal)
      const acceptance = this.#engine.whisper(id, content, this.#driver.turnNow())
      if (acceptance === 'no-such-peer') throw noSuchPeer(id)
      // Waits before it settles: that may bring the news which the wait is for.
      const sent =
        acceptance === 'accepted' ? ACCEPTED : this.#senders.wait(id, content, options?.signal)
      this.#driver.settle()
      return sent
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Sends without waiting: false when the peer's outbox is full. Throws where `whisper` rejects. */
  tryWhisper(peer: PeerRef, message: MessageInput): boolean {
    this.#checkRunning()
    const id = idOf(peer)
    const content = outgoingContent('whisper', '', message, this.#limits, 'wait', false)
    const acceptance = this.#engine.whisper(id, content, this.#driver.turnNow())
    if (acceptance === 'no-such-peer') throw noSuchPeer(id)
    this.#driver.settle()
    return acceptance === 'accepted'
  }

  /**
   * Sends a message to all present members of a group; being in it is not required. Resolves when every
   * member's outbox has accepted it, or has dropped it as the policy wants (`whenFull`; a `drop` event says so);
   * members that leave meanwhile are not waited for.
   */
  shout(group: string, message: MessageInput, options?: ShoutOptions): Promise<void> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      checkGroupName(group)
      const whenFull = options?.whenFull ?? this.#whenFull(group)
      checkPolicy('whenFull', whenFull)
      const content = outgoingContent('shout', group, message, this.#limits, whenFull)
      const { full } = this.#engine.shout(content, this.#driver.turnNow())
      const waits = full.map((id) => this.#senders.wait(id, content, options?.signal))
      this.#driver.settle()
      return waits.length === 0 ? ACCEPTED : this.#waitForAll(waits)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #waitForAll(waits: readonly Promise<void>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(waits)) {
      if (outcome.status === 'fulfilled') continue
      const gone =
        outcome.reason instanceof EarshotError && outcome.reason.code === 'ERR_EARSHOT_PEER_GONE'
      if (!gone) throw outcome.reason
    }
  }

  /**
   * Sends to those members whose outbox has room, and says who is left out: nobody has to be told by a `drop` event.
   * (Under `drop-oldest` the outboxes of blocked members make room.)
   */
  tryShout(group: string, message: MessageInput): ShoutOutcome {
    this.#checkRunning()
    checkGroupName(group)
    const whenFull = this.#whenFull(group)
    const content = outgoingContent('shout', group, message, this.#limits, whenFull, false)
    const outcome = this.#engine.shout(content, this.#driver.turnNow())
    this.#driver.settle()
    return outcome
  }

  /** Asks a peer for a sign of life over its link; resolves with the round trip in milliseconds. */
  ping(peer: PeerRef, options?: WaitOptions): Promise<number> {
    try {
      this.#checkRunning()
      checkNotAborted(options?.signal)
      const id = idOf(peer)
      if (this.peer(id) === undefined) throw noSuchPeer(id)
      const answer = this.#pings.wait(id, options?.signal)
      this.#engine.ping(id, this.#driver.now())
      this.#driver.settle()
      return answer
    } catch (error) {
      return Promise.reject(error)
    }
  }

  // The end

  /**
   * Leaves the mesh: accepted messages go out (for up to `lingerMs`), peers are told, everything is closed.
   * Resolves when all is closed; calling it again gives the same promise.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopping'
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.releaseAll()
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve
    })
    this.#engine.stop(this.#driver.now())
    this.#driver.settle()
    await stopped
    this.#state = 'stopped'
    this.#mailboxes.close()
    this.#driver.close()
    this.#senders.handleStopped(notRunning)
    this.#pings.handleStopped(notRunning)
    this.tell({ type: 'stop' })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // Inside

  #handleEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'room':
        this.#reopen(event.id, () => this.#senders.handleRoom(event.id))
        return
      case 'pong':
        this.#pings.handlePong(event.id, event.roundTripMs)
        return
      case 'gone':
        this.#senders.handleGone(event.id)
        this.#pings.handleGone(event.id)
        return
      case 'stopped':
        this.#onStopped?.()
        return
      default:
        this.tell(event)
    }
  }

  #reopen(id: PeerId, serve: () => void): void {
    this.#engine.reopen(id, serve, this.#driver.now())
    this.#driver.settle()
  }

  protected override setPaused(paused: boolean): void {
    this.#driver.setPaused(paused)
  }

  protected override warnDropped(total: number): void {
    this.#warn('events-dropped', `an event iterator was read too slowly: ${total} dropped`, {})
  }

  #warn(code: WarningCode, reason: string, subject: WarningSubject): void {
    const event = this.#warnings.note(code, reason, subject, this.#driver.now())
    if (event !== undefined) this.tell(event)
  }

  #checkRunning(): void {
    if (this.#state !== 'running') throw notRunning()
  }
}

function idOf(peer: PeerRef): PeerId {
  return typeof peer === 'string' ? peer : peer.id
}

function noSuchPeer(id: PeerId): EarshotError {
  return new EarshotError('ERR_EARSHOT_NO_SUCH_PEER', `no peer ${id} is present`)
}
