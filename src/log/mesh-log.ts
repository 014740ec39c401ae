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
import type { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { type Channel, hasChannels } from '../runtime/channels.ts'
import type { MeshNode } from '../runtime/node.ts'
import type { PeerInfo } from '../runtime/node-events.ts'
import type { Clock } from '../runtime/platform.ts'
import { MeshClock } from './clock.ts'
import { Collector } from './collector.ts'
import type { CollectOptions } from './entries.ts'
import { BATCH_BYTES_MAX } from './lines.ts'
import { loggingTo } from './logger.ts'
import { type NodeRecorder, recordNode } from './node-records.ts'
import { checkCollectOptions, checkMeshLogOptions, type MeshLogOptions, ringOf } from './options.ts'
import { Queries, type QueryOptions } from './queries.ts'
import type { Fields, LevelName, RawRecord } from './record.ts'
import { LEVELS, levelOf, textOf } from './record.ts'
import { type Content, contentOfFields, Ring } from './ring.ts'
import { type Deliver, LogSource } from './source.ts'
import { TimeMarks } from './time-marks.ts'
import type { LogMessage, ToSource } from './wire.ts'
import { decodeLogMessage, encodeLogMessage, LOG_CHANNEL, MESSAGE_SHARE } from './wire.ts'
import type { ZreLogRecord } from './zre-log/record.ts'
import { ZreLog, type ZreLogMetrics } from './zre-log/zre-log.ts'

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
  /** Times of others that no clock could show, and that were not taken over. */
  readonly nonsenseTimes: number
  /** Messages to other logs that could not be sent, whenever: too large for a side's limit, or without an encoding. */
  readonly unsendable: number
  /** What is reported to ZRE/LOG collectors, and what comes to one of this node's. */
  readonly zreLog: ZreLogMetrics
}

const logs = new WeakMap<MeshNode, MeshLog>()

/**
 * The log of a node: made at the first call, the same at every other. `createNode` of the package `earshot` has made
 * it, unless its option `log` is false. It ends with the node.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION
 */
export function meshLog(node: MeshNode, options: MeshLogOptions = {}): MeshLog {
  checkMeshLogOptions(options)
  let log = logs.get(node)
  if (log === undefined) {
    log = new MeshLog(node, options)
    logs.set(node, log)
  }
  if (options.marks !== false) log.startMarks()
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
  readonly #marks: TimeMarks
  /** Bytes of records in one batch, sent or received. */
  readonly #batchBytes: number
  readonly #collectors = new Map<number, Collector>()
  readonly #logAside: NodeRecorder | undefined
  readonly #level: number
  readonly #listeners = new Set<(record: RawRecord) => void>()
  /** The library logs through `logger`, which may well end in `write`. */
  #isLibrarySpeaking = false
  #isOver = false
  #ids = 0
  #invalid = 0
  #nonsense = 0
  #unsendable = 0

  /** Not for applications: what other implementations log, or are told. */
  readonly zreLog: ZreLog
  /** By this pino knows a stream: `pino(meshLog(node))`. */
  readonly writable = true

  /** Not for applications: `meshLog` makes them. */
  constructor(node: MeshNode, options: MeshLogOptions) {
    this.#node = node
    this.#clock = node.platform.clock
    this.#meshClock = new MeshClock(this.#clock)
    this.#ring = new Ring(ringOf(options.ring), (each) => this.#source.handleOverwritten(each))
    this.#logAside = options.logger && loggingTo(node, options.logger)
    this.#level = LEVELS[options.level ?? 'debug']
    const ticks = () => this.#meshClock.read()
    this.#channel = node.channel(LOG_CHANNEL, (peer, frames) => this.#handle(peer, frames))
    // What is ours to send is bounded by what we take: nodes of one mesh mostly have the same limits.
    const answerBytes = this.#channel.bytesMax
    const batchBytes = Math.min(BATCH_BYTES_MAX, Math.floor(answerBytes * MESSAGE_SHARE))
    this.#batchBytes = batchBytes
    this.#source = new LogSource({ ring: this.#ring, clock: this.#clock, batchBytes, ticks })
    this.#queries = new Queries({
      clock: this.#clock,
      ask: (peer, id, topic) => this.#send(peer, { kind: 'ask', id, topic, answerBytes }),
      answer: (peer, { id, answerBytes }, data) =>
        this.#send(peer, { kind: 'answer', id, data }, answerBytes),
      reportUncaught: (error) => node.platform.reportUncaught(error),
    })
    this.#marks = new TimeMarks(node, this.#meshClock)
    node.on('enter', ({ peer }) => this.#handleEnter(peer))
    node.on('exit', ({ peer }) => this.#handleExit(peer.id))
    const record: NodeRecorder = (level, msg, fields) => this.#recordOwn(level, msg, fields)
    recordNode(node, record)
    this.answer('metrics', () => ({ ...describe(node), log: this.metrics() }))
    node.onStopping(() => this.#source.stop())
    node.on('stop', () => this.#stop())
    this.zreLog = new ZreLog(node, record, options.zreLog !== false)
    if (options.traceEvery !== undefined) node.sampleTraces(options.traceEvery)
  }

  /**
   * Takes a line, as pino gives it to its destination: `pino(meshLog(node))`. Never blocks, and throws nothing but what
   * a listener of `onRecord` throws. A line that is no JSON object becomes the message of a record; one of more than
   * 16 Ki characters is cut.
   */
  write(line: string): void {
    if (!this.#isLibrarySpeaking) this.#push(levelOf(line), textOf(line))
  }

  /** Logs without a logger. `fields` should be what JSON can say; they are recorded as they are now. Throws as `write`. */
  record(level: LevelName, msg: string, fields: Fields = {}): void {
    // A level that there is not would make the whole batch unreadable.
    const known = Object.hasOwn(LEVELS, level) ? LEVELS[level] : LEVELS.info
    this.#push(known, contentOfFields({ ...fields, msg }))
  }

  /**
   * Collects the records of all nodes that can be reached, now and as they come.
   *
   * @throws EarshotError ERR_EARSHOT_BAD_OPTION
   */
  collect(options: CollectOptions = {}): Collector {
    checkCollectOptions(options)
    const host = {
      clock: this.#clock,
      batchBytes: this.#batchBytes,
      ticks: () => this.#meshClock.read(),
      send: (node: PeerId, message: ToSource) => this.#sendToSource(node, message),
      closed: ({ id }: Collector) => this.#collectors.delete(id),
    }
    const collector = new Collector(++this.#ids, host, options)
    this.#collectors.set(collector.id, collector)
    if (options.own !== false) collector.handleEnter(this.#node)
    for (const peer of this.#node.peers()) if (hasChannels(peer)) collector.handleEnter(peer)
    if (options.signal?.aborted || this.#isOver) collector.close()
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

  /** Takes in what came to a ZRE/LOG collector; `collect` gives it among the records of the mesh. */
  handleZreLog(record: ZreLogRecord): void {
    if (this.#collectors.size === 0) return
    const { source, raw } = this.zreLog.adopt(record, this.#meshClock.read())
    for (const collector of this.#collectors.values()) collector.handleForeign(source, raw)
  }

  /**
   * Calls `listener` with each record of this node as it is written, whether or not anybody collects. Gives back how to
   * end that. What it throws reaches whoever logged.
   */
  onRecord(listener: (record: RawRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Not for applications: has its time travel with messages from now on. */
  startMarks(): void {
    this.#marks.start()
  }

  metrics(): LogMetrics {
    return {
      records: this.#ring.nextSeq - 1,
      overwritten: this.#ring.overwritten,
      ringBytes: this.#ring.byteLength,
      subscriptions: this.#source.subscriptions,
      subscriptionsRefused: this.#source.refused,
      unshipped: this.#source.unshipped,
      invalid: this.#invalid + this.#marks.invalid,
      nonsenseTimes: this.#nonsense + this.#marks.nonsense,
      unsendable: this.#unsendable,
      zreLog: this.zreLog.metrics(),
    }
  }

  // Records

  #recordOwn(level: Exclude<LevelName, 'fatal'>, msg: string, fields: Fields): void {
    if (LEVELS[level] < this.#level) return
    this.#push(LEVELS[level], contentOfFields({ ...fields, msg }))
    if (this.#logAside === undefined) return
    // The logger may do something that is recorded in turn.
    const before = this.#isLibrarySpeaking
    this.#isLibrarySpeaking = true
    try {
      this.#logAside(level, msg, fields)
    } finally {
      this.#isLibrarySpeaking = before
    }
  }

  #push(level: number, content: Content): void {
    if (this.#isOver) return
    const ticks = this.#meshClock.stamp()
    this.#marks.note(ticks)
    const { readAt, wall } = this.#meshClock
    const record = this.#ring.push({ ticks, at: readAt, time: wall }, level, content)
    this.#source.handleRecord(level)
    for (const listener of this.#listeners) listener(record)
  }

  // Others

  /** False for whatever cannot be sent: strangers and timers cause it, and cannot be told. */
  #send(peer: PeerId, message: LogMessage, bytesMax = this.#channel.bytesMax): boolean {
    const frames = this.#encode(message)
    const bytes = frames?.reduce((sum, { length }) => sum + length, 0)
    if (frames === undefined || bytes! > Math.min(bytesMax, this.#channel.bytesMax)) {
      this.#unsendable++
      return false
    }
    try {
      return this.#channel.send(peer, frames)
    } catch (error) {
      // A node may be made to send no more than so many frames.
      if ((error as EarshotError).code !== 'ERR_EARSHOT_MESSAGE_TOO_LARGE') throw error
      this.#unsendable++
      return false
    }
  }

  /** An answer is whatever the application has put together; not everything can be encoded. */
  #encode(message: LogMessage): Uint8Array[] | undefined {
    try {
      return encodeLogMessage(message, this.#meshClock.read())
    } catch {
      return undefined
    }
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

  #handle(peer: PeerInfo, frames: readonly Uint8Array[]): void {
    const read = decodeLogMessage(frames)
    if (read === undefined) {
      this.#invalid++
      return
    }
    // Whose time is nonsense may have something to say all the same.
    if (!this.#meshClock.merge(read.ticks)) this.#nonsense++
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
        this.#source.subscribe(from, message, deliver)
        return
      case 'ack':
        this.#source.handleAck(from, message)
        return
      case 'end':
        this.#source.end(from, message.id)
        return
      case 'batch': {
        const collector = this.#collectors.get(message.id)
        if (collector !== undefined) collector.handleBatch(from, message)
        // It had ended, and its source could not be told.
        else deliver({ kind: 'end', id: message.id })
        return
      }
      case 'refused':
        this.#collectors.get(message.id)?.handleRefused(from)
    }
  }

  #handleEnter(peer: PeerInfo): void {
    if (!hasChannels(peer)) return
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
    this.#marks.close()
  }
}

function describe(node: MeshNode): object {
  const peers = node.peers().map(({ id, name, presence }) => ({ id, name, presence }))
  return { id: node.id, name: node.name, peers, metrics: node.metrics() }
}
