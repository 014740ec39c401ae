/**
 * A node of CZMQ's gossip, as far as its habits matter: it never forgets a tuple, echoes what is new to everybody, who
 * said it included, copies into each PUBLISH the ttl that it happened to read last, drops clients that were silent for
 * 1 s without a word, and says nothing of its own as a client. Written from zgossip.c and zgossip.xml.
 */
import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import { decodeGossip } from '../../src/discovery/gossip/decode.ts'
import { encodeGossip } from '../../src/discovery/gossip/encode.ts'
import type { GossipMessage } from '../../src/discovery/gossip/message.ts'
import type {
  ByteStream,
  Listener,
  Platform,
  SocketAddress,
  StreamHandlers,
} from '../../src/runtime/platform.ts'
import { ZmtpConnection } from '../../src/zmtp/connection.ts'
import { NullMechanism } from '../../src/zmtp/null-mechanism.ts'

const CLIENT_MS = 1_000
const REDIAL_MS = 100

type Say = (message: GossipMessage) => void

export class CLikeGossip {
  readonly tuples: Map<string, string> = new Map()
  /** Messages that it could not read: such a message ends a real one. */
  malformed = 0
  /** PUBLISH messages that came, also those that said nothing new. */
  heard = 0
  /** Of these, with which ttl. */
  readonly ttls: Set<number> = new Set()
  /** HELLOs that came. */
  hellos = 0
  /** Unlike any real one: nothing is accepted. */
  rejectsAll = false
  readonly #platform: Platform
  readonly #clients = new Map<Say, { at: number }>()
  readonly #remotes = new Set<Say>()
  readonly #streams = new Set<ByteStream>()
  #listener: Listener | undefined
  #ttl = 0
  #stopped = false

  constructor(platform: Platform, ...tuples: (readonly [string, string])[]) {
    this.#platform = platform
    for (const [key, value] of tuples) this.tuples.set(key, value)
  }

  get clients(): number {
    return this.#clients.size
  }

  async bind(address: string, port: number): Promise<void> {
    this.#listener = await this.#platform.listen(
      { address, port },
      {
        accepted: (stream) => {
          const { handlers, attach } = this.#speak('acceptor', (message, say) =>
            this.#handleFromClient(message, say),
          )
          attach(stream)
          return handlers
        },
        failed: () => {},
      },
    )
  }

  connect(to: SocketAddress): void {
    if (this.#stopped) return
    const { handlers, attach } = this.#speak('dialler', (message, say) => {
      if (message.kind === 'publish') this.#accept(message.key, message.value)
      else if (message.kind === 'rejected') say({ kind: 'hello' })
    })
    const again: StreamHandlers = {
      ...handlers,
      ended: (end) => {
        handlers.ended(end)
        const { clock } = this.#platform
        clock.setTimer(clock.now() + REDIAL_MS, () => this.connect(to))
      },
    }
    attach(this.#platform.dial({ to }, again))
  }

  publish(key: string, value: string): void {
    this.#accept(key, value)
  }

  stop(): void {
    this.#stopped = true
    this.#listener?.close()
    for (const stream of this.#streams) stream.destroy()
    this.#clients.clear()
    this.#remotes.clear()
  }

  #speak(role: 'dialler' | 'acceptor', handle: (message: GossipMessage, say: Say) => void) {
    const zmtp = new ZmtpConnection({
      role,
      mechanism: new NullMechanism(),
      identity: EMPTY_BYTES,
      limits: { handshakeBytes: 4_096, messageBytes: 100_000, messageFrames: 1 },
    })
    let stream: ByteStream | undefined
    const flush = (): void => stream?.write(zmtp.takeSegments())
    const say: Say = (message) => {
      zmtp.writeFrame(encodeGossip(message), false)
      flush()
    }
    const handlers: StreamHandlers = {
      bytes: (chunk) => {
        zmtp.handleBytes(chunk)
        for (let input = zmtp.poll(); input.kind !== 'needMore'; input = zmtp.poll()) {
          if (input.kind === 'invalid') return
          if (input.kind === 'offer') zmtp.accept()
          if (input.kind === 'ready') this.#greet(say)
          if (input.kind !== 'message') continue
          const message = decodeGossip(input.bytes, input.frameStart(0), input.frameEnd(0))
          if (message.kind === 'invalid') this.malformed++
          else handle(message, say)
        }
        flush()
      },
      drained: () => {},
      ended: () => {
        if (stream !== undefined) this.#streams.delete(stream)
        this.#remotes.delete(say)
      },
    }
    const attach = (opened: ByteStream): void => {
      stream = opened
      this.#streams.add(opened)
      flush()
    }
    return { handlers, attach }
  }

  #greet(say: Say): void {
    this.#remotes.add(say)
    say({ kind: 'hello' })
    for (const [key, value] of this.tuples) say({ kind: 'publish', key, value, ttl: 0 })
  }

  #handleFromClient(message: GossipMessage, say: Say): void {
    const now = this.#platform.clock.now()
    const client = this.#clients.get(say)
    const isKnown = client !== undefined && now - client.at <= CLIENT_MS
    if (!isKnown) this.#clients.delete(say)
    if (client !== undefined) client.at = now
    if (message.kind === 'hello') this.hellos++
    if (this.rejectsAll) {
      say({ kind: 'rejected' })
    } else if (message.kind === 'ping') {
      say({ kind: 'pong' })
    } else if (message.kind === 'hello' && !isKnown) {
      this.#clients.set(say, { at: now })
      for (const [key, value] of this.tuples) say({ kind: 'publish', key, value, ttl: this.#ttl })
    } else if (message.kind === 'publish' && isKnown) {
      this.#ttl = message.ttl
      this.ttls.add(message.ttl)
      this.#accept(message.key, message.value)
    } else {
      this.#clients.delete(say)
      say({ kind: 'rejected' })
    }
  }

  #accept(key: string, value: string): void {
    this.heard++
    if (this.tuples.get(key) === value) return
    this.tuples.set(key, value)
    const now = this.#platform.clock.now()
    for (const [say, { at }] of this.#clients) {
      if (now - at <= CLIENT_MS) say({ kind: 'publish', key, value, ttl: this.#ttl })
    }
    for (const say of this.#remotes) say({ kind: 'publish', key, value, ttl: 0 })
  }
}
