/**
 * A UDP socket as an object-mode stream: what arrives is read as `{ bytes, from }`, by 'data' events,
 * `for await` or a pipe; what goes out is given to `send()`, because a datagram has an address of its
 * own and a lost one is no reason to end a stream.
 *
 *     const port = await openDatagramStream({ port: 5670, onFailure: report })
 *     for await (const { bytes, from } of port) port.send(bytes, from)
 *
 * Order is the order of arrival. With a 'data' listener a datagram is handed over in the turn in which
 * it arrived; otherwise up to `capacity` of them wait, and beyond that new ones are dropped and
 * counted, as the kernel itself would do. A socket is of one family, IPv4 or IPv6, as its address is.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { withoutZone, zoneOf } from '../base/ipv6.ts'
import type { IoFailure, SocketAddress } from '../runtime/platform.ts'
import { openError, toFailure } from './failure.ts'

export interface Datagram {
  /** The receiver's to keep. */
  readonly bytes: Uint8Array
  readonly from: SocketAddress
}

export interface DatagramStreamOptions {
  /** 0 lets the host choose. */
  readonly port: number
  /** The local address; by default every IPv4 interface, `::` for every IPv6 one. */
  readonly address?: string
  /** Whether other sockets that share it too may have the same port; true by default. */
  readonly shared?: boolean
  /** Datagrams that wait for a reader at the most; 1,024 by default. */
  readonly capacity?: number
  /** A send or the receiving failed; the stream goes on. Never called from within `send()`. */
  readonly onFailure?: (failure: IoFailure) => void
}

const DEFAULT_CAPACITY = 1_024

/** Datagrams that the kernel has not taken yet; a beacon sender that reaches this has no network. */
const UNSENT_DATAGRAMS_MAX = 1_024

/** A burst of beacons of a whole mesh: 4,096 of them at about 256 bytes of kernel memory each. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024

/**
 * Opens a UDP port, by default sharing it with every other socket that shares it (`SO_REUSEADDR`; on BSDs and
 * macOS libuv sets `SO_REUSEPORT` for it, which is what sharing is called there). Broadcasts may be
 * sent. Rejects with an EarshotError.
 */
export async function openDatagramStream(options: DatagramStreamOptions): Promise<DatagramStream> {
  const { port, address = '0.0.0.0', shared = true } = options
  const family = isIP(address)
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    reuseAddr: shared,
    lookup: (host, _options, callback) => lookupNothing(family, host, callback),
  })
  try {
    if (family === 0) throw new TypeError(`${address} is not an IP address`)
    // Node checks this for TCP only; here it would bind the port's lower 16 bits.
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new RangeError(`${port} is not a port from 0 to 65535`)
    }
    // Asked for first: with our own lookup, `bind` is complete when it returns.
    const listening = once(socket, 'listening')
    socket.bind({ port, address, exclusive: true })
    await listening
    socket.setBroadcast(true)
    enlargeReceiveBuffer(socket)
    return new DatagramStream(socket, options)
  } catch (error) {
    socket.close()
    throw openError(error, 'UDP', address, port)
  }
}

export class DatagramStream extends Readable {
  /** The local port. */
  readonly port: number
  readonly #socket: Socket
  readonly #capacity: number
  readonly #onFailure: (failure: IoFailure) => void
  #dropped = 0
  #open = true

  /** Takes over a bound socket; see `openDatagramStream`. */
  constructor(socket: Socket, { capacity = DEFAULT_CAPACITY, onFailure }: DatagramStreamOptions) {
    super({ objectMode: true, highWaterMark: capacity })
    this.#socket = socket
    this.#capacity = capacity
    this.#onFailure = onFailure ?? (() => {})
    this.port = socket.address().port
    socket.on('message', this.#onMessage)
    socket.on('error', this.#onError)
  }

  /** Datagrams that nobody read in time. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Sends one datagram, later than all that were sent before. The bytes belong to the stream from
   * here on. A failure comes to `onFailure`; after `close()` nothing is sent.
   */
  send(bytes: Uint8Array, to: SocketAddress): void {
    if (!this.#open) return
    if (this.#socket.getSendQueueCount() >= UNSENT_DATAGRAMS_MAX) {
      this.#failLater({ kind: 'exhausted', message: 'too many datagrams wait to be sent' })
      return
    }
    try {
      this.#socket.send(bytes, to.port, to.address, this.#onSent)
    } catch (error) {
      // Thrown for a port that is none.
      this.#failLater(toFailure(error))
    }
  }

  /** Hears a group of IPv6 on one link, `ff02::1%eth0`, from now on. A failure comes to `onFailure`. */
  join(group: string): void {
    if (!this.#open) return
    try {
      this.#socket.addMembership(withoutZone(group), `::%${zoneOf(group)}`)
    } catch (error) {
      // It is joined already.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') this.#failLater(toFailure(error))
    }
  }

  /** Frees the port at once. What already waits can still be read; then the stream ends. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.close()
    this.push(null)
  }

  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Datagram> {
    return super[Symbol.asyncIterator]()
  }

  /** Nothing to do: datagrams come when they come. */
  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#open) {
      this.#open = false
      this.#socket.close()
    }
    callback(error)
  }

  #failLater(failure: IoFailure): void {
    process.nextTick(this.#report, failure)
  }

  readonly #report = (failure: IoFailure): void => {
    if (this.#open) this.#onFailure(failure)
  }

  readonly #onMessage = (bytes: Uint8Array, { address, port }: RemoteInfo): void => {
    if (!this.#open) return
    if (this.readableLength >= this.#capacity) this.#dropped++
    else this.push({ bytes, from: { address, port } } satisfies Datagram)
  }

  readonly #onSent = (error: Error | null): void => {
    if (error !== null) this.#report(toFailure(error))
  }

  readonly #onError = (error: Error): void => {
    this.#report(toFailure(error))
  }
}

/**
 * In place of DNS: takes addresses of one family only, and at once. Node's own defers every send to the next
 * tick even for an address, and would look a name up.
 */
function lookupNothing(
  family: number,
  host: string,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  if (isIP(host) === family) callback(null, host, family)
  else callback(new TypeError(`${host} is not an IPv${family} address`), host, family)
}

/** Linux silently gives what `net.core.rmem_max` allows; other systems refuse. Both are good enough. */
function enlargeReceiveBuffer(socket: Socket): void {
  try {
    if (socket.getRecvBufferSize() < RECEIVE_BUFFER_BYTES) {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    }
  } catch {
    // The default holds some hundred beacons.
  }
}
