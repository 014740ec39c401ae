/**
 * Traced messages, put together from the records of all nodes that had to do with them:
 *
 *     sender      sent ─▶ accepted ─▶ written ─┐        per receiver; or dropped
 *     receivers                                └─▶ received ─▶ handled
 *
 * What strangers report is bounded: a record counts only for a message whose id begins with its sender's id.
 */
import type { LogRecord, PeerId, TraceStage } from '../../src/index.ts'

/** Of a message at one receiver, in this order. */
export const STAGES = ['accepted', 'dropped', 'written', 'received', 'handled'] as const
export type ReceiverStage = (typeof STAGES)[number]

export interface Trace {
  readonly trace: string
  /** The sender. */
  readonly from: Party
  /** Of a shout. */
  readonly group: string | undefined
  readonly bytes: number
  /** When it was sent (or first reported), in milliseconds since 1970 by our clock. */
  readonly time: number
  /** Whether it is known when it was sent; otherwise times count from the first report. */
  readonly isSentKnown: boolean
  readonly receivers: readonly TraceReceiver[]
}

interface Party {
  readonly id: PeerId
  readonly name: string | undefined
}

export interface TraceReceiver extends Party {
  /** Milliseconds after it was sent, by the mesh's time. */
  readonly stages: Readonly<Partial<Record<ReceiverStage, number>>>
}

const TICKS_PER_MS = 1_024
/** Messages that are followed; beyond it the oldest are given as they are. */
const MESSAGES_MAX = 10_000
const RECEIVERS_MAX = 1_024
const NAMES_MAX = 10_000
/** A shout may have members whose outbox took it late. */
const GRACE_MS = 500
/** So long without news, and nothing more is expected. */
export const PATIENCE_MS = 5_000

interface Followed {
  readonly id: string
  readonly from: PeerId
  readonly group: string | undefined
  readonly bytes: number
  sentTicks: number | undefined
  firstTicks: number
  time: number
  heardAt: number
  readonly receivers: Map<PeerId, Partial<Record<ReceiverStage, number>>>
}

interface Report {
  readonly id: string
  readonly stage: TraceStage
  readonly from: PeerId
  readonly to: PeerId | undefined
  readonly group: string | undefined
  readonly bytes: number
}

export class Traces {
  readonly #followed = new Map<string, Followed>()
  readonly #names = new Map<PeerId, string>()
  #overdue: Trace[] = []

  get length(): number {
    return this.#followed.size
  }

  /** The name of a node, for those of whom there is only an id. */
  learn(id: PeerId, name: string): void {
    if (this.#names.size < NAMES_MAX || this.#names.has(id)) this.#names.set(id, name)
  }

  /** A record of a traced message, or any other; `time`: when it was logged, by our clock; `now`: when it came. */
  add(record: LogRecord, time: number, now: number): void {
    const report = reportOf(record)
    if (report === undefined) return
    this.#learnOf(record)
    let message = this.#followed.get(report.id)
    if (message === undefined) {
      message = begin(report, record.ticks, time)
      this.#followed.set(report.id, message)
      this.#bound()
    }
    if (message.from !== report.from) return
    message.heardAt = now
    if (record.ticks < message.firstTicks || report.stage === 'sent') {
      message.firstTicks = record.ticks
      message.time = time
    }
    if (report.stage === 'sent') message.sentTicks = record.ticks
    if (report.to !== undefined) note(message, report.to, report.stage, record.ticks)
  }

  #learnOf({ node, name, fields }: LogRecord): void {
    this.learn(node, name)
    const { peer, peerName } = fields
    if (typeof peer === 'string' && typeof peerName === 'string') this.learn(peer, peerName)
  }

  /** Messages that nothing more is expected of. Each is given once. */
  settled(now: number): Trace[] {
    const traces = this.#overdue
    this.#overdue = []
    for (const [id, message] of this.#followed) {
      if (now - message.heardAt < waitMs(message)) continue
      this.#followed.delete(id)
      traces.push(this.#traceOf(message))
    }
    return traces.sort((a, b) => a.time - b.time)
  }

  #bound(): void {
    if (this.#followed.size <= MESSAGES_MAX) return
    for (const [id, oldest] of this.#followed) {
      this.#followed.delete(id)
      this.#overdue.push(this.#traceOf(oldest))
      return
    }
  }

  #traceOf({ id, from, group, bytes, time, sentTicks, firstTicks, receivers }: Followed): Trace {
    const since = sentTicks ?? firstTicks
    return {
      trace: id,
      from: { id: from, name: this.#names.get(from) },
      group,
      bytes,
      time,
      isSentKnown: sentTicks !== undefined,
      receivers: [...receivers].map(([to, stages]) => ({
        id: to,
        name: this.#names.get(to),
        stages: Object.fromEntries(
          STAGES.flatMap((stage) => {
            const ticks = stages[stage]
            return ticks === undefined ? [] : [[stage, (ticks - since) / TICKS_PER_MS] as const]
          }),
        ),
      })),
    }
  }
}

/** Whether the message has come to its end at a receiver. */
export function isOver({ stages }: Pick<TraceReceiver, 'stages'>): boolean {
  return stages.handled !== undefined || stages.dropped !== undefined
}

function waitMs({ sentTicks, group, receivers }: Followed): number {
  const all = [...receivers.values()]
  const isComplete =
    sentTicks !== undefined && all.length > 0 && all.every((stages) => isOver({ stages }))
  if (!isComplete) return PATIENCE_MS
  return group === undefined ? 0 : GRACE_MS
}

function begin({ id, from, group, bytes }: Report, ticks: number, time: number): Followed {
  return {
    id,
    from,
    group,
    bytes,
    sentTicks: undefined,
    firstTicks: ticks,
    time,
    heardAt: 0,
    receivers: new Map(),
  }
}

function note({ receivers }: Followed, to: PeerId, stage: TraceStage, ticks: number): void {
  let stages = receivers.get(to)
  if (stages === undefined) {
    if (receivers.size >= RECEIVERS_MAX) return
    stages = {}
    receivers.set(to, stages)
  }
  if (stage !== 'sent') stages[stage] ??= ticks
}

/** `undefined` for what reports no message, or somebody else's. */
function reportOf({ node, fields }: LogRecord): Report | undefined {
  const { event, trace, stage, peer, group, bytes } = fields
  if (event !== 'trace' || typeof trace !== 'string' || !isStage(stage)) return undefined
  const isReceivers = stage === 'received' || stage === 'handled'
  const other = typeof peer === 'string' ? peer : undefined
  const from = isReceivers ? other : node
  if (from === undefined || !trace.startsWith(`${from.slice(0, 12)}-`)) return undefined
  return {
    id: trace,
    stage,
    from,
    to: isReceivers ? node : other,
    group: typeof group === 'string' ? group : undefined,
    bytes: typeof bytes === 'number' ? bytes : 0,
  }
}

function isStage(stage: unknown): stage is TraceStage {
  return stage === 'sent' || (STAGES as readonly unknown[]).includes(stage)
}
