/**
 * What collectors and sources say to each other, on the channel `log`: a MessagePack map in each message, and the records of a
 * batch in a second frame (`lines.ts`).
 *
 *     collector                              source
 *     subscribe { filter, since or after } ─▶
 *                                          ◀─ batch { records, lost, upTo }   at most 4 without an ack
 *     ack { batch } ─────────────────────▶
 *     end ────────────────────────────────▶
 *     ask { topic } ──────────────────────▶
 *                                          ◀─ answer { data }
 *
 * Each message carries the sender's mesh time and wall time. A batch echoes the latest message of the collector's
 * (`echo`, and for how long it was kept), from which the collector estimates how wrong the source's clock is.
 */
import { msgpack } from '../runtime/codecs/msgpack.ts'
import { type LogFilter, readFilter } from './filter.ts'
import { decodeRecords, encodeRecords } from './lines.ts'
import { isAmount, isNumber, isWhole } from './numbers.ts'
import type { RawRecord } from './record.ts'

export const LOG_CHANNEL = 'log'

/** Batches that a source has under way without an ack. They share the peer's outbox with the application's messages. */
export const CREDIT = 4
/** No subscriber is sent less at a time; a record that is longer is cut. */
export const BATCH_BYTES_MIN = 1_024
/** Of what a node takes as one message a batch is no more than this. (An answer may be as long as the asker takes.) */
export const MESSAGE_SHARE: number = 1 / 4

export interface Subscribe {
  readonly kind: 'subscribe'
  readonly id: number
  readonly filter: LogFilter
  /** Records after this one: a subscription that goes on after a break. */
  readonly after?: number
  /** Otherwise: records of so many milliseconds. */
  readonly sinceMs: number
  /** Milliseconds within which a source is to say something, if only its time; 0: no more than what there is now. */
  readonly pulseMs: number
  /** Bytes of records that it takes in one batch; default `BATCH_BYTES_MAX`. */
  readonly batchBytes?: number
  /** The collector's monotonic clock. */
  readonly sentAt: number
}
export interface Ack {
  readonly kind: 'ack'
  readonly id: number
  readonly batch: number
  readonly sentAt: number
}
export interface End {
  readonly kind: 'end'
  readonly id: number
}
export interface Ask {
  readonly kind: 'ask'
  readonly id: number
  readonly topic: string
  /** Bytes of an answer that it takes; a longer one would break its link. */
  readonly answerBytes?: number
}
export interface Batch {
  readonly kind: 'batch'
  readonly id: number
  /** Counts a subscription's batches from 1. */
  readonly batch: number
  readonly records: readonly RawRecord[]
  /** Wanted records that were overwritten before they could be sent, since the batch before. */
  readonly lost: number
  /** The record that is looked at next: all before it were sent, are lost, or were not wanted. */
  readonly next: number
  /** Everything wanted up to here has been sent, in ticks. */
  readonly upTo: number
  /** Of this subscription's past nothing is left to send. */
  readonly caughtUp: boolean
  /** The node stops, and says no more; one batch beyond the credit. */
  readonly final?: true
  /** The source's wall clock. */
  readonly wall: number
  /** `sentAt` of the collector's latest message, and how long ago that came, in milliseconds. */
  readonly echo: number
  readonly keptMs: number
}
export interface Refused {
  readonly kind: 'refused'
  readonly id: number
}
export interface Answer {
  readonly kind: 'answer'
  readonly id: number
  readonly data: unknown
}

/** From a collector. */
export type ToSource = Subscribe | Ack | End

export type LogMessage = Subscribe | Ack | End | Ask | Batch | Refused | Answer

const codec = msgpack<Record<string, unknown>>()

/** Its frames, with the sender's mesh time: all but a batch are one. */
export function encodeLogMessage(message: LogMessage, ticks: number): Uint8Array[] {
  if (message.kind !== 'batch') return [codec.encode({ ...message, ticks })]
  const { records, ...header } = message
  const frame = codec.encode({ ...header, ticks })
  return records.length === 0 ? [frame] : [frame, encodeRecords(records)]
}

/** `undefined` for what is none of these. */
export function decodeLogMessage([bytes, records]: readonly Uint8Array[]):
  | { readonly message: LogMessage; readonly ticks: number }
  | undefined {
  const decoded = bytes === undefined ? undefined : codec.decode(bytes)
  if (decoded?.kind !== 'value') return undefined
  const { value } = decoded
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { ticks, kind } = value
  const read = typeof kind === 'string' && Object.hasOwn(READERS, kind) ? READERS[kind] : undefined
  const message = isWhole(value['id']) && isWhole(ticks) ? read?.(value, records) : undefined
  if (message === undefined || isAhead(message, ticks as number)) return undefined
  return { message, ticks: ticks as number }
}

/** No record is later than the message that it comes with. */
function isAhead(message: LogMessage, ticks: number): boolean {
  if (message.kind !== 'batch') return false
  return message.upTo > ticks || message.records.some((record) => record.ticks > ticks)
}

type Reader = (value: Record<string, unknown>, records?: Uint8Array) => LogMessage | undefined

const READERS: Readonly<Record<string, Reader>> = {
  subscribe: (value) => {
    const { id, after, sinceMs, pulseMs, batchBytes, sentAt } = value
    const filter = readFilter(value['filter'])
    if (filter === undefined || !isNumber(sentAt)) return undefined
    if (!isAmount(sinceMs) || !isAmount(pulseMs)) return undefined
    return {
      kind: 'subscribe',
      id: id as number,
      filter,
      sinceMs,
      pulseMs,
      sentAt,
      ...(isWhole(after) && { after }),
      ...(isWhole(batchBytes) && { batchBytes }),
    }
  },
  ack: ({ id, batch, sentAt }) => {
    if (!isWhole(batch) || !isNumber(sentAt)) return undefined
    return { kind: 'ack', id: id as number, batch, sentAt }
  },
  end: ({ id }) => ({ kind: 'end', id: id as number }),
  ask: ({ id, topic, answerBytes }) => {
    if (typeof topic !== 'string') return undefined
    const known = { kind: 'ask', id: id as number, topic } as const
    return isWhole(answerBytes) ? { ...known, answerBytes } : known
  },
  batch: (value, frame) => {
    const { id, batch, lost, next, upTo, caughtUp, final, wall, echo, keptMs } = value
    const records = frame === undefined ? [] : decodeRecords(frame)
    if (records === undefined || ![batch, lost, next, upTo].every(isWhole)) return undefined
    if (!isNumber(wall) || !isNumber(echo) || !isAmount(keptMs)) return undefined
    return {
      kind: 'batch',
      id: id as number,
      batch: batch as number,
      records,
      lost: lost as number,
      next: next as number,
      upTo: upTo as number,
      caughtUp: caughtUp === true,
      ...(final === true && { final }),
      wall,
      echo,
      keptMs,
    }
  },
  refused: ({ id }) => ({ kind: 'refused', id: id as number }),
  answer: ({ id, data }) => ({ kind: 'answer', id: id as number, data }),
}
