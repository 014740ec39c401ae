/**
 * A scripted stranger: speaks ZRE over ZMTP as the test tells it, rightly or wrongly. It dials, listens,
 * beacons and remembers what it was told; it does nothing by itself except what its `onMessage` says.
 */
import { utf8Encode } from '../../src/base/bytes.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { peerIdToBytes } from '../../src/base/peer-id.ts'
import { ZmtpConnection } from '../../src/zmtp/connection.ts'
import type { Multipart } from '../../src/zmtp/multipart.ts'
import { NullMechanism } from '../../src/zmtp/null-mechanism.ts'
import { encodeBeacon } from '../../src/zre/beacon.ts'
import { decodeZre } from '../../src/zre/decode.ts'
import { encodeZre, zreLength } from '../../src/zre/encode.ts'
import type { Hello, ZreMessage } from '../../src/zre/message.ts'
import { BEACON_PORT, type Host, type Mesh } from './mesh.ts'
import type { Handlers, Socket } from './network.ts'

export interface ZrePeerOptions {
  readonly id: string
  readonly address?: string
  readonly port?: number
  readonly name?: string
}

/** One ZMTP connection of the stranger's, dialled or accepted. */
export interface Line {
  readonly zmtp: ZmtpConnection
  readonly socket: Socket
  /** Why it ended; `undefined` while it stands. */
  ended: 'closed' | 'reset' | 'refused' | undefined
  /** What is to be said once the handshake is complete. */
  readonly unsaid: (() => void)[]
}

/** `Omit` on each member of the union: a message whose sequence number is filled in. */
type Unnumbered = ZreMessage extends infer Each
  ? Each extends ZreMessage
    ? Omit<Each, 'sequence'> & { readonly sequence?: number }
    : never
  : never

export class ZrePeer {
  readonly mesh: Mesh
  readonly id: string
  readonly name: string
  readonly address: string
  readonly port: number
  /** What it was told on all connections that were dialled to it. */
  readonly received: ZreMessage[] = []
  /** The connections that were dialled to it. */
  readonly accepted: Line[] = []
  /** The connection it speaks on. */
  line: Line | undefined
  /** The number of the last message it sent. */
  sequence = 0
  onMessage: (message: ZreMessage, content: readonly Uint8Array[]) => void = () => {}

  constructor(mesh: Mesh, options: ZrePeerOptions) {
    this.mesh = mesh
    this.id = options.id
    this.name = options.name ?? 'stranger'
    this.address = options.address ?? '10.0.0.99'
    this.port = options.port ?? 50_000
  }

  // Being found

  listen(): this {
    this.mesh.network.listen(this, (socket) => this.#accept(socket))
    return this
  }

  unlisten(): void {
    this.mesh.network.unlisten(this)
  }

  beacon(port: number = this.port, address: string = this.address): void {
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: this.id, port })
    this.mesh.broadcast(bytes, { address, port: BEACON_PORT }, this.address)
  }

  /** Beacons each second until the given time. */
  beaconUntil(end: number): void {
    this.beacon()
    const next = this.mesh.now + 1_000
    if (next <= end) this.mesh.network.schedule(next, () => this.beaconUntil(end))
  }

  #accept(socket: Socket): Handlers {
    const line = newLine(zmtp('acceptor', new Uint8Array()), socket)
    this.accepted.push(line)
    flush(line)
    return this.#handlers(line)
  }

  // Speaking

  /** Starts to dial a host; `identity` other than its own makes it an impostor. */
  call(host: Host, identity: Uint8Array = identityOf(this.id), from: string = this.address): Line {
    let handlers: Handlers | undefined
    const socket = this.mesh.network.dial(from, host.endpoint, {
      bytes: (chunk) => handlers?.bytes(chunk),
      ended: (failure) => handlers?.ended(failure),
    })
    const line = newLine(zmtp('dialler', identity), socket)
    handlers = this.#handlers(line)
    flush(line)
    this.line = line
    return line
  }

  /** Dials a host and shakes hands. */
  dial(host: Host, identity?: Uint8Array, from?: string): Line {
    const line = this.call(host, identity, from)
    this.mesh.run(3 * this.mesh.network.latencyMs)
    return line
  }

  /** Dials and says HELLO. */
  meet(host: Host, hello: Partial<Hello> = {}): Line {
    const line = this.dial(host)
    this.hello(hello)
    this.mesh.run(6 * this.mesh.network.latencyMs)
    return line
  }

  /** Does all that a peer should: both links, a beacon each second, an answer to every PING. */
  behave(host: Host, until: number): void {
    this.beaconUntil(until)
    this.meet(host)
    this.onMessage = ({ kind }) => {
      if (kind === 'ping') this.say({ kind: 'ping-ok' })
    }
  }

  hello(hello: Partial<Hello> = {}): void {
    this.sequence = 0
    this.say({
      kind: 'hello',
      endpoint: `tcp://${this.address}:${this.port}`,
      groups: [],
      status: 0,
      name: this.name,
      headers: new Map(),
      ...hello,
    })
  }

  /** Sends a message with the next sequence number, or with the one it has; once the line is ready. */
  say(message: Unnumbered, ...frames: string[]): void {
    this.sequence = message.sequence ?? (this.sequence + 1) & 0xffff
    const line = this.line!
    const numbered = { ...message, sequence: this.sequence } as ZreMessage
    const write = (): void => {
      encodeZre(numbered, line.zmtp.reserveFrame(zreLength(numbered), frames.length > 0))
      frames.forEach((frame, i) => {
        line.zmtp.writeFrame(utf8Encode(frame), i < frames.length - 1)
      })
      flush(line)
    }
    if (line.zmtp.state === 'ready') write()
    else line.unsaid.push(write)
  }

  /** The kinds of what it was told. */
  heard(): string[] {
    return this.received.map(({ kind }) => kind)
  }

  #handlers(line: Line): Handlers {
    return {
      bytes: (chunk) => this.#read(line, chunk),
      ended: (failure) => {
        line.ended =
          failure === undefined ? 'closed' : failure.kind === 'refused' ? 'refused' : 'reset'
      },
    }
  }

  #read(line: Line, chunk: Uint8Array): void {
    line.zmtp.handleBytes(chunk)
    for (;;) {
      const input = line.zmtp.poll()
      if (input.kind === 'needMore' || input.kind === 'invalid') break
      if (input.kind === 'offer') line.zmtp.accept()
      if (input.kind === 'ready') for (const say of line.unsaid.splice(0)) say()
      if (input.kind !== 'message') continue
      const start = input.frameStart(0)
      const message = decodeZre(input.bytes, start, input.frameEnd(0), DEFAULT_LIMITS)
      if (message.kind === 'invalid') throw new Error(`a host sent ${message.code}`)
      this.received.push(message)
      this.onMessage(message, contentOf(input))
    }
    flush(line)
  }
}

/** 1 and the bytes of the UUID. */
export function identityOf(id: string): Uint8Array {
  return Uint8Array.of(1, ...peerIdToBytes(id))
}

function zmtp(role: 'dialler' | 'acceptor', identity: Uint8Array): ZmtpConnection {
  return new ZmtpConnection({
    role,
    identity,
    mechanism: new NullMechanism(),
    limits: DEFAULT_LIMITS,
  })
}

function newLine(connection: ZmtpConnection, socket: Socket): Line {
  return { zmtp: connection, socket, ended: undefined, unsaid: [] }
}

function flush(line: Line): void {
  if (line.zmtp.outputBytes > 0) line.socket.write(line.zmtp.takeSegments())
}

/** The frames after the first. */
function contentOf(parts: Multipart): Uint8Array[] {
  return Array.from({ length: parts.frameCount - 1 }, (_, i) => parts.frame(i + 1))
}
