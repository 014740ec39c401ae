/**
 * A process on a virtual host: the platform that a node runs on. Everything it opened goes with it.
 */
import type {
  ByteStream,
  Clock,
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  DialOptions,
  Entropy,
  Listener,
  ListenHandlers,
  ListenOptions,
  NetworkInterface,
  Platform,
  StreamHandlers,
  Timer,
} from '../../src/runtime/platform.ts'
import type { EventTarget, EventToken } from '../kernel/event-queue.ts'
import { RandomStream } from '../kernel/random.ts'
import type { TurnTaker, World } from '../kernel/world.ts'
import { Gate } from './gate.ts'
import type { LocalClock } from './local-clock.ts'
import type { TcpLayer } from './tcp.ts'
import { EndList } from './tcp-shared.ts'
import type { SocketHost } from './topology.ts'
import type { UdpLayer } from './udp.ts'

/** The host, as its processes see it. */
export interface ProcessHost extends SocketHost {
  readonly name: string
  readonly clock: LocalClock
  readonly internet: { readonly world: World; readonly tcp: TcpLayer; readonly udp: UdpLayer }
  interfaces(): readonly NetworkInterface[]
}

const TURN = 1
const TIMER = 2

export class VirtualProcess implements Platform, TurnTaker, EventTarget {
  readonly host: ProcessHost
  readonly name: string
  /** What its application's listeners threw. */
  readonly uncaught: unknown[] = []
  readonly #gate: Gate
  readonly #world: World
  readonly #random: RandomStream
  readonly #onEnd: () => void
  readonly #timers = new Set<VirtualTimer>()
  readonly #ends: EndList
  readonly #open = new Set<{ close(): void }>()
  #turn: (() => void)[] = []
  #isTurnPlanned = false
  #isStopped = false
  #isSuspended = false
  #state: 'running' | 'ended' = 'running'

  constructor(host: ProcessHost, name: string, onEnd: () => void) {
    this.host = host
    this.name = name
    this.#world = host.internet.world
    this.#gate = new Gate(this.#world)
    this.#ends = new EndList(host.internet.tcp, this.#gate)
    this.#random = new RandomStream(this.#world.seedNumber, `process ${name}`)
    this.#onEnd = onEnd
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get isFrozen(): boolean {
    return this.#gate.isFrozen
  }

  /** What it has open: streams, listeners, ports, timers. All 0 once a node on it has stopped. */
  openCounts(): { streams: number; sockets: number; timers: number } {
    return { streams: this.#ends.length, sockets: this.#open.size, timers: this.#timers.size }
  }

  // The platform

  readonly clock: Clock = {
    now: () => this.host.clock.now(),
    wallNow: () => this.host.clock.wallNow(),
    setTimer: (at, callback) => this.#setTimer(at, callback),
    endOfTurn: (callback) => this.#endOfTurn(callback),
  }

  readonly entropy: Entropy = {
    fill: (bytes) => this.#random.fill(bytes),
    random: () => this.#random.unit(),
  }

  interfaces(): readonly NetworkInterface[] {
    return this.host.interfaces()
  }

  async openDatagrams(options: DatagramOptions, handlers: DatagramHandlers): Promise<DatagramPort> {
    const port = this.host.internet.udp.open(this.host, this.#gate, options, handlers)
    return this.#keep(port)
  }

  async listen(options: ListenOptions, handlers: ListenHandlers): Promise<Listener> {
    const { tcp } = this.host.internet
    return this.#keep(tcp.listen(this.host, this.#ends, options, handlers))
  }

  dial(options: DialOptions, handlers: StreamHandlers): ByteStream {
    const end = this.host.internet.tcp.dial(this.host, this.#ends, options, handlers)
    if (this.#state === 'ended') end.destroy()
    return end
  }

  reportUncaught(error: unknown): void {
    this.clock.endOfTurn(() => this.uncaught.push(error))
  }

  /** Notes what was opened, until it is closed. */
  #keep<Opened extends { readonly port: number; close(): void }>(opened: Opened): Opened {
    if (this.#state === 'ended') {
      opened.close()
      return opened
    }
    this.#open.add(opened)
    const close = opened.close.bind(opened)
    opened.close = () => {
      this.#open.delete(opened)
      close()
    }
    return opened
  }

  #setTimer(at: number, callback: () => void): Timer {
    const timer = new VirtualTimer(this.#world, this.#gate, this.host.clock, at, () => {
      this.#timers.delete(timer)
      callback()
    })
    timer.onCancel = () => this.#timers.delete(timer)
    if (this.#state === 'running') {
      this.#timers.add(timer)
      timer.arm()
    }
    return timer
  }

  #endOfTurn(callback: () => void): void {
    this.#turn.push(callback)
    if (this.#isTurnPlanned) return
    this.#isTurnPlanned = true
    this.#world.atEndOfTurn(this)
  }

  endTurn(): void {
    this.handleEvent()
  }

  handleEvent(): void {
    if (this.#gate.defers(this, TURN, 0)) return
    this.#isTurnPlanned = false
    const callbacks = this.#turn
    this.#turn = []
    for (const callback of callbacks) if (this.#state === 'running') callback()
  }

  // Faults

  /** Stopped by the system: nothing runs, while the host's network stack goes on. */
  freeze(): void {
    this.#isStopped = true
    this.#gate.freeze()
  }

  thaw(): void {
    this.#isStopped = false
    if (!this.#isSuspended) this.#gate.thaw()
  }

  /** Its host sleeps. */
  suspend(): void {
    this.#isSuspended = true
    this.#gate.freeze()
  }

  /** Its host is awake; a process that was stopped stays so. */
  resume(): void {
    this.#isSuspended = false
    if (!this.#isStopped) this.#gate.thaw()
  }

  /** What each call into the process costs, in milliseconds of CPU. */
  setCallCost(ms: number): void {
    this.#gate.setCallCost(ms)
  }

  /** Ends at once; the host resets its connections. */
  kill(): void {
    for (const end of this.#ends.all()) end.destroy()
    this.#end()
  }

  /** Ends without a word to anybody. */
  crash(): void {
    for (const end of this.#ends.all()) end.vanish()
    this.#end()
  }

  /** Resets all its connections, as a failing router would. */
  resetConnections(): void {
    for (const end of this.#ends.all()) end.reset()
  }

  /** The host's clock goes at another rate. */
  rearmTimers(): void {
    for (const timer of [...this.#timers]) timer.arm()
  }

  #end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const timer of [...this.#timers]) timer.cancel()
    for (const each of [...this.#open]) each.close()
    this.#gate.clear()
    this.#onEnd()
  }
}

class VirtualTimer implements Timer, EventTarget {
  readonly #world: World
  readonly #gate: Gate
  readonly #clock: LocalClock
  readonly #at: number
  #callback: (() => void) | undefined
  #token: EventToken | undefined
  onCancel: () => void = () => {}

  constructor(world: World, gate: Gate, clock: LocalClock, at: number, callback: () => void) {
    this.#world = world
    this.#gate = gate
    this.#clock = clock
    this.#at = at
    this.#callback = callback
  }

  get isOver(): boolean {
    return this.#callback === undefined
  }

  /** Plans the event for when the clock, at its present rate, shows the time. */
  arm(): void {
    if (this.#callback === undefined) return
    if (this.#token !== undefined) this.#world.cancel(this.#token)
    const ms = this.#clock.worldMsUntil(this.#at)
    this.#token = ms === Number.POSITIVE_INFINITY ? undefined : this.#world.after(ms, this, TIMER)
  }

  cancel(): void {
    if (this.#callback === undefined) return
    this.#callback = undefined
    if (this.#token !== undefined) this.#world.cancel(this.#token)
    this.onCancel()
  }

  handleEvent(): void {
    this.#token = undefined
    const callback = this.#callback
    if (callback === undefined || this.#gate.defers(this, TIMER, 0)) return
    if (this.#clock.now() < this.#at) {
      this.arm()
      return
    }
    this.#callback = undefined
    callback()
  }
}
