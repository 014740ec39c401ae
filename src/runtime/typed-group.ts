/**
 * A typed group: a group whose messages are values, encoded by a codec and checked by a schema.
 *
 * Typed messages are ordinary shouts of one frame; any node in the group may send them, so what arrives is a
 * stranger's data. What does not decode or validate becomes a `warning` of the node, with a code, and never
 * reaches a listener. Messages keep their order, even when the schema is asynchronous.
 *
 *     const readings = node.group('readings', { codec: msgpack<Reading>(), schema })
 *     readings.on('message', ({ value, peer }) => …)
 *     await readings.shout({ celsius: 21.5 })
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { PeerInfo, ShoutEvent } from '../mesh/events.ts'
import type { Codec, CodecInvalidCode } from './codecs/codec.ts'
import type { SchemaOutcome } from './codecs/schema.ts'
import { validateWith } from './codecs/schema.ts'
import type { ListenOptions } from './emitter.ts'
import { Emitter } from './emitter.ts'
import type { ShoutOptions, ShoutOutcome } from './node-events.ts'

export interface TypedGroupOptions<Value, Output = Value> {
  readonly codec: Codec<Value>
  /** Any Standard Schema (zod, valibot, arktype, …): checked on sending and on receipt. */
  readonly schema?: StandardSchemaV1<unknown, Output>
}

export interface TypedMessage<Output> {
  readonly value: Output
  readonly peer: PeerInfo
  readonly group: string
}

/** What the group needs of its node. */
export interface TypedGroupHost {
  members(group: string): PeerInfo[]
  shout(group: string, message: Uint8Array, options?: ShoutOptions): Promise<void>
  tryShout(group: string, message: Uint8Array): ShoutOutcome
  leave(group: string): unknown
  onShout(listener: (event: ShoutEvent) => void, signal: AbortSignal): void
  warn(code: CodecInvalidCode, reason: string, peer: PeerId): void
  /** Asks the node to stop reading from peers, or no longer asks. */
  hold(holder: unknown, wanted: boolean): void
  reportUncaught(error: unknown): void
}

/** Messages that may wait for an asynchronous schema before the node stops reading. */
const VALIDATING_MAX = 256

export class TypedGroup<Value, Output = Value> {
  readonly #codec: Codec<Value>
  readonly #schema: StandardSchemaV1<unknown, Output> | undefined
  readonly #host: TypedGroupHost
  readonly #emitter: Emitter<{ message: TypedMessage<Output> }>
  readonly #listening = new AbortController()
  /** Validations under way, and the end of their line. */
  #validating = 0
  #line: Promise<void> = Promise.resolve()

  readonly name: string

  /** Not for applications: `node.group()` makes typed groups. */
  constructor(name: string, options: TypedGroupOptions<Value, Output>, host: TypedGroupHost) {
    this.name = name
    this.#codec = options.codec
    this.#schema = options.schema
    this.#host = host
    this.#emitter = new Emitter((error) => host.reportUncaught(error))
    host.onShout((event) => this.#handleShout(event), this.#listening.signal)
  }

  /** The present peers in the group. */
  members(): PeerInfo[] {
    return this.#host.members(this.name)
  }

  on(
    type: 'message',
    listener: (message: TypedMessage<Output>) => void,
    options?: ListenOptions,
  ): this {
    this.#emitter.add(type, listener, false, options)
    return this
  }

  once(
    type: 'message',
    listener: (message: TypedMessage<Output>) => void,
    options?: ListenOptions,
  ): this {
    this.#emitter.add(type, listener, true, options)
    return this
  }

  off(type: 'message', listener: (message: TypedMessage<Output>) => void): this {
    this.#emitter.remove(type, listener)
    return this
  }

  /**
   * Sends a value to the group, as `node.shout` does. With a schema it is encoded a moment later: do not change it
   * until then. Rejects with ERR_EARSHOT_VALIDATE when the schema refuses the value, with ERR_EARSHOT_ENCODE when the
   * codec cannot encode it, and as `node.shout` otherwise.
   */
  async shout(value: Value, options?: ShoutOptions): Promise<void> {
    if (this.#schema !== undefined) {
      const outcome = await validateWith(this.#schema, value)
      if (outcome.kind === 'invalid') throw refused(outcome.reason)
    }
    await this.#host.shout(this.name, this.#encode(value), options)
  }

  /** Sends to those members whose outbox has room. The schema must be synchronous. Throws as `shout` rejects. */
  tryShout(value: Value): ShoutOutcome {
    if (this.#schema !== undefined) {
      const outcome = validateWith(this.#schema, value)
      if (outcome instanceof Promise) throw refused('the schema is asynchronous; use shout()')
      if (outcome.kind === 'invalid') throw refused(outcome.reason)
    }
    return this.#host.tryShout(this.name, this.#encode(value))
  }

  /** Leaves the group and forgets its listeners. */
  leave(): void {
    this.#listening.abort()
    this.#emitter.clear()
    this.#host.hold(this, false)
    this.#host.leave(this.name)
  }

  #encode(value: Value): Uint8Array {
    try {
      return this.#codec.encode(value)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `the codec ${this.#codec.name} cannot encode the value: ${why}`
      throw new EarshotError('ERR_EARSHOT_ENCODE', message, { cause })
    }
  }

  #handleShout({ peer, group, message }: ShoutEvent): void {
    if (group !== this.name) return
    if (message.frameCount !== 1) {
      const reason = `a typed message has one frame, not ${message.frameCount}`
      this.#host.warn('payload-frames', reason, peer.id)
      return
    }
    const decoded = this.#codec.decode(message.bytes())
    if (decoded.kind === 'invalid') {
      this.#host.warn(decoded.code, decoded.reason, peer.id)
      return
    }
    // Without a schema the codec's type is the application's own promise.
    const outcome =
      this.#schema === undefined
        ? (decoded as unknown as SchemaOutcome<Output>)
        : validateWith(this.#schema, decoded.value)
    if (outcome instanceof Promise || this.#validating > 0) this.#deliverInLine(outcome, peer)
    else this.#deliver(outcome, peer)
  }

  #deliver(outcome: SchemaOutcome<Output>, peer: PeerInfo): void {
    if (outcome.kind === 'invalid') this.#host.warn(outcome.code, outcome.reason, peer.id)
    else this.#emitter.emit('message', { value: outcome.value, peer, group: this.name })
  }

  #deliverInLine(
    outcome: SchemaOutcome<Output> | Promise<SchemaOutcome<Output>>,
    peer: PeerInfo,
  ): void {
    this.#validating++
    if (this.#validating >= VALIDATING_MAX) this.#host.hold(this, true)
    this.#line = this.#line.then(async () => {
      const settled = await outcome
      if (this.#listening.signal.aborted) return // left meanwhile: nobody hears it
      this.#deliver(settled, peer)
      this.#validating--
      if (this.#validating <= VALIDATING_MAX / 2) this.#host.hold(this, false)
    })
  }
}

function refused(reason: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_VALIDATE', `the schema refuses the value: ${reason}`)
}
