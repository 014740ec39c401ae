/**
 * Visiting a mailbox: dials it without an identity, learns from its READY what answers there, and leaves. Who is visited
 * gets no peer and has nothing to warn of: RFC 37 allows a dialler without an identity, and no ZRE is spoken.
 *
 * It tells a mailbox of this library, which gives its identity (and `X-Earshot`) in READY, from one of libzmq, which does
 * not: C Zyre and all that stand on it.
 */
import { assertNever } from '../base/assert.ts'
import { EMPTY_BYTES, utf8Decode } from '../base/bytes.ts'
import { DEFAULT_LIMITS } from '../base/limits.ts'
import { isIdentity, type PeerId, peerIdFromBytes } from '../base/peer-id.ts'
import type { ByteStream, IoFailureKind, Platform, SocketAddress } from '../runtime/platform.ts'
import { type PeerMetadata, ZmtpConnection } from '../zmtp/connection.ts'
import { EARSHOT_PROPERTY } from '../zmtp/metadata.ts'
import { NullMechanism } from '../zmtp/null-mechanism.ts'

/** What became of a visit; all with the milliseconds that it took. */
export type Visit =
  /** A mailbox answered. */
  | {
      readonly kind: 'mailbox'
      readonly implementation: 'earshot' | 'libzmq'
      /** Of earshot: whose it is. */
      readonly id?: PeerId
      /** Of earshot: its extensions, as in its READY. */
      readonly extensions?: string
      /** The local address that the host's routes chose. */
      readonly from: string
      readonly ms: number
    }
  /** Something answered that is no mailbox we can talk with; `code` as in warnings: `zmtp-mechanism` is CURVE. */
  | {
      readonly kind: 'mismatch'
      readonly code: string
      readonly reason: string
      readonly ms: number
    }
  /** Nothing answered. */
  | {
      readonly kind: 'failed'
      readonly failure: IoFailureKind
      readonly reason: string
      readonly ms: number
    }

export interface VisitOptions {
  /** Milliseconds for all of it. Default 3000. */
  readonly limitMs?: number
  /** The local address to dial from. */
  readonly from?: string
  /** Gives up early: `failed` by `timeout`. */
  readonly signal?: AbortSignal
}

const LIMIT_MS = 3_000

/** Never rejects. */
export function visit(
  platform: Platform,
  to: SocketAddress,
  options: VisitOptions = {},
): Promise<Visit> {
  return new Promise((resolve) => new Visitor(platform, to, options, resolve))
}

/** `Omit` on each member of the union: the time is added at the end. */
type Outcome = Visit extends infer Each ? (Each extends Visit ? Omit<Each, 'ms'> : never) : never

class Visitor {
  readonly #zmtp = new ZmtpConnection({
    role: 'dialler',
    identity: EMPTY_BYTES,
    mechanism: new NullMechanism(),
    limits: DEFAULT_LIMITS,
  })
  readonly #stream: ByteStream
  readonly #finish: (outcome: Outcome, how: 'close' | 'destroy') => void
  #hasAnswered = false

  constructor(
    platform: Platform,
    to: SocketAddress,
    { limitMs = LIMIT_MS, from, signal }: VisitOptions,
    resolve: (visit: Visit) => void,
  ) {
    const { clock } = platform
    const begunAt = clock.now()
    let isOver = false
    this.#finish = (outcome, how) => {
      if (isOver) return
      isOver = true
      timer.cancel()
      signal?.removeEventListener('abort', giveUp)
      this.#stream[how]()
      resolve({ ...outcome, ms: clock.now() - begunAt } as Visit)
    }
    const giveUp = (): void => this.#giveUp(limitMs)
    const timer = clock.setTimer(begunAt + limitMs, giveUp)
    this.#stream = platform.dial(from === undefined ? { to } : { to, from }, {
      opened: () => this.#flush(),
      bytes: (chunk) => this.#handleBytes(chunk),
      drained: () => {},
      ended: (end) => {
        if (end.kind === 'ended') this.#mismatch('ended', 'it hung up without a greeting of ZMTP')
        else this.#fail(end.failure.kind, end.failure.message)
      },
    })
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted) giveUp()
  }

  #flush(): void {
    const segments = this.#zmtp.takeSegments()
    if (segments.length > 0) this.#stream.write(segments)
  }

  #handleBytes(chunk: Uint8Array): void {
    this.#hasAnswered = true
    this.#zmtp.handleBytes(chunk)
    const input = this.#zmtp.poll()
    this.#flush()
    switch (input.kind) {
      case 'ready':
        this.#finish(mailboxOf(input.peer, this.#stream.local.address), 'close')
        return
      case 'invalid':
        this.#mismatch(input.code, input.reason)
        return
      case 'needMore':
      case 'message':
      case 'offer':
      case 'pong':
        return
      default:
        assertNever(input)
    }
  }

  #giveUp(limitMs: number): void {
    const reason = `no answer within ${limitMs} ms`
    if (this.#hasAnswered) this.#mismatch('handshake-timeout', reason)
    else this.#fail('timeout', reason)
  }

  #mismatch(code: string, reason: string): void {
    this.#finish({ kind: 'mismatch', code, reason }, 'destroy')
  }

  #fail(failure: IoFailureKind, reason: string): void {
    this.#finish({ kind: 'failed', failure, reason }, 'destroy')
  }
}

function mailboxOf({ identity, properties }: PeerMetadata, from: string): Outcome {
  const extensions = properties.get(EARSHOT_PROPERTY.toLowerCase())
  if (!isIdentity(identity)) return { kind: 'mailbox', implementation: 'libzmq', from }
  return {
    kind: 'mailbox',
    implementation: 'earshot',
    id: peerIdFromBytes(identity, 1),
    ...(extensions !== undefined && { extensions: utf8Decode(extensions.subarray(0, 16)) }),
    from,
  }
}
