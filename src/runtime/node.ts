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
 *   asleep   It said that it sleeps for a while (`suspend()`): it stays a peer, and what is sent to it waits.
 *   alive    An evasive, silent or sleeping peer is heard again.
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
import type { EngineEvent, PeerInfo, ShoutEvent, WhisperEvent } from '../mesh/events.ts'
import type { WarningSubject } from '../mesh/warnings.ts'
import { WarningLedger } from '../mesh/warnings.ts'
import type { Candidate, Mailbox } from './candidate.ts'
import type { Channel, ChannelHandler } from './channels.ts'
import { EventSource } from './event-source.ts'
import type { InterfaceUse } from './interface-selection.ts'
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
import { assemble, type NodeParts } from './parts.ts'
import type { PeerRef } from './peer-ref.ts'
import type { Platform } from './platform.ts'
import { checkNotAborted } from './senders.ts'
import type { SuspendOptions } from './suspension.ts'
import type { TraceEvent } from './tracing.ts'
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
  readonly #parts: NodeParts
  readonly #warnings: WarningLedger<WarningCode>
  readonly #meter: NodeMeter

  /** 32 upper-case hexadecimal digits, fresh at every start. */
  readonly id: PeerId
  readonly name: string
  /** UDP port of the beacons. */
  readonly beaconPort: number

  /** Not for applications: `createNode` makes nodes. */
  constructor(platform: Platform, options: NodeOptions) {
    super((error) => platform.reportUncaught(error))
    const checked = checkOptions(options, platform.entropy)
    this.#platform = platform
    this.#limits = checked.engine.limits
    this.id = checked.engine.id
    this.name = checked.engine.name
    this.beaconPort = checked.mailboxes.beaconPort
    this.#warnings = new WarningLedger(this.#limits.warningsPerSecond)
    this.#parts = assemble(platform, checked, options.signal, {
      handleEvent: (event) => this.#handleEvent(event),
      warn: (code, reason) => this.warn(code, reason),
      release: () => this.releaseAll(),
      ended: () => this.#handleEnded(),
    })
    const { engine, channels } = this.#parts
    this.#meter = new NodeMeter(platform, engine, this, this.#warnings, channels)
    for (const group of checked.groups) this.#parts.engine.join(group, this.#parts.driver.now())
  }

  /** Not for applications: `createNode` has called it. */
  async open(): Promise<void> {
    await this.#parts.life.open()
  }

  // Who is there

  /** All present peers, in the order in which they were first heard of. */
  peers(): PeerInfo[] {
    return this.#parts.engine.peers()
  }

  peer(id: PeerId): PeerInfo | undefined {
    return this.#parts.engine.peer(id)
  }

  /** The groups this node is in. */
  groups(): string[] {
    return this.#parts.engine.ownGroups()
  }

  /** The groups that present peers are in. */
  peerGroups(): string[] {
    return this.#parts.engine.peerGroups()
  }

  /** The present peers in a group. */
  members(group: string): PeerInfo[] {
    return this.#parts.engine.members(group)
  }

  /** The host's network interfaces: those in use, and why the others are not (`skipped`). */
  interfaces(): readonly InterfaceUse[] {
    return this.#parts.mailboxes.all
  }

  /** Where peers reach it: `tcp://address:port` for each interface in use whose mailbox is open. */
  endpoints(): string[] {
    return this.#parts.mailboxes.endpoints
  }

  /** What was counted, and how things stand; plain data. See `NodeMetrics`, and `docs/metrics.md` for all of it. */
  metrics(): NodeMetrics {
    return this.#meter.take()
  }

  // Groups

  /** Joins a group; peers are told. False when this node is in it already. @throws ERR_EARSHOT_BAD_GROUP */
  join(group: string): boolean {
    this.#parts.life.checkRunning()
    checkGroupName(group)
    checkGroupRoom([...new Set(this.groups()).add(group)], this.#limits)
    const changed = this.#parts.engine.join(group, this.#parts.driver.now())
    this.#parts.driver.settle()
    return changed
  }

  /** Leaves a group; peers are told. False when this node is not in it. */
  leave(group: string): boolean {
    this.#parts.life.checkRunning()
    const changed = this.#parts.engine.leave(group, this.#parts.driver.now())
    this.#parts.driver.settle()
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
      leave: (group) => this.#parts.life.isRunning && this.leave(group),
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
    return this.#parts.messenger.whisper(peer, message, options)
  }

  /** Sends without waiting: false when the peer's outbox is full. Throws where `whisper` rejects. */
  tryWhisper(peer: PeerRef, message: MessageInput): boolean {
    return this.#parts.messenger.tryWhisper(peer, message)
  }

  /**
   * Sends a message to all present members of a group; being in it is not required. Resolves when every
   * member's outbox has accepted it, or has dropped it as the policy wants (`whenFull`; a `drop` event says so);
   * members that leave meanwhile are not waited for.
   */
  shout(group: string, message: MessageInput, options?: ShoutOptions): Promise<void> {
    return this.#parts.messenger.shout(group, message, options)
  }

  /**
   * Sends to those members whose outbox has room, and says who is left out: nobody has to be told by a `drop` event.
   * (Under `drop-oldest` the outboxes of blocked members make room.)
   */
  tryShout(group: string, message: MessageInput): ShoutOutcome {
    return this.#parts.messenger.tryShout(group, message)
  }

  /** Asks a peer for a sign of life over its link; resolves with the round trip in milliseconds. */
  ping(peer: PeerRef, options?: WaitOptions): Promise<number> {
    return this.#parts.messenger.ping(peer, options)
  }

  // For services

  /** The host it runs on. */
  get platform(): Platform {
    return this.#platform
  }

  /** Opens a channel to the same service of other earshot nodes; see `Channel`. */
  channel(name: string, handler: ChannelHandler): Channel {
    return this.#parts.channels.open(name, handler)
  }

  /** Calls back when the node begins to stop and can still send: whoever came last first, as it may stand on others. */
  onStopping(callback: () => void): void {
    this.#parts.life.onStopping(callback)
  }

  /** Tells how far traced messages have come, on this side; gives back how to end that. See `TraceEvent`. */
  onTrace(listener: (event: TraceEvent) => void): () => void {
    return this.#parts.tracing.listen(listener)
  }

  /** Traces each `every`-th message that this node sends; 0 only those that ask for it (option `trace`). */
  sampleTraces(every: number): void {
    this.#parts.tracing.sample(every)
  }

  // For ways of discovery

  /** Says where a peer may be: it is dialled there unless it is linked already. See `Candidate`. */
  propose(candidate: Candidate): void {
    this.#parts.discovery.propose(candidate)
  }

  /** Calls back with where this node can be reached, soon and whenever that changes; gives back how to end that. */
  onMailboxes(callback: (mailboxes: readonly Mailbox[]) => void): () => void {
    return this.#parts.discovery.follow(callback)
  }

  /** Tells the application of something that went wrong and is not its fault; rate-limited per code. */
  warn(code: WarningCode, reason: string): void {
    this.#warn(code, reason, {})
  }

  // Sleep

  /**
   * Goes to sleep: accepted messages go out (for up to `lingerMs`), earshot peers are told to wait, other
   * implementations hear a goodbye, and every socket and timer is given up. Peers stay in `peers()`, and what is sent to
   * them waits. For hosts that stop an application in the background; on others a node notices sleep by itself.
   *
   * Rejects with ERR_EARSHOT_BAD_OPTION or ERR_EARSHOT_NOT_RUNNING.
   */
  async suspend(options: SuspendOptions = {}): Promise<void> {
    this.#parts.life.checkRunning()
    await this.#parts.suspension.suspend(options)
  }

  /**
   * Goes on, after `pause()` with reading and after `suspend()` with everything: the same node, with the same id, and
   * its peers as they are now. Resolves when it can be reached again; rejects with ERR_EARSHOT_PORT_IN_USE when the
   * beacon port was taken meanwhile, and can be tried again.
   */
  override async resume(): Promise<void> {
    super.resume()
    if (this.#parts.suspension.isSuspended) this.#parts.life.checkRunning()
    await this.#parts.suspension.resume()
  }

  // The end

  /**
   * Leaves the mesh: accepted messages go out (for up to `lingerMs`), peers are told, everything is closed.
   * Resolves when all is closed; calling it again gives the same promise.
   */
  stop(): Promise<void> {
    return this.#parts.life.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // Inside

  #handleEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'room':
      case 'pong':
      case 'gone':
      case 'traced':
      case 'astray':
        this.#parts.messenger.handleNotice(event)
        return
      case 'aside':
        this.#parts.tracing.forget(event.peer.id) // a trace is of what comes next; the preface of another one sets it anew
        this.#parts.channels.handle(event.peer, event.message)
        return
      case 'whisper':
      case 'shout':
        this.#tellMessage(event)
        return
      case 'suspended':
        this.#parts.suspension.handleSuspended()
        return
      case 'stopped':
        this.#parts.life.handleStopped()
        return
      default:
        this.tell(event)
    }
  }

  #tellMessage(event: WhisperEvent | ShoutEvent): void {
    const trace = this.#parts.tracing.isExpecting ? this.#parts.tracing.take(event) : undefined
    if (trace !== undefined) this.#parts.tracing.told('received', trace, event)
    this.tell(event)
    if (trace !== undefined) this.#parts.tracing.told('handled', trace, event)
  }

  #handleEnded(): void {
    this.#parts.messenger.handleStopped()
    this.tell({ type: 'stop' })
  }

  protected override setPaused(paused: boolean): void {
    this.#parts.driver.setPaused(paused)
  }

  protected override warnDropped(total: number): void {
    this.#warn('events-dropped', `an event iterator was read too slowly: ${total} dropped`, {})
  }

  #warn(code: WarningCode, reason: string, subject: WarningSubject): void {
    const event = this.#warnings.note(code, reason, subject, this.#parts.driver.now())
    if (event !== undefined) this.tell(event)
  }
}
