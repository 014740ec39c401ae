/**
 * The timeline of a traced message: a line that says what it is, and one for each receiver, with how long each stage took
 * after the one before.
 */

import { isoTime } from '../../sim/recording/lines.ts'
import { roundedMs } from '../duration.ts'
import type { JsonRecord } from '../json.ts'
import { recordOf } from '../json.ts'
import type { ReceiverStage, Trace, TraceReceiver } from '../views/traces.ts'
import { isOver, STAGES } from '../views/traces.ts'
import { counted } from './amounts.ts'
import { escapeText } from './escape.ts'
import { EventLines, shownName, timeOfDay } from './event-lines.ts'
import type { Paint } from './style.ts'

/** On a terminal; of a shout to more, the slowest are shown. */
const RECEIVERS_MAX = 12

export class TraceLines {
  readonly #isTerminal: boolean
  readonly #paint: Paint
  readonly #events: EventLines

  constructor(isTerminal: boolean, paint: Paint) {
    this.#isTerminal = isTerminal
    this.#paint = paint
    this.#events = new EventLines(isTerminal, paint)
  }

  lines(trace: Trace): string[] {
    const { time, from, group, bytes, receivers, isSentKnown } = trace
    const sender = shownName({ id: from.id, name: from.name ?? '' })
    const what =
      group === undefined
        ? `whisper from ${sender}`
        : `shout from ${sender} to ${escapeText(group)}, ${counted(receivers.length, 'receiver')}`
    const unsure = isSentKnown ? '' : ' (the report of its sender is missing)'
    const heading = `${what}, ${counted(bytes, 'byte')}${unsure}`
    const shown = slowestFirst(receivers).slice(0, this.#isTerminal ? RECEIVERS_MAX : undefined)
    const more = receivers.length - shown.length
    return [
      `${this.#paint('dim', timeOfDay(new Date(time)))}  ${heading}`,
      ...shown.map((each) => this.#receiver(each)),
      ...(more > 0 ? [`  ${this.#paint('dim', `… and ${more} more, none slower`)}`] : []),
    ]
  }

  #receiver(receiver: TraceReceiver): string {
    const name = this.#events.name({ id: receiver.id, name: receiver.name ?? '' })
    let before = 0
    const parts = STAGES.flatMap((stage) => {
      const ms = receiver.stages[stage]
      if (ms === undefined) return []
      const tookMs = ms - before
      before = ms
      const text = `${stage} ${shortMs(tookMs)}`
      return [stage === 'dropped' || stage === 'failed' ? this.#paint('red', text) : text]
    })
    return `  ${name}  ${parts.join('  ')}  ${this.#outcome(receiver, before)}`
  }

  #outcome(receiver: TraceReceiver, totalMs: number): string {
    if (receiver.stages.handled !== undefined) {
      return this.#paint('bold', `= ${shortMs(totalMs)} ms`)
    }
    if (isOver(receiver)) return ''
    const has = receiver.stages.received === undefined ? 'nothing heard of it since' : 'still at it'
    return this.#paint('yellow', `(${has})`)
  }
}

/** `earshot.trace/1`: stages are milliseconds after it was sent. */
export function traceRecord(trace: Trace): JsonRecord {
  const { time, from, group, bytes, receivers, isSentKnown } = trace
  const isComplete = receivers.length > 0 && receivers.every(isOver)
  return recordOf('trace', {
    time: isoTime(time),
    trace: trace.trace,
    kind: group === undefined ? 'whisper' : 'shout',
    from: briefParty(from),
    ...(group !== undefined && { group }),
    bytes,
    complete: isComplete && isSentKnown,
    ...(!isSentKnown && { sentUnknown: true }),
    receivers: receivers.map((each) => ({
      ...briefParty(each),
      outcome: outcomeOf(each),
      stages: Object.fromEntries(
        Object.entries(each.stages).map(([stage, ms]) => [stage, roundedMs(ms)]),
      ),
    })),
  })
}

/** How far it came: the last stage that is known. */
function outcomeOf({ stages }: TraceReceiver): ReceiverStage | 'unknown' {
  return STAGES.findLast((stage) => stages[stage] !== undefined) ?? 'unknown'
}

function briefParty({ id, name }: Pick<TraceReceiver, 'id' | 'name'>): object {
  return { id, ...(name !== undefined && { name }) }
}

/** Those first that it has not reached. */
function slowestFirst(receivers: readonly TraceReceiver[]): TraceReceiver[] {
  const rank = (receiver: TraceReceiver): number => {
    return isOver(receiver) ? (receiver.stages.handled ?? 0) : Number.POSITIVE_INFINITY
  }
  return [...receivers].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
}

/** `0.02`, `1.20`, `12.3`, `1230`. */
function shortMs(ms: number): string {
  if (Math.abs(ms) < 10) return ms.toFixed(2)
  return Math.abs(ms) < 100 ? ms.toFixed(1) : ms.toFixed(0)
}
