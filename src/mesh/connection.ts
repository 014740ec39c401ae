/**
 * One TCP connection as the engine sees it: the ZMTP machine, where it leads, and how much of what was
 * written is still on its way. The driver keeps the socket; this object is its handle on both sides.
 */

import type { Limits } from '../base/limits.ts'
import { type ConnectionLimits, type ExtraProperty, ZmtpConnection } from '../zmtp/connection.ts'
import { EARSHOT_PROPERTY } from '../zmtp/metadata.ts'
import { NullMechanism } from '../zmtp/null-mechanism.ts'

export interface EndpointAddress {
  readonly address: string
  readonly port: number
}

export function isSameEndpoint(a: EndpointAddress, b: EndpointAddress | undefined): boolean {
  return a.port === b?.port && a.address === b.address
}

/** `address:port`, for people and as a key. */
export function endpointText({ address, port }: EndpointAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** What the ZMTP machine goes by. Nobody but a peer that said HELLO gets more than HELLO needs. */
export interface LimitsByTrust {
  readonly stranger: ConnectionLimits
  readonly introduced: ConnectionLimits
}

/** What a mailbox says in READY beside its identity. Who only visits (see `reception.ts`) hears no more of it. */
const MAILBOX_PROPERTIES: readonly ExtraProperty[] = [[EARSHOT_PROPERTY, '1']]

/** The limit of a message's bytes is for its content; a SHOUT's header adds a group name of up to 255. */
const HEADER_BYTES_MAX = 512

/** Made once and shared by all connections. */
export function limitsByTrust(limits: Limits): LimitsByTrust {
  const { handshakeBytes, helloBytes, messageFrames } = limits
  const messageBytes = Math.max(limits.messageBytes, helloBytes) + HEADER_BYTES_MAX
  return {
    stranger: { handshakeBytes, messageFrames, messageBytes: helloBytes + HEADER_BYTES_MAX },
    introduced: { handshakeBytes, messageFrames, messageBytes },
  }
}

/** How much of what was written to a connection is still on its way. */
class Window {
  /** The application's messages encoded but not yet taken by the driver. */
  freshMessages = 0
  /** The application's messages the driver took and the host has not written yet. */
  takenMessages = 0
  takenBytes = 0
}

// A connection's flags are bits of one number: as fields, they would be a third of it.
const DIALLED = 1
const CLOSED = 2
const INTRODUCED = 4
const DIRTY = 8

/** `Owner` is the peer it belongs to; a parameter, so that this file need not know peers. */
export class MeshConnection<Owner> {
  readonly remote: EndpointAddress
  /** Our side; for a dialled connection known once it stands. */
  local: EndpointAddress | undefined
  readonly zmtp: ZmtpConnection
  /** Whom it leads to: known from the start when we dialled, from the identity when we accepted. */
  peer: Owner | undefined
  /** The driver's: its stream. The engine never looks at it. */
  stream: unknown
  /** Of the preface that was said last on this connection (see `Preface`). */
  prefaceVersion = 0
  #flags = 0
  /** What was encoded or taken and is not written yet. */
  #window: Window | undefined

  constructor(
    role: 'dialler' | 'acceptor',
    remote: EndpointAddress,
    identity: Uint8Array,
    limits: LimitsByTrust,
  ) {
    if (role === 'dialler') this.#flags = DIALLED
    this.remote = remote
    this.zmtp = new ZmtpConnection({
      role,
      identity,
      mechanism: new NullMechanism(),
      limits: limits.stranger,
      ...(role === 'acceptor' && { properties: MAILBOX_PROPERTIES }),
    })
  }

  static accepted<Owner>(
    remote: EndpointAddress,
    local: EndpointAddress,
    identity: Uint8Array,
    limits: LimitsByTrust,
  ): MeshConnection<Owner> {
    const connection = new MeshConnection<Owner>('acceptor', remote, identity, limits)
    connection.local = local
    return connection
  }

  /** The other side has introduced itself: from now on it may send messages of any permitted size. */
  allowMessages(limits: LimitsByTrust): void {
    this.zmtp.setLimits(limits.introduced)
  }

  get role(): 'dialler' | 'acceptor' {
    return (this.#flags & DIALLED) === 0 ? 'acceptor' : 'dialler'
  }

  /** The engine is done with it. */
  get closed(): boolean {
    return (this.#flags & CLOSED) !== 0
  }

  close(): void {
    this.#flags |= CLOSED
  }

  /** Accepted connections: the identity is known, or the connection ended before it was. */
  get introduced(): boolean {
    return (this.#flags & INTRODUCED) !== 0
  }

  introduce(): void {
    this.#flags |= INTRODUCED
  }

  /** True while it is in the engine's list of connections to flush. */
  get dirty(): boolean {
    return (this.#flags & DIRTY) !== 0
  }

  markDirty(): void {
    this.#flags |= DIRTY
  }

  /** Bytes written to this connection that the host's network stack has not taken. */
  get windowBytes(): number {
    return this.zmtp.outputBytes + (this.#window?.takenBytes ?? 0)
  }

  /** The application's messages among them. */
  get windowMessages(): number {
    const window = this.#window
    return window === undefined ? 0 : window.freshMessages + window.takenMessages
  }

  countMessage(): void {
    this.#window ??= new Window()
    this.#window.freshMessages++
  }

  /** For the driver: everything to write now. It goes to the socket unchanged, then `handleDrained`. */
  takeSegments(): Uint8Array[] {
    this.#flags &= ~DIRTY
    const bytes = this.zmtp.outputBytes
    if (bytes > 0) {
      this.#window ??= new Window()
      this.#window.takenBytes += bytes
      this.#window.takenMessages += this.#window.freshMessages
      this.#window.freshMessages = 0
    }
    return this.zmtp.takeSegments()
  }

  /** The host has written all that was taken. */
  noteDrained(): void {
    const window = this.#window
    if (window === undefined) return
    window.takenBytes = 0
    window.takenMessages = 0
    if (window.freshMessages === 0) this.#window = undefined
  }

  get remoteText(): string {
    return endpointText(this.remote)
  }
}
