/**
 * What a host must offer so that a node can run on it: a clock, entropy, datagrams, byte streams and
 * the list of network interfaces. `platform-node` offers it over Node.js, `sim` over a virtual
 * network; one contract suite (`test/platform`) holds both to the sentences below.
 *
 * Callbacks, not promises, on everything that moves data: no allocation per event, and an order of
 * calls that a simulator can reproduce. A platform never calls back into a handler from within the
 * call that the handler's owner made (`write`, `send`, `dial` …): every callback comes on a stack of
 * its own, after that call has returned.
 */

/** One end of a TCP connection, or where a datagram came from or goes to. */
export interface SocketAddress {
  /**
   * An IPv4 or IPv6 address in its usual spelling (RFC 5952); never a host name. A link-local address of IPv6 has its zone:
   * `fe80::7%eth0`, on Windows the number of the interface. Two texts are equal exactly when the addresses are.
   */
  readonly address: string
  readonly port: number
}

export interface Clock {
  /** Milliseconds of a monotonic clock with an arbitrary origin; fractions are welcome. */
  now(): number
  /** Milliseconds since 1970. May jump: for showing to people, and for the mesh's clock, which jumps with no other. */
  wallNow(): number
  /** Calls back once, at or after `at` (in the terms of `now()`). A process may exit while one is armed
   *  only if nothing else keeps it alive. */
  setTimer(at: number, callback: () => void): Timer
  /** Calls back once, after the code that runs now has returned, and at the latest when everything that is ready in
   *  this turn of the event loop has been handled; in the order of asking. */
  endOfTurn(callback: () => void): void
}

export interface Timer {
  /** After this the callback will not be called. Cancelling twice is harmless. */
  cancel(): void
}

export interface Entropy {
  /** Fills with cryptographically strong random bytes (in a simulator: reproducible ones). */
  fill(bytes: Uint8Array): Uint8Array
  /** A number in [0, 1) for jitter; not for secrets. */
  random(): number
}

/** One address of one interface. */
export interface NetworkInterface {
  /** The host's name for it: `eth0`, `lo`, `en0`. Several entries may share one name. */
  readonly name: string
  readonly family: 'IPv4' | 'IPv6'
  /** As in `SocketAddress`: with its zone when it is link-local. */
  readonly address: string
  /** Length of the subnet prefix in bits. */
  readonly prefixLength: number
  /** True for an interface that reaches only this host. */
  readonly loopback: boolean
}

/** Why an I/O operation failed, in terms every host can give. */
export type IoFailureKind =
  | 'refused' // nobody listens there: hard evidence
  | 'unreachable' // no route, host or network down
  | 'timeout'
  | 'reset' // the other side aborted
  | 'address-in-use'
  | 'address-unavailable' // the local address is not (or no longer) ours
  | 'permission'
  | 'too-large' // a datagram over what can be sent
  | 'exhausted' // no file descriptors, no buffers
  | 'other'

export interface IoFailure {
  readonly kind: IoFailureKind
  /** For people. */
  readonly message: string
}

/**
 * How a byte stream ended. An abort that arrives together with bytes may look like a FIN (libuv reports
 * one where Linux has both): 'ended' does not prove that the other side had no more to say.
 */
export type StreamEnd =
  | { readonly kind: 'ended' } // FIN after everything was delivered, or our own `close()` is complete
  | { readonly kind: 'failed'; readonly failure: IoFailure }

export interface StreamHandlers {
  /** Dialled streams only: the connection stands; `local` and `remote` are known from now on. */
  opened?(): void
  /** Bytes arrived. The chunk is the handler's to keep; the platform will not touch it again. */
  bytes(chunk: Uint8Array): void
  /** `pendingBytes` is back at 0 after a `write`, even one that the host took at once. Several writes
   *  may share one call; a write of no bytes gives none. */
  drained(): void
  /** The stream is over; the last callback of all. Not called after `destroy()`. */
  ended(end: StreamEnd): void
}

/**
 * One TCP connection. When the other side ends its half, the stream ends as a whole (`ended`), after all
 * bytes were delivered: no protocol here uses half-open connections.
 */
export interface ByteStream {
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** Bytes given to `write` that the host's network stack has not taken yet; a write may count in
   *  full until all of it is taken. 0 when the stream is over. */
  readonly pendingBytes: number
  /** Sends all segments in order. They belong to the stream from here on and are not copied. Never
   *  refuses: bounding `pendingBytes` is the caller's task. Writes before `opened` are kept for then;
   *  writes after `close()` or the end of the stream are dropped. */
  write(segments: readonly Uint8Array[]): void
  /** Stops reading: no `bytes` until `resume()`. What arrives waits in the host's buffers, and the
   *  other side's sending stalls; `ended` comes after the bytes that wait. */
  pause(): void
  resume(): void
  /** Sends what is pending, then FIN. Only `ended` follows: bytes that still arrive are dropped, even
   *  of a paused stream. When the other side takes nothing for a while, it is 'failed' by 'timeout'. */
  close(): void
  /** Frees everything at once, dropping what is pending (RST where the host can). No callback follows. */
  destroy(): void
}

export interface DialOptions {
  readonly to: SocketAddress
  /** The local address to dial from; without it the host chooses by its routes. */
  readonly from?: string
}

export interface ListenOptions {
  /** The local address; `0.0.0.0` for every address of IPv4, `::` for every one of IPv6 and none of IPv4. */
  readonly address: string
  /** 0 lets the host choose. */
  readonly port: number
}

export interface Listener {
  readonly port: number
  /** Stops accepting; accepted streams live on. No callback follows. */
  close(): void
}

export interface ListenHandlers {
  /** A connection has come in. Return its handlers, or `undefined` to have it destroyed. The stream
   *  can be used at once; its `opened` is not called. */
  accepted(stream: ByteStream): StreamHandlers | undefined
  /** The listener cannot go on (or, for `exhausted`, could not take one connection but goes on). */
  failed(failure: IoFailure): void
}

export interface DatagramOptions {
  /** 0 lets the host choose. */
  readonly port: number
  /** The local address, which becomes the source of all that is sent. By default every IPv4 interface; `::` is every
   *  IPv6 interface. */
  readonly address?: string
}

export interface DatagramHandlers {
  /** A datagram arrived. Its bytes may be kept and not be changed: others may have heard the same broadcast. */
  datagram(bytes: Uint8Array, from: SocketAddress): void
  /** A send failed, or the port as a whole did. The port stays usable for further attempts. */
  failed(failure: IoFailure): void
}

export interface DatagramPort {
  readonly port: number
  /** Sends one datagram; a broadcast address is allowed. The bytes belong to the port from here on.
   *  Failure comes to `failed`. */
  send(bytes: Uint8Array, to: SocketAddress): void
  /** Hears what is sent to a group on one link, too: `ff02::1%eth0`. For ports on `::`, so of hosts that have IPv6. To
   *  join again changes nothing; failure comes to `failed`. */
  join?(group: string): void
  /** Frees the port. No callback follows, and nothing is sent any more. */
  close(): void
}

/**
 * How late the event loop was: by how much longer than wanted the host's timers took. What one turn of the loop takes,
 * everything else waits.
 */
export interface EventLoopDelay {
  /** Milliseconds that the numbers cover, up to now or to a moment within the last 10 s. */
  readonly overMs: number
  /** Milliseconds, as all below. */
  readonly meanMs: number
  /** 99 of 100 measurements were not above. */
  readonly p99Ms: number
  readonly maxMs: number
}

export interface Platform {
  readonly clock: Clock
  readonly entropy: Entropy
  /** All addresses of all interfaces that are up, now. Cheap enough to be asked every second. */
  interfaces(): readonly NetworkInterface[]
  /** Opens a UDP port. Without an address, or with `::`, several sockets of the host share it (`SO_REUSEADDR`), receiving
   *  broadcasts and multicasts that reach any interface; each of them gets every one. With an address it is not shared, and
   *  is for sending: whether broadcasts reach it differs between hosts. Rejects with EarshotError
   *  ERR_EARSHOT_PORT_IN_USE when the port is taken by a program that does not share it,
   *  ERR_EARSHOT_NO_INTERFACE when the address is not this host's, and ERR_EARSHOT_BAD_OPTION when the port is
   *  forbidden or nonsense. */
  openDatagrams(options: DatagramOptions, handlers: DatagramHandlers): Promise<DatagramPort>
  /** Listens for TCP connections. Rejects with EarshotError ERR_EARSHOT_PORT_IN_USE when the port is taken,
   *  ERR_EARSHOT_NO_INTERFACE when the address is not this host's, and ERR_EARSHOT_BAD_OPTION when it is
   *  forbidden or nonsense. */
  listen(options: ListenOptions, handlers: ListenHandlers): Promise<Listener>
  /** Starts connecting. `opened` or `ended` follows, also for an address or a port that is none. */
  dial(options: DialOptions, handlers: StreamHandlers): ByteStream
  /** Optional, for hosts that have names: all addresses of a host's name, IPv4 and IPv6, in the order of the host's
   *  resolver; at least one. Rejects when there are none, or after 5 s. */
  resolve?(name: string): Promise<readonly string[]>
  /** Optional, for hosts that can say: how late the event loop was of late. Measuring costs something, so it begins
   *  when somebody asks: the first answer is `undefined`, and so is the first after nobody has asked for minutes.
   *  All who ask share one measurement, and asking often does not shorten what it covers: the answer stays the same
   *  for up to 10 s and then covers the time since it was last made anew. */
  eventLoopDelay?(): EventLoopDelay | undefined
  /** A listener of the application threw: show it the way the host shows uncaught errors, later. */
  reportUncaught(error: unknown): void
}
