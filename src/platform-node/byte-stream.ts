/**
 * One TCP connection over `node:net`.
 *
 *     connecting ──connect──▶ open ──close() or the other side's FIN──▶ closing ──▶ over
 *         └────────────┴──────────── error or destroy() ────────────────────┴───────▲
 *
 * A chunk that is kept keeps nothing but itself. Measured on Node.js 20, 22 and 24: for a read Node
 * allocates 64 KiB, and then hands over an ArrayBuffer of exactly the bytes read (10 of 10), no slice of
 * a pooled slab; 20,000 kept chunks of 10 bytes held 20,000 buffers and about 1 KiB of memory each, all
 * told. So plain 'data' events do; `onread` with one reusable buffer would only make the copy ours.
 */
import { isIP, Socket, connect as tcpConnect } from 'node:net'
import type {
  ByteStream,
  DialOptions,
  IoFailure,
  SocketAddress,
  StreamHandlers,
} from '../runtime/platform.ts'
import { toFailure } from './failure.ts'

/**
 * How long a closing stream may make no progress at all before it is given up. A stressed WiFi shows
 * latencies of 30 s; without a limit, one peer that never reads would hold a file descriptor for ever.
 */
const CLOSE_IDLE_MS_MAX = 30_000

/** Both ends of every stream: small messages go at once; a dead host is noticed even by an idle stream. */
export const STREAM_SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 15_000,
} as const

/** Tests shorten these; nobody else needs to. */
export interface ByteStreamOptions {
  /** Milliseconds without progress after which a closing stream fails with 'timeout'. */
  readonly closeIdleMsMax?: number
}

type State = 'connecting' | 'open' | 'closing' | 'over'

export class NodeByteStream implements ByteStream {
  readonly #socket: Socket
  readonly #closeIdleMsMax: number
  #handlers: StreamHandlers | undefined
  #state: State
  #local: SocketAddress
  #remote: SocketAddress
  #failure: IoFailure | undefined
  /** A `write` has happened for which no `drained` was called yet. */
  #drainedOwed = false

  constructor(
    socket: Socket,
    state: 'connecting' | 'open',
    local: SocketAddress,
    remote: SocketAddress,
    options: ByteStreamOptions = {},
  ) {
    this.#socket = socket
    this.#state = state
    this.#local = local
    this.#remote = remote
    this.#closeIdleMsMax = options.closeIdleMsMax ?? CLOSE_IDLE_MS_MAX
    if (state === 'connecting') socket.once('connect', this.#onConnect)
    socket.on('error', this.#onError)
    socket.once('close', this.#onClose)
  }

  /** Reading starts here: Node calls back only on a later turn. */
  attach(handlers: StreamHandlers): void {
    if (this.#state === 'over') return
    this.#handlers = handlers
    this.#socket.on('data', this.#onData)
    this.#socket.once('end', this.#onEnd)
  }

  get local(): SocketAddress {
    return this.#local
  }

  get remote(): SocketAddress {
    return this.#remote
  }

  /** Node counts a write as pending until the kernel has taken all of it. */
  get pendingBytes(): number {
    return this.#state === 'over' ? 0 : this.#socket.writableLength
  }

  write(segments: readonly Uint8Array[]): void {
    if (this.#state === 'closing' || this.#state === 'over') return
    let last = segments.length - 1
    while (last >= 0 && segments[last]!.length === 0) last--
    if (last < 0) return
    this.#drainedOwed = true
    if (last === 0) {
      this.#socket.write(segments[0]!, this.#onWritten)
      return
    }
    // Corked, all segments go to the kernel in one writev.
    this.#socket.cork()
    for (let i = 0; i < last; i++) {
      if (segments[i]!.length > 0) this.#socket.write(segments[i]!)
    }
    this.#socket.write(segments[last]!, this.#onWritten)
    this.#socket.uncork()
  }

  pause(): void {
    if (this.#state !== 'closing') this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#state === 'closing' || this.#state === 'over') return
    this.#startClosing()
    this.#socket.end()
    // What still arrives is read and dropped: closing with unread bytes in the kernel would send a
    // RST, and that can destroy bytes of ours that the other side has not read yet.
    this.#socket.resume()
  }

  destroy(): void {
    if (this.#state === 'over') return
    this.#abort()
    this.#state = 'over'
  }

  /** Ends the stream, later, as if the host had given this failure. */
  fail(failure: IoFailure): void {
    this.#failure ??= failure
    this.#abort()
  }

  #abort(): void {
    const finSent = this.#state === 'closing' && this.#socket.writableLength === 0
    // Node would wait for a connection in order to reset it. And a socket whose FIN is under way must
    // not be reset: libuv refuses with EINVAL, and Node (20, 22, 24) then loses the file descriptor.
    if (this.#state === 'connecting' || finSent) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  #startClosing(): void {
    this.#state = 'closing'
    this.#socket.setTimeout(this.#closeIdleMsMax, this.#onCloseIdle)
  }

  readonly #onConnect = (): void => {
    this.#local = socketAddress(this.#socket.localAddress, this.#socket.localPort, this.#local)
    this.#remote = socketAddress(this.#socket.remoteAddress, this.#socket.remotePort, this.#remote)
    if (this.#state !== 'connecting') return
    // Dialling a port of this host that nobody listens on, Linux may pick that very port as the
    // source, and the connection is then with itself (TCP's simultaneous open). Nobody listens there.
    if (isSame(this.#local, this.#remote)) {
      this.fail({ kind: 'refused', message: 'the connection reached itself: nobody listens there' })
      return
    }
    this.#state = 'open'
    this.#handlers?.opened?.()
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#state === 'open') this.#handlers?.bytes(chunk)
  }

  /** The other side's FIN. Node sends ours after what is pending, because `allowHalfOpen` is false. */
  readonly #onEnd = (): void => {
    if (this.#state === 'open') this.#startClosing()
  }

  readonly #onWritten = (): void => {
    if (this.#state !== 'open' || !this.#drainedOwed || this.#socket.writableLength > 0) return
    this.#drainedOwed = false
    this.#handlers?.drained()
  }

  readonly #onCloseIdle = (): void => {
    this.fail({ kind: 'timeout', message: 'the other side took nothing while we were closing' })
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= toFailure(error)
  }

  readonly #onClose = (): void => {
    if (this.#state === 'over') return
    this.#state = 'over'
    const failure = this.#failure
    this.#handlers?.ended(failure === undefined ? { kind: 'ended' } : { kind: 'failed', failure })
  }
}

/** Starts a connection. Whatever is wrong with the options comes to `ended`. */
export function dialStream(
  { to, from }: DialOptions,
  handlers: StreamHandlers,
  options?: ByteStreamOptions,
): NodeByteStream {
  const bad = wrongDial(to, from)
  const socket =
    bad === undefined
      ? tcpConnect({
          ...STREAM_SOCKET_OPTIONS,
          host: to.address,
          port: to.port,
          ...(from === undefined ? {} : { localAddress: from }),
        })
      : new Socket()
  const local = { address: from ?? (isIP(to.address) === 6 ? '::' : '0.0.0.0'), port: 0 }
  const stream = new NodeByteStream(socket, 'connecting', local, to, options)
  stream.attach(handlers)
  if (bad !== undefined) stream.fail({ kind: 'other', message: bad })
  return stream
}

/** What came in at a listener, or `undefined` when it is gone already. */
export function acceptedStream(
  socket: Socket,
  options?: ByteStreamOptions,
): NodeByteStream | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (localAddress === undefined || remoteAddress === undefined) return undefined
  return new NodeByteStream(
    socket,
    'open',
    { address: localAddress, port: localPort ?? 0 },
    { address: remoteAddress, port: remotePort ?? 0 },
    options,
  )
}

/** Checked here because Node would look a name up, and throws for a port that is none. */
function wrongDial(to: SocketAddress, from: string | undefined): string | undefined {
  if (isIP(to.address) === 0) return `cannot dial ${to.address}: not an IP address`
  if (!Number.isInteger(to.port) || to.port < 1 || to.port > 65_535) {
    return `cannot dial port ${to.port}: not from 1 to 65535`
  }
  if (from !== undefined && isIP(from) === 0) return `cannot dial from ${from}: not an IP address`
  return undefined
}

function socketAddress(
  address: string | undefined,
  port: number | undefined,
  otherwise: SocketAddress,
): SocketAddress {
  return address === undefined || port === undefined ? otherwise : { address, port }
}

function isSame(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.address === b.address
}
