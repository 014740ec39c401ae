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
 *   unblocked  Its outbox has drained to its low marks: the host's network stack has taken what waited.
 *   drop     Shouts were dropped for it, as their policy (`whenFull`) wants: how many, at most once per second.
 *   exit     It is gone, for `reason`; `lost` messages for it were not sent, and what was on its way may be lost as
 *            well. Nothing follows unless it enters again.
 *   warning  Something went wrong that is not the application's fault: `code`, `reason`, sometimes `peer` and
 *            `address`. Rate-limited per code; `suppressed` counts those left out before.
 *   stop     This node has stopped. The last event.
 *
 * Start reading at `createNodeOn`. The protocol is in `mesh/engine.ts`; this file only gives it a face.
 */
import type { Limits } from '../base/limits.ts'
import type { PeerId } from '../base/peer-id.ts'
import { Engine } from '../mesh/engine.ts'
import type { EngineEvent, PeerInfo, ShoutEvent, WhisperEvent } from '../mesh/events.ts'
import type { WarningSubject } from '../mesh/warnings.ts'
import { WarningLedger } from '../mesh/warnings.ts'
import type { Channel, ChannelHandler } from './channels.ts'
import { Channels } from './channels.ts'
import { Driver } from './driver.ts'
import { EventSource, notRunning } from './event-source.ts'
import type { InterfaceUse } from './interface-selection.ts'
import { Mailboxes } from './mailboxes.ts'
import { Messenger } from './messenger.ts'
import type {
  SendOptions,
  ShoutOptions,
  ShoutOutcome,
  WaitOptions,
  WarningCode,
} from './node-events.ts'
import { NodeMeter, type NodeMetrics } from './node-metrics.ts'
import type { NodeOptions } from './options.ts'
import { checkGroupName, checkGroupRoom, checkOptions } from './options.ts'
import type { MessageInput } from './outgoing.ts'
import type { PeerRef } from './peer-ref.ts'
import type { Platform } from './platform.ts'
import { checkNotAborted } from './senders.ts'
import type { TraceEvent } from './tracing.ts'
import { Tracing } from './tracing.ts'
import type { TypedGroupOptions } from './typed-group.ts'
import { TypedGroup } from './typed-group.ts'

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
  readonly #messenger: Messenger
  readonly #warnings: WarningLedger<WarningCode>
  readonly #channels: Channels
  readonly #tracing: Tracing
  readonly #meter: NodeMeter
  readonly #signal: AbortSignal | undefined
  #state: 'opening' | 'running' | 'stopping' | 'stopped' = 'opening'
  #stopped: Promise<void> | undefined
  #onStopped: (() => void) | undefined
  readonly #stopping: (() => void)[] = []
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
    this.id = checked.engine.id
    this.name = checked.engine.name
    this.#warnings = new WarningLedger(this.#limits.warningsPerSecond)
    this.#engine = new Engine(checked.engine)
    this.#driver = new Driver(
      platform,
      this.#engine,
      (event) => this.#handleEvent(event),
      (bytes, mailbox) => this.#mailboxes.send(bytes, mailbox),
    )
    const aside = {
      messageBytes: this.#limits.messageBytes,
      peer: (id: PeerId) => this.peer(id),
      sendWhisper: (id: PeerId, frames: readonly Uint8Array[]) =>
        this.#state === 'running' && this.#messenger.sendAside(id, frames),
      reportUncaught: (error: unknown) => platform.reportUncaught(error),
    }
    this.#channels = new Channels(aside, this.#engine.preface)
    this.#meter = new NodeMeter(platform, this.#engine, this, this.#warnings, this.#channels)
    this.#tracing = new Tracing(this.id, this.#channels, aside.reportUncaught)
    this.#messenger = new Messenger({
      engine: this.#engine,
      driver: this.#driver,
      tracing: this.#tracing,
      limits: this.#limits,
      whenFull: checked.whenFull,
      checkRunning: () => this.#checkRunning(),
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

  /** The host's network interfaces: those in use, and why the others are not (`skipped`). */
  interfaces(): readonly InterfaceUse[] {
    return this.#mailboxes.all
  }

  /** Where peers reach it: `tcp://address:port` for each interface in use whose mailbox is open. */
  endpoints(): string[] {
    return this.#mailboxes.endpoints
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
  whisper(peer: PeerRef, message: MessageInput, options?: SendOptions): Promise<void> {
    return this.#messenger.whisper(peer, message, options)
  }

  /** Sends without waiting: false when the peer's outbox is full. Throws where `whisper` rejects. */
  tryWhisper(peer: PeerRef, message: MessageInput): boolean {
    return this.#messenger.tryWhisper(peer, message)
  }

  /**
   * Sends a message to all present members of a group; being in it is not required. Resolves when every
   * member's outbox has accepted it, or has dropped it as the policy wants (`whenFull`; a `drop` event says so);
   * members that leave meanwhile are not waited for.
   */
  shout(group: string, message: MessageInput, options?: ShoutOptions): Promise<void> {
    return this.#messenger.shout(group, message, options)
  }

  /**
   * Sends to those members whose outbox has room, and says who is left out: nobody has to be told by a `drop` event.
   * (Under `drop-oldest` the outboxes of blocked members make room.)
   */
  tryShout(group: string, message: MessageInput): ShoutOutcome {
    return this.#messenger.tryShout(group, message)
  }

  /** Asks a peer for a sign of life over its link; resolves with the round trip in milliseconds. */
  ping(peer: PeerRef, options?: WaitOptions): Promise<number> {
    return this.#messenger.ping(peer, options)
  }

  // For services

  /** The host it runs on. */
  get platform(): Platform {
    return this.#platform
  }

  /** Opens a channel to the same service of other earshot nodes; see `Channel`. */
  channel(name: string, handler: ChannelHandler): Channel {
    return this.#channels.open(name, handler)
  }

  /** Calls back when the node begins to stop and can still send: whoever came last first, as it may stand on others. */
  onStopping(callback: () => void): void {
    this.#stopping.push(callback)
  }

  /** Tells how far traced messages have come, on this side; gives back how to end that. See `TraceEvent`. */
  onTrace(listener: (event: TraceEvent) => void): () => void {
    return this.#tracing.listen(listener)
  }

  /** Traces each `every`-th message that this node sends; 0 only those that ask for it (option `trace`). */
  sampleTraces(every: number): void {
    this.#tracing.sample(every)
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
    if (this.#state === 'running') this.#tellStopping()
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
    this.#messenger.handleStopped()
    this.tell({ type: 'stop' })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // Inside

  #tellStopping(): void {
    for (const callback of this.#stopping.toReversed()) {
      try {
        callback()
      } catch (error) {
        this.#platform.reportUncaught(error)
      }
    }
  }

  #handleEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'room':
      case 'pong':
      case 'gone':
      case 'traced':
      case 'astray':
        this.#messenger.handleNotice(event)
        return
      case 'aside':
        this.#tracing.forget(event.peer.id) // a trace is of what comes next; the preface of another one sets it anew
        this.#channels.handle(event.peer, event.message)
        return
      case 'whisper':
      case 'shout':
        this.#tellMessage(event)
        return
      case 'stopped':
        this.#onStopped?.()
        return
      default:
        this.tell(event)
    }
  }

  #tellMessage(event: WhisperEvent | ShoutEvent): void {
    const trace = this.#tracing.isExpecting ? this.#tracing.take(event) : undefined
    if (trace !== undefined) this.#tracing.told('received', trace, event)
    this.tell(event)
    if (trace !== undefined) this.#tracing.told('handled', trace, event)
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
