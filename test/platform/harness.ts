/**
 * What the contract suite needs around a platform, and the recorders it watches one with.
 *
 * The suite has no clock of its own: it waits through the harness, which lets real time pass or
 * advances a virtual one. The recorders note every callback in order, and every callback that came
 * from within a call of the owner, which the contract forbids everywhere.
 */
import { concatBytes } from '../../src/base/bytes.ts'
import type {
  ByteStream,
  DatagramHandlers,
  DatagramPort,
  DialOptions,
  IoFailure,
  IoFailureKind,
  Listener,
  ListenHandlers,
  Platform,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
} from '../../src/runtime/platform.ts'

/** A platform under test, on a host that is connected to itself. */
export interface PlatformHarness {
  readonly platform: Platform
  /** An address of this host, of one of `platform.interfaces()`. */
  readonly hostAddress: string
  /** The broadcast address of its subnet. */
  readonly broadcastAddress: string
  /** Whether it can tell how late its event loop was. */
  readonly measuresDelay: boolean
  /** Lets time pass until the condition holds; rejects with `what` when it does not come to hold. */
  waitFor(condition: () => boolean, what: string): Promise<void>
  /** Lets everything happen that is under way: to show that something does not. */
  quiet(): Promise<void>
  /** What `reportUncaught` has shown so far. */
  uncaught(): readonly unknown[]
  dispose(): Promise<void>
}

/** The suite's view of a harness: opens things, records what they call, closes what a test left open. */
export class Bench {
  readonly harness: PlatformHarness
  readonly platform: Platform
  readonly host: string
  /** Callbacks that came from within a call of the owner. */
  readonly violations: string[] = []
  readonly #open: (() => void)[] = []
  #inCall = 0

  constructor(harness: PlatformHarness) {
    this.harness = harness
    this.platform = harness.platform
    this.host = harness.hostAddress
  }

  /** A call by an owner: no recorder may be called before it returns. */
  call<T>(action: () => T): T {
    this.#inCall++
    try {
      return action()
    } finally {
      this.#inCall--
    }
  }

  /** A callback: not within any owner's call, though it may itself make some. */
  called(what: string): void {
    if (this.#inCall > 0) this.violations.push(what)
  }

  waitFor(condition: () => boolean, what: string): Promise<void> {
    return this.harness.waitFor(condition, what)
  }

  /** Awaits a promise of the platform's, which may need time to pass. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const settle = () => {
      settled = true
    }
    promise.then(settle, settle)
    await this.waitFor(() => settled, 'a promise of the platform is settled')
    return promise
  }

  dial(options: DialOptions | Listening, prepare?: (end: End) => void): End {
    const to = options instanceof Listening ? { to: options.address } : options
    const end = new End(this)
    prepare?.(end)
    end.stream = this.call(() => this.platform.dial(to, end))
    this.#open.push(() => end.stream.destroy())
    return end
  }

  async listen(options: Partial<ListeningOptions> = {}): Promise<Listening> {
    const listening = new Listening(this, options.accept ?? (() => {}))
    const address = options.address ?? this.host
    const request = this.platform.listen({ address, port: options.port ?? 0 }, listening)
    listening.listener = await this.until(request)
    this.#open.push(() => listening.listener.close())
    return listening
  }

  /** Two ends of one connection that stands. */
  async connect(): Promise<{ near: End; far: End; listening: Listening }> {
    const listening = await this.listen()
    const near = this.dial(listening)
    await this.waitFor(() => near.has('opened') && listening.ends.length > 0, 'a connection')
    return { near, far: listening.ends[0]!, listening }
  }

  async openPort(port = 0, address?: string): Promise<Port> {
    const opened = new Port(this)
    const options = { port, ...(address !== undefined && { address }) }
    opened.port = await this.until(this.platform.openDatagrams(options, opened))
    this.#open.push(() => opened.port.close())
    return opened
  }

  adopt(end: End): void {
    this.#open.push(() => end.stream.destroy())
  }

  async dispose(): Promise<void> {
    for (const close of this.#open) close()
    await this.harness.dispose()
  }
}

type StreamCall = 'opened' | 'bytes' | 'drained' | 'ended'

/** One end of a connection: its stream, and what it called. */
export class End implements StreamHandlers {
  stream!: ByteStream
  readonly calls: StreamCall[] = []
  readonly chunks: Uint8Array[] = []
  receivedBytes = 0
  endedWith: StreamEnd | undefined
  /** What a test does within a callback. */
  onBytes: (chunk: Uint8Array) => void = () => {}
  onDrained: () => void = () => {}
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  has(call: StreamCall): boolean {
    return this.calls.includes(call)
  }

  /** The calls in order, repeated ones once. */
  get order(): StreamCall[] {
    return this.calls.filter((call, i) => call !== this.calls[i - 1])
  }

  get received(): Uint8Array {
    return concatBytes(this.chunks)
  }

  get failure(): IoFailureKind | undefined {
    return this.endedWith?.kind === 'failed' ? this.endedWith.failure.kind : undefined
  }

  write(...segments: Uint8Array[]): void {
    this.#bench.call(() => this.stream.write(segments))
  }

  do(action: 'pause' | 'resume' | 'close' | 'destroy'): void {
    this.#bench.call(() => this.stream[action]())
  }

  opened(): void {
    this.#note('opened')
  }

  bytes(chunk: Uint8Array): void {
    this.#note('bytes')
    this.chunks.push(chunk)
    this.receivedBytes += chunk.length
    this.onBytes(chunk)
  }

  drained(): void {
    this.#note('drained')
    this.onDrained()
  }

  ended(end: StreamEnd): void {
    this.#note('ended')
    this.endedWith = end
  }

  #note(call: StreamCall): void {
    this.#bench.called(call)
    this.calls.push(call)
  }
}

interface ListeningOptions {
  address: string
  port: number
  /** What is done with an end within `accepted`; 'refuse' has it destroyed. */
  accept: (end: End) => unknown
}

export class Listening implements ListenHandlers {
  listener!: Listener
  readonly ends: End[] = []
  readonly failures: IoFailure[] = []
  readonly #bench: Bench
  readonly #accept: ListeningOptions['accept']

  constructor(bench: Bench, accept: ListeningOptions['accept']) {
    this.#bench = bench
    this.#accept = accept
  }

  get address(): SocketAddress {
    return { address: this.#bench.host, port: this.listener.port }
  }

  accepted(stream: ByteStream): StreamHandlers | undefined {
    this.#bench.called('accepted')
    const end = new End(this.#bench)
    end.stream = stream
    this.ends.push(end)
    this.#bench.adopt(end)
    return this.#accept(end) === 'refuse' ? undefined : end
  }

  failed(failure: IoFailure): void {
    this.#bench.called('failed')
    this.failures.push(failure)
  }
}

/** A UDP port, and what it called. */
export class Port implements DatagramHandlers {
  port!: DatagramPort
  readonly received: { bytes: Uint8Array; from: SocketAddress }[] = []
  readonly failures: IoFailureKind[] = []
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  get address(): SocketAddress {
    return { address: this.#bench.host, port: this.port.port }
  }

  send(bytes: Uint8Array, to: SocketAddress): void {
    this.#bench.call(() => this.port.send(bytes, to))
  }

  datagram(bytes: Uint8Array, from: SocketAddress): void {
    this.#bench.called('datagram')
    this.received.push({ bytes, from })
  }

  failed(failure: IoFailure): void {
    this.#bench.called('failed')
    this.failures.push(failure.kind)
  }
}

/** `length` bytes that differ from place to place, so that a swap or a gap shows. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2654435761 + 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Of TEST-NET-3 (RFC 5737): no host has it. Only ever used as a local address, so nothing is sent. */
export const FOREIGN_ADDRESS = '203.0.113.1'
