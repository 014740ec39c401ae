/**
 * A network in memory, on virtual time: streams that behave like TCP, and the tasks that make time pass.
 * Everything happens in the order in which it was scheduled, so a run is the same every time.
 *
 * It knows no engine: `mesh.ts` puts engines on it, `zre-peer.ts` scripted strangers. It is not the simulator
 * (`sim/`), and is meant to stay too small to have faults of its own.
 */
import { concatBytes } from '../../src/base/bytes.ts'

export interface Address {
  readonly address: string
  readonly port: number
}

export interface Failure {
  readonly kind: 'refused' | 'unreachable' | 'reset'
  readonly message: string
}

/** What an owner of a socket wants to hear of. */
export interface Handlers {
  opened?(): void
  bytes(chunk: Uint8Array): void
  drained?(): void
  ended(failure: Failure | undefined): void
}

/**
 * What lies between two addresses. `drop`: packets vanish and are repeated for ever, as TCP does; `refuse` and
 * `unreachable` concern dials only; `deaf`: TCP works, datagrams get lost.
 */
export type LinkState = 'up' | 'deaf' | 'drop' | 'refuse' | 'unreachable'

interface Task {
  readonly at: number
  readonly run: () => void
}

const EPHEMERAL_PORT = 32_768
/** More than any test needs at one instant: an endless exchange fails instead of hanging. */
const TASKS_PER_INSTANT_MAX = 200_000

export class Network {
  now = 0
  latencyMs = 1
  /** Bytes of one chunk on arrival; Infinity leaves writes as they are. */
  chunkBytes = Number.POSITIVE_INFINITY
  /** Bytes of a stream that the hosts take although the other side does not read. */
  bufferBytes = 0
  /** Dials of everybody, in order: `from > address:port`. */
  readonly dials: { readonly at: number; readonly from: string; readonly to: Address }[] = []
  readonly #tasks: Task[] = []
  readonly #listeners = new Map<string, (socket: Socket) => Handlers | undefined>()
  readonly #links = new Map<string, LinkState>()
  readonly #sockets = new Set<Socket>()
  #nextPort = EPHEMERAL_PORT
  #tasksNow = 0

  /** Runs a task at a time, after everything that was scheduled for that time before. */
  schedule(at: number, run: () => void): void {
    let index = this.#tasks.length
    while (index > 0 && this.#tasks[index - 1]!.at > at) index--
    this.#tasks.splice(index, 0, { at, run })
  }

  get nextAt(): number {
    return this.#tasks[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Lets time come to `at` and runs what is due first, if anything is. */
  step(at: number): void {
    this.#tasksNow = at > this.now ? 0 : this.#tasksNow + 1
    if (this.#tasksNow > TASKS_PER_INSTANT_MAX) throw new Error(`time stands still at ${this.now}`)
    this.now = Math.max(this.now, at)
    if (this.nextAt <= this.now) this.#tasks.shift()!.run()
  }

  // Links

  /** One direction; `connect` sets both. */
  setLink(from: string, to: string, state: LinkState): void {
    this.#links.set(`${from}>${to}`, state)
  }

  connect(a: string, b: string, state: LinkState): void {
    this.setLink(a, b, state)
    this.setLink(b, a, state)
    for (const socket of [...this.#sockets]) socket.deliver()
  }

  link(from: string, to: string): LinkState {
    return this.#links.get(`${from}>${to}`) ?? 'up'
  }

  // Streams

  listen(at: Address, accept: (socket: Socket) => Handlers | undefined): void {
    this.#listeners.set(keyOf(at), accept)
  }

  unlisten(at: Address): void {
    this.#listeners.delete(keyOf(at))
  }

  dial(from: string, to: Address, handlers: Handlers): Socket {
    this.dials.push({ at: this.now, from, to })
    const local = { address: from, port: this.#nextPort++ }
    const socket = new Socket(this, local, to)
    socket.handlers = handlers
    this.schedule(this.now + this.latencyMs, () => this.#arrive(socket))
    return socket
  }

  #arrive(dialler: Socket): void {
    const { local, remote } = dialler
    const state = this.link(local.address, remote.address)
    if (dialler.over || state === 'drop') return
    const accept = this.#listeners.get(keyOf(remote))
    if (state === 'unreachable') {
      dialler.end({ kind: 'unreachable', message: 'no route to host' })
      return
    }
    if (state === 'refuse' || accept === undefined) {
      dialler.end({ kind: 'refused', message: 'connection refused' })
      return
    }
    const acceptor = new Socket(this, remote, local)
    dialler.pairWith(acceptor)
    this.#sockets.add(dialler)
    this.#sockets.add(acceptor)
    dialler.handlers.opened?.()
    const handlers = accept(acceptor)
    if (handlers === undefined) acceptor.destroy()
    else acceptor.handlers = handlers
  }

  forget(socket: Socket): void {
    this.#sockets.delete(socket)
  }
}

const DEAF: Handlers = { bytes: () => {}, ended: () => {} }

type Item = Uint8Array | 'fin' | 'rst'

/** One end of a stream. What arrives waits in `#inbox` while its owner does not read or the link is down. */
export class Socket {
  readonly local: Address
  readonly remote: Address
  handlers: Handlers = DEAF
  over = false
  readonly #network: Network
  #other: Socket | undefined
  #reading = true
  #pendingBytes = 0
  /** Ours, before the stream stands. */
  readonly #unsent: Item[] = []
  readonly #inbox: Item[] = []

  constructor(network: Network, local: Address, remote: Address) {
    this.#network = network
    this.local = local
    this.remote = remote
  }

  pairWith(other: Socket): void {
    this.#other = other
    other.#other = this
    for (const item of this.#unsent.splice(0)) this.#send(item)
  }

  /** Bytes that the other side has not read. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Sends all segments; `drained` comes when the other side has read them, but for what the hosts take. */
  write(segments: readonly Uint8Array[]): void {
    const bytes = concatBytes(segments)
    this.#pendingBytes += bytes.length
    const step = Math.min(this.#network.chunkBytes, bytes.length)
    for (let i = 0; i < bytes.length; i += step) this.#send(bytes.slice(i, i + step))
    if (this.#network.bufferBytes > 0) this.#checkDrained()
  }

  /** Sends what is pending, then FIN; `ended` comes when the other side has read it. */
  close(): void {
    this.#send('fin')
  }

  /** RST: the other side hears of it, we hear nothing more. */
  destroy(): void {
    if (this.over) return
    this.#send('rst')
    this.#finish()
  }

  setReading(reading: boolean): void {
    this.#reading = reading
    if (reading) this.#network.schedule(this.#network.now, () => this.deliver())
  }

  #send(item: Item): void {
    if (this.over) return
    const other = this.#other
    if (other === undefined) {
      this.#unsent.push(item)
      return
    }
    this.#network.schedule(this.#network.now + this.#network.latencyMs, () => {
      other.#inbox.push(item)
      other.deliver()
    })
  }

  /** Hands over what has arrived, as far as the owner reads and the link is up. */
  deliver(): void {
    while (this.#inbox.length > 0 && this.#reading && !this.over) {
      if (this.#network.link(this.remote.address, this.local.address) === 'drop') return
      const item = this.#inbox.shift()!
      if (item === 'rst') {
        this.end({ kind: 'reset', message: 'connection reset' })
      } else if (item === 'fin') {
        const other = this.#other!
        this.#network.schedule(this.#network.now, () => other.end(undefined))
        this.end(undefined)
      } else {
        this.#other!.#read(item.length)
        this.handlers.bytes(item)
      }
    }
  }

  /** The other side has read `length` bytes of what we wrote. */
  #read(length: number): void {
    this.#pendingBytes -= length
    this.#checkDrained()
  }

  #checkDrained(): void {
    const isDrained = (): boolean => this.#pendingBytes <= this.#network.bufferBytes
    if (!isDrained()) return
    this.#network.schedule(this.#network.now, () => {
      if (!this.over && isDrained()) this.handlers.drained?.()
    })
  }

  end(failure: Failure | undefined): void {
    if (this.over) return
    this.#finish()
    this.handlers.ended(failure)
  }

  #finish(): void {
    this.over = true
    this.#inbox.length = 0
    this.#network.forget(this)
  }
}

function keyOf(address: Address): string {
  return `${address.address}:${address.port}`
}
