/**
 * Our connection over a real TCP socket, for tests against a real libzmq: on 127.0.0.1 only. No timers:
 * whoever waits is told after every step, and vitest's own limit ends a wait that is in vain.
 */
import { once } from 'node:events'
import net from 'node:net'
import * as zmq from 'zeromq'
import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import {
  type ConnectionInput,
  type ConnectionLimits,
  ZmtpConnection,
} from '../../src/zmtp/connection.ts'
import { NullMechanism } from '../../src/zmtp/null-mechanism.ts'

const HOST = '127.0.0.1'
const MIB = 1024 * 1024

/** A ZRE identity with bytes of every kind: 01, then a UUID. */
export const IDENTITY: Uint8Array = Uint8Array.of(
  0x01,
  0x00,
  0xff,
  0x80,
  0x7f,
  0xc3,
  0x28,
  0x0a,
  0x4d,
  0x9e,
  0x20,
  0x41,
  0xfe,
  0x00,
  0x01,
  0x02,
  0x03,
)

const LIMITS: ConnectionLimits = {
  handshakeBytes: 4096,
  messageBytes: 64 * MIB,
  messageFrames: 1100,
}

/** What has to be closed after each test, the newest first. */
const open: (() => void)[] = []

/** Closes everything the test opened. Call it in `afterEach`. */
export function closeAll(): void {
  for (const close of open.splice(0).reverse()) close()
}

/** Has something closed after the test. */
export function closeLater(close: () => void): void {
  open.push(close)
}

/** Wakes those who wait for something to become true. */
export class Changes {
  #waiting: { readonly isTrue: () => boolean; readonly resolve: () => void }[] = []

  until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ isTrue, resolve }))
  }

  happened(): void {
    const due = this.#waiting.filter(({ isTrue }) => isTrue())
    this.#waiting = this.#waiting.filter((each) => !due.includes(each))
    for (const { resolve } of due) resolve()
  }
}

/** What a link makes of the bytes: a ZmtpConnection, or one with a pattern of its own. */
export interface Speaker {
  readonly zmtp: ZmtpConnection
  poll(): ConnectionInput
  accept(): void
}

type Role = 'dialler' | 'acceptor'

export interface LinkOptions {
  /** The default is a DEALER that dials, or a ROUTER. */
  readonly speaker?: (role: Role) => Speaker
  /** Whether to accept an offer; a refused link is destroyed. The default accepts. */
  readonly admit?: (link: Link) => boolean
  /** False: nothing of ours is sent once the handshake is complete, not even a PONG. */
  readonly speaks?: boolean
}

/** One TCP connection with our ZmtpConnection on top. */
export class Link {
  readonly connection: ZmtpConnection
  readonly socket: net.Socket
  /** Everything that `poll` gave, messages aside. */
  readonly events: ConnectionInput[] = []
  /** The frames of every message, copied. */
  readonly messages: Buffer[][] = []
  /** Everything we sent after the handshake. */
  readonly sent: Buffer[] = []
  readonly #options: LinkOptions
  readonly #changes: Changes
  readonly #speaker: Speaker

  constructor(role: Role, socket: net.Socket, changes: Changes, options: LinkOptions = {}) {
    this.socket = socket
    this.#changes = changes
    this.#options = options
    this.#speaker = (options.speaker ?? newMailboxSpeaker)(role)
    this.connection = this.#speaker.zmtp
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A reset is an ordinary end here: 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => changes.happened())
    open.push(() => socket.destroy())
    this.flush()
  }

  /** Sends what waits. */
  flush(): void {
    const wasReady = this.connection.state === 'ready'
    const segments = this.connection.takeSegments()
    if (segments.length === 0 || this.socket.destroyed) return
    if (wasReady && this.#options.speaks === false) return
    this.socket.cork()
    for (const segment of segments) {
      this.socket.write(segment)
      if (wasReady) this.sent.push(Buffer.from(segment))
    }
    this.socket.uncork()
  }

  /** Sends a message, and waits while the socket is full. */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    frames.forEach((frame, i) => {
      this.connection.writeFrame(frame, i < frames.length - 1)
    })
    this.flush()
    if (this.socket.writableNeedDrain) await once(this.socket, 'drain')
  }

  until(isTrue: () => boolean): Promise<void> {
    return this.#changes.until(isTrue)
  }

  #receive(chunk: Buffer): void {
    this.connection.handleBytes(chunk)
    for (;;) {
      const input = this.#speaker.poll()
      if (input.kind === 'needMore') break
      if (input.kind === 'message') {
        this.messages.push(
          Array.from({ length: input.frameCount }, (_, i) => Buffer.from(input.frame(i))),
        )
        continue
      }
      this.events.push(input)
      if (input.kind === 'invalid') break
      if (input.kind === 'offer') this.#decide()
      if (this.socket.destroyed) break
    }
    this.connection.invariants()
    this.flush()
    this.#changes.happened()
  }

  #decide(): void {
    // READY is the last thing sent for the handshake, so `flush` must not take it for a frame.
    if (this.#options.admit?.(this) ?? true) {
      this.#speaker.accept()
      this.socket.write(Buffer.concat(this.connection.takeSegments()))
    } else {
      this.socket.destroy()
    }
  }
}

function newMailboxSpeaker(role: Role): Speaker {
  const zmtp = new ZmtpConnection({
    role,
    identity: role === 'dialler' ? IDENTITY : EMPTY_BYTES,
    mechanism: new NullMechanism(),
    limits: LIMITS,
  })
  return { zmtp, poll: () => zmtp.poll(), accept: () => zmtp.accept() }
}

export interface Acceptor {
  readonly endpoint: string
  readonly links: Link[]
  until(isTrue: () => boolean): Promise<void>
}

/** Listens; every connection becomes an acceptor's link. */
export async function listen(options: LinkOptions = {}): Promise<Acceptor> {
  const links: Link[] = []
  const changes = new Changes()
  const server = net.createServer((socket) => {
    links.push(new Link('acceptor', socket, changes, options))
    changes.happened()
  })
  server.listen(0, HOST)
  open.push(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    endpoint: `tcp://${HOST}:${port}`,
    links,
    until: (isTrue) => changes.until(isTrue),
  }
}

/** Dials an endpoint of libzmq's. */
export function dial(endpoint: string, options: LinkOptions = {}): Link {
  const socket = net.connect(Number(endpoint.split(':').at(-1)), HOST)
  return new Link('dialler', socket, new Changes(), options)
}

/** A socket of libzmq's that is closed after the test. */
export function opened<S extends zmq.Socket & { linger: number }>(socket: S): S {
  socket.linger = 0
  open.push(() => socket.close())
  return socket
}

/** A libzmq DEALER as a C Zyre node opens it. */
export function newDealer(): zmq.Dealer {
  const dealer = opened(new zmq.Dealer())
  // The type says string; the binding takes bytes as well, and a UUID is not UTF-8.
  dealer.routingId = Buffer.from(IDENTITY) as unknown as string
  return dealer
}

/** A libzmq ROUTER on a port of its own choice. */
export async function newRouter(): Promise<{ router: zmq.Router; endpoint: string }> {
  const router = opened(new zmq.Router())
  await router.bind(`tcp://${HOST}:0`)
  return { router, endpoint: router.lastEndpoint! }
}
