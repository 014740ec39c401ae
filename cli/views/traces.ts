/**
 * Traced messages, put together from the records of all nodes that had to do with them:
 *
 *     sender      sent ─▶ accepted ─▶ written ─┐        per receiver; or dropped, or failed
 *     receivers                                └─▶ received ─▶ handled
 *
 * Two clocks say how long something took: the mesh's, which is fine, and which nodes may yet have to agree on; and the
 * nodes' own, corrected by what they are known to be wrong by, which is coarse. Where both agree the fine one is taken.
 *
 * What strangers report is bounded: a record counts only for a message whose id begins with its sender's id; and what a
 * sender calls its receivers, only for its own messages, and only until somebody knows better.
 */
import type { LogRecord, PeerId, TraceStage } from '../../src/index.ts'
import { parsePeerId } from '../../src/index.ts'

/** Of a message at one receiver, in this order. */
export const STAGES = ['accepted', 'dropped', 'failed', 'written', 'received', 'handled'] as const
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
  /** Milliseconds after it was sent (or first reported). Each is at least the one before. */
  readonly stages: Readonly<Partial<Record<ReceiverStage, number>>>
}

const TICKS_PER_MS = 1_024
/** What corrected clocks are wrong by. */
const AGREE_MS = 10
/** Messages that are followed; beyond it the oldest are given as they are. */
const MESSAGES_MAX = 10_000
const RECEIVERS_MAX = 1_024
const NAMES_MAX = 10_000
/** A shout may have members whose outbox took it late. */
const GRACE_MS = 500
/** So long without news, and nothing more is expected. */
const PATIENCE_MS = 5_000

interface Followed {
  readonly id: string
  readonly from: PeerId
  readonly group: string | undefined
  readonly bytes: number
  isSentKnown: boolean
  /** When it was sent, or first reported. */
  first: Moment
  heardAt: number
  readonly receivers: Map<PeerId, Receiver>
}

interface Receiver {
  /** By the sender. */
  called: string | undefined
  readonly stages: Stages
}

/** When something happened, by both clocks. */
interface Moment {
  readonly ticks: number
  /** Milliseconds since 1970. */
  readonly time: number
}

type Stages = Partial<Record<ReceiverStage, Moment>>

interface Report {
  readonly id: string
  readonly stage: TraceStage
  readonly from: PeerId
  readonly to: PeerId | undefined
  /** What its sender calls the receiver. */
  readonly called: string | undefined
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
    this.learn(record.node, record.name)
    const moment = { ticks: record.ticks, time }
    let message = this.#followed.get(report.id)
    if (message === undefined) {
      message = begin(report, moment)
      this.#followed.set(report.id, message)
      this.#bound()
    }
    if (message.from !== report.from) return
    message.heardAt = now
    if (report.stage === 'sent') {
      message.isSentKnown = true
      message.first = moment
    } else if (!message.isSentKnown && moment.ticks < message.first.ticks) message.first = moment
    note(message, report, moment)
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

  #traceOf({ id, from, group, bytes, isSentKnown, first, receivers }: Followed): Trace {
    return {
      trace: id,
      from: { id: from, name: this.#names.get(from) },
      group,
      bytes,
      time: first.time,
      isSentKnown,
      receivers: [...receivers].map(([to, { called, stages }]) => {
        return { id: to, name: this.#names.get(to) ?? called, stages: timeline(first, stages) }
      }),
    }
  }
}

/** Milliseconds from the first moment to each. */
function timeline(first: Moment, stages: Stages): TraceReceiver['stages'] {
  const result: Partial<Record<ReceiverStage, number>> = {}
  let before = first
  let ms = 0
  for (const stage of STAGES) {
    const moment = stages[stage]
    if (moment === undefined) continue
    ms += between(before, moment)
    result[stage] = ms
    before = moment
  }
  return result
}

function between(a: Moment, b: Moment): number {
  const byMesh = (b.ticks - a.ticks) / TICKS_PER_MS
  const byClocks = b.time - a.time
  // Nothing arrives before it is sent.
  return Math.max(0, Math.abs(byMesh - byClocks) <= AGREE_MS ? byMesh : byClocks)
}

/** Whether the message has come to its end at a receiver. */
export function isOver({
  stages,
}: {
  readonly stages: Partial<Record<ReceiverStage, unknown>>
}): boolean {
  const { handled, dropped, failed } = stages
  return handled !== undefined || dropped !== undefined || failed !== undefined
}

function waitMs({ isSentKnown, group, receivers }: Followed): number {
  const all = [...receivers.values()]
  const isComplete = isSentKnown && all.length > 0 && all.every(isOver)
  if (!isComplete) return PATIENCE_MS
  return group === undefined ? 0 : GRACE_MS
}

function begin({ id, from, group, bytes }: Report, first: Moment): Followed {
  return {
    id,
    from,
    group,
    bytes,
    isSentKnown: false,
    first,
    heardAt: 0,
    receivers: new Map(),
  }
}

function note({ receivers }: Followed, { to, stage, called }: Report, moment: Moment): void {
  if (to === undefined) return
  let receiver = receivers.get(to)
  if (receiver === undefined) {
    if (receivers.size >= RECEIVERS_MAX) return
    receiver = { called: undefined, stages: {} }
    receivers.set(to, receiver)
  }
  receiver.called ??= called
  if (stage !== 'sent') receiver.stages[stage] ??= moment
}

/** `undefined` for what reports no message, or somebody else's. */
function reportOf({ node, fields }: LogRecord): Report | undefined {
  const { event, trace, stage, peer, peerName, group, bytes } = fields
  if (event !== 'trace' || typeof trace !== 'string' || !isStage(stage)) return undefined
  const isReceivers = stage === 'received' || stage === 'handled'
  const other = typeof peer === 'string' ? parsePeerId(peer) : undefined
  const from = isReceivers ? other : node
  if (from === undefined || !trace.startsWith(`${from.slice(0, 12)}-`)) return undefined
  return {
    id: trace,
    stage,
    from,
    to: isReceivers ? node : other,
    called: !isReceivers && typeof peerName === 'string' ? peerName : undefined,
    group: typeof group === 'string' ? group : undefined,
    bytes: typeof bytes === 'number' ? bytes : 0,
  }
}

function isStage(stage: unknown): stage is TraceStage {
  return stage === 'sent' || (STAGES as readonly unknown[]).includes(stage)
}
