/**
 * MeshLog: a node's part in the mesh-wide log. It keeps what the node and its application log in a ring, ships it to
 * whoever subscribes, and collects the logs of others.
 *
 *     application ─▶ write() ─┐                        ┌─▶ source ─▶ subscribers elsewhere
 *     library ─▶ node-records ┴─▶ stamp (mesh clock) ─▶ ring ┘
 *     others' sources ─▶ collector ─▶ for await
 *
 * The mesh clock travels with the application's messages, as a preface: whatever somebody logs after a message is later
 * than what its sender had logged before it. Nothing of this is logged itself.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Channel } from '../runtime/channels.ts'
import type { MeshNode } from '../runtime/node.ts'
import type { PeerInfo } from '../runtime/node-events.ts'
import type { Clock } from '../runtime/platform.ts'
import { MeshClock } from './clock.ts'
import { type CollectOptions, Collector } from './collector.ts'
import { type Logger, loggingTo } from './logger.ts'
import { type NodeRecorder, recordNode } from './node-records.ts'
import { Queries, type QueryOptions } from './queries.ts'
import type { Fields, LevelName } from './record.ts'
import { LEVELS, levelOf, textOf } from './record.ts'
import { DEFAULT_RING, Ring, type RingLimits } from './ring.ts'
import { type Deliver, LogSource } from './source.ts'
import type { LogMessage, ToSource } from './wire.ts'
import { decodeLogMessage, encodeLogMessage, LOG_CHANNEL } from './wire.ts'

export interface MeshLogOptions {
  /** What the library logs goes through it as well: pino, or a logger of its shape. */
  readonly logger?: Logger
  /** The least level of the library's own records. Default `debug`. */
  readonly level?: LevelName
  /** Bounds of the ring of recent records. Default 20,000 records, 4 MiB. */
  readonly ring?: Partial<RingLimits>
  /** Traces each so many-th message of the application's. Default 0: those sent with the option `trace`. */
  readonly traceEvery?: number
}

/** Counters of a node's log; they only grow, but for what is said to be now. */
export interface LogMetrics {
  readonly records: number
  /** Records that made room in the ring for newer ones. */
  readonly overwritten: number
  /** Bytes in the ring now. */
  readonly ringBytes: number
  /** Who is shipped to now. */
  readonly subscriptions: number
  readonly subscriptionsRefused: number
  /** Records that the subscriber furthest behind has still to get, now; 0: whoever wants them has them all. */
  readonly unshipped: number
  /** Messages of other logs that could not be read. */
  readonly invalid: number
}

/** Carries 8 bytes: the sender's mesh time, in ticks, as a big-endian double. */
const TIME_CHANNEL = 'time'

const logs = new WeakMap<MeshNode, MeshLog>()

/**
 * The log of a node: made at the first call, the same at every other. `createNode` of the package `earshot` has made
 * it, unless its option `log` is false. It ends with the node.
 */
export function meshLog(node: MeshNode, options: MeshLogOptions = {}): MeshLog {
  let log = logs.get(node)
  if (log === undefined) {
    log = new MeshLog(node, options)
    logs.set(node, log)
  }
  return log
}

export class MeshLog {
  readonly #node: MeshNode
  readonly #clock: Clock
  readonly #meshClock: MeshClock
  readonly #ring: Ring
  readonly #source: LogSource
  readonly #queries: Queries
  readonly #channel: Channel
  readonly #timeChannel: Channel
  readonly #collectors = new Map<number, Collector>()
  readonly #logAside: NodeRecorder | undefined
  readonly #level: number
  readonly #renewTime: () => void
  /** The greatest time of what this node has logged, or was told before a message. */
  #past = 0
  /** The library logs through `logger`, which may well end in `write`. */
  #isLibrarySpeaking = false
  #isOver = false
  #ids = 0
  #invalid = 0

  /** By this pino tells a destination from options: `pino(meshLog(node))`. */
  readonly writable = true

  /** Not for applications: `meshLog` makes them. */
  constructor(node: MeshNode, options: MeshLogOptions) {
    this.#node = node
    this.#clock = node.platform.clock
    this.#meshClock = new MeshClock(this.#clock)
    this.#ring = new Ring({ ...DEFAULT_RING, ...options.ring })
    this.#logAside = options.logger && loggingTo(node, options.logger)
    this.#level = LEVELS[options.level ?? 'debug']
    const ticks = () => this.#meshClock.read()
    this.#source = new LogSource({ ring: this.#ring, clock: this.#clock, ticks })
    this.#channel = node.channel(LOG_CHANNEL, (peer, frames) => this.#handle(peer, frames))
    this.#queries = new Queries({
      clock: this.#clock,
      ask: (peer, id, topic) => this.#send(peer, { kind: 'ask', id, topic }),
      answer: (peer, id, data) => this.#send(peer, { kind: 'answer', id, data }),
    })
    this.#timeChannel = node.channel(TIME_CHANNEL, (_peer, frames) => this.#handleTime(frames))
    this.#renewTime = this.#timeChannel.preface(() => [this.#timeFrame()])
    node.on('enter', ({ peer }) => this.#handleEnter(peer))
    node.on('exit', ({ peer }) => this.#handleExit(peer.id))
    recordNode(node, (level, msg, fields) => this.#recordOwn(level, msg, fields))
    this.answer('metrics', () => ({ ...describe(node), log: this.metrics() }))
    node.onStopping(() => this.#source.stop())
    node.on('stop', () => this.#stop())
    if (options.traceEvery !== undefined) node.sampleTraces(options.traceEvery)
  }

  /**
   * Takes a line, as pino gives it to its destination: `pino(meshLog(node))`. Never blocks and never throws. A line
   * that is no JSON object becomes the message of a record; one of more than 16 Ki characters is cut.
   */
  write(line: string): void {
    if (!this.#isLibrarySpeaking) this.#push(levelOf(line), textOf(line))
  }

  /** Logs without a logger. `fields` must be what JSON can say; they are kept, not copied. */
  record(level: LevelName, msg: string, fields: Fields = {}): void {
    this.#push(LEVELS[level], { ...fields, msg })
  }

  /** Collects the records of all nodes that can be reached, now and as they come. */
  collect(options: CollectOptions = {}): Collector {
    const host = {
      clock: this.#clock,
      send: (node: PeerId, message: ToSource) => this.#sendToSource(node, message),
      closed: ({ id }: Collector) => this.#collectors.delete(id),
    }
    const collector = new Collector(++this.#ids, host, options)
    this.#collectors.set(collector.id, collector)
    if (options.own !== false) collector.handleEnter(this.#node)
    for (const peer of this.#node.peers()) collector.handleEnter(peer)
    if (options.signal?.aborted) collector.close()
    return collector
  }

  /**
   * Asks a peer's log for something: `metrics` gives what its `metrics()` and `peers()` are. Rejects when the peer is not
   * there (or has no log), when it does not answer in time (5 s by default), and when aborted.
   *
   * @throws EarshotError ERR_EARSHOT_NO_ANSWER, ERR_EARSHOT_ABORTED
   */
  query(peer: PeerId, topic: string, options: QueryOptions = {}): Promise<unknown> {
    return this.#queries.ask(peer, topic, options)
  }

  /** Answers a topic of queries with what `give` gives; whole nodes ask, and many of them. */
  answer(topic: string, give: () => unknown): void {
    this.#queries.open(topic, give)
  }

  metrics(): LogMetrics {
    return {
      records: this.#ring.nextSeq - 1,
      overwritten: this.#ring.overwritten,
      ringBytes: this.#ring.byteLength,
      subscriptions: this.#source.subscriptions,
      subscriptionsRefused: this.#source.refused,
      unshipped: this.#source.unshipped,
      invalid: this.#invalid,
    }
  }

  // Records

  #recordOwn(level: Exclude<LevelName, 'fatal'>, msg: string, fields: Fields): void {
    if (LEVELS[level] < this.#level) return
    this.#push(LEVELS[level], { ...fields, msg })
    if (this.#logAside === undefined) return
    this.#isLibrarySpeaking = true
    this.#logAside(level, msg, fields)
    this.#isLibrarySpeaking = false
  }

  #push(level: number, content: string | Fields): void {
    if (this.#isOver) return
    const ticks = this.#meshClock.stamp()
    this.#past = ticks
    this.#renewTime()
    const stamp = { ticks, time: this.#clock.wallNow(), level, at: this.#clock.now() }
    this.#ring.push(stamp, content, this.#onOverwritten)
    this.#source.handleRecord()
  }

  readonly #onOverwritten = (record: Parameters<LogSource['handleOverwritten']>[0]): void => {
    this.#source.handleOverwritten(record)
  }

  // Time

  #timeFrame(): Uint8Array {
    const frame = new Uint8Array(8)
    new DataView(frame.buffer).setFloat64(0, this.#past)
    return frame
  }

  #handleTime([frame]: readonly Uint8Array[]): void {
    if (frame?.length !== 8) {
      this.#invalid++
      return
    }
    const ticks = new DataView(frame.buffer, frame.byteOffset, 8).getFloat64(0)
    if (!this.#meshClock.merge(ticks)) {
      this.#invalid++
      return
    }
    if (ticks <= this.#past) return
    this.#past = ticks
    this.#renewTime()
  }

  // Others

  #send(peer: PeerId, message: LogMessage): boolean {
    return this.#channel.send(peer, [encodeLogMessage(message, this.#meshClock.read())])
  }

  /** Our own source hears it without a network in between, and answers later, as others do. */
  #sendToSource(node: PeerId, message: ToSource): boolean {
    if (node !== this.#node.id) return this.#send(node, message)
    this.#route(node, message, (answer) => {
      this.#clock.endOfTurn(() => this.#route(node, answer, () => false))
      return true
    })
    return true
  }

  #handle(peer: PeerInfo, [bytes]: readonly Uint8Array[]): void {
    const read = bytes === undefined ? undefined : decodeLogMessage(bytes)
    if (read === undefined || !this.#meshClock.merge(read.ticks)) {
      this.#invalid++
      return
    }
    const { message } = read
    const deliver: Deliver = (answer) => this.#send(peer.id, answer)
    if (message.kind === 'answer') this.#queries.handleAnswer(peer.id, message)
    else if (message.kind === 'ask') this.#queries.handleAsk(peer.id, message)
    else this.#route(peer.id, message, deliver)
  }

  /** Between collectors and sources, here or elsewhere. */
  #route(
    from: PeerId,
    message: Exclude<LogMessage, { kind: 'ask' | 'answer' }>,
    deliver: Deliver,
  ): void {
    switch (message.kind) {
      case 'subscribe':
        this.#source.subscribe(from, from, message, deliver)
        return
      case 'ack':
        this.#source.handleAck(from, message)
        return
      case 'end':
        this.#source.end(from, message.id)
        return
      case 'batch':
        this.#collectors.get(message.id)?.handleBatch(from, message)
        return
      case 'refused':
        this.#collectors.get(message.id)?.handleRefused(from, message)
    }
  }

  #handleEnter(peer: PeerInfo): void {
    for (const collector of this.#collectors.values()) collector.handleEnter(peer)
  }

  #handleExit(id: PeerId): void {
    this.#source.forget(id)
    this.#queries.handleGone(id)
    for (const collector of this.#collectors.values()) collector.handleExit(id)
  }

  #stop(): void {
    this.#isOver = true
    this.#queries.stop()
    for (const collector of [...this.#collectors.values()]) collector.close()
    this.#channel.close()
    this.#timeChannel.close()
  }
}

function describe(node: MeshNode): object {
  const peers = node.peers().map(({ id, name, presence }) => ({ id, name, presence }))
  return { id: node.id, name: node.name, peers, metrics: node.metrics() }
}
