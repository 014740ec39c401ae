/**
 * What became of the messages of a real run: every one that arrived must have been sent to whoever got it, once, in
 * the sender's order; and every one that was accepted must have arrived, unless one of the two left.
 */
import { Histogram } from '../../sim/journal/histogram.ts'
import type { Failures, Lives } from './lives.ts'
import { RECEIVED_ROW, SENT_ROW, type WorkerRecord } from './protocol.ts'

export interface Delivery {
  readonly sent: number
  readonly accepted: number
  readonly received: number
  readonly latency: Histogram
}

interface SentMessage {
  readonly sender: number
  readonly start: number
  readonly number: number
  readonly sentAtMs: number
  readonly isAccepted: boolean
  /** Lives that were sent to, and whether it arrived there. */
  readonly receivers: Map<number, boolean>
}

export function deliver(
  records: readonly WorkerRecord[],
  lives: Lives,
  names: readonly string[],
  failures: Failures,
): Delivery {
  const ledger = ledgerOf(records, lives)
  const latency = new Histogram()
  let received = 0
  for (const record of records)
    received += receive(record, { ledger, lives, names, failures, latency })
  checkLosses(ledger, lives, names, failures)
  let accepted = 0
  for (const { isAccepted } of ledger.values()) accepted += isAccepted ? 1 : 0
  return { sent: ledger.size, accepted, received, latency }
}

type Ledger = ReadonlyMap<string, SentMessage>

function keyOf(sender: number, start: number, number: number): string {
  return `${sender} ${start} ${number}`
}

function ledgerOf(records: readonly WorkerRecord[], lives: Lives): Map<string, SentMessage> {
  const ledger = new Map<string, SentMessage>()
  for (const record of records) {
    const indices = lives.indicesOf(record)
    const { sent } = record
    for (let at = 0; at < sent.length; ) {
      const [sentAtMs, sender, start, number, accepted, count] = sent.subarray(at, at + SENT_ROW)
      at += SENT_ROW
      const receivers = new Map<number, boolean>()
      for (const id of sent.subarray(at, at + count!)) receivers.set(indices[id]!, false)
      at += count!
      ledger.set(keyOf(sender!, start!, number!), {
        sender: sender!,
        start: start!,
        number: number!,
        sentAtMs: sentAtMs!,
        isAccepted: accepted === 1,
        receivers,
      })
    }
  }
  return ledger
}

interface Bench {
  readonly ledger: Ledger
  readonly lives: Lives
  readonly names: readonly string[]
  readonly failures: Failures
  readonly latency: Histogram
}

/** Holds what one worker received against the ledger; returns how many messages that were. */
function receive(record: WorkerRecord, { ledger, lives, names, failures, latency }: Bench): number {
  const indices = lives.indicesOf(record)
  const { received } = record
  const last = new Map<string, number>()
  for (let at = 0; at < received.length; at += RECEIVED_ROW) {
    const row = received.subarray(at, at + RECEIVED_ROW)
    const [atMs, self, sender, start, number, sentAtMs, intact] = row
    const receiver = indices[self!]!
    latency.add(Math.max(0, atMs! - sentAtMs!))
    const what = `message ${number} of ${names[sender!]} at ${names[lives.all[receiver]!.member]}`
    const message = ledger.get(keyOf(sender!, start!, number!))
    const isDue = message?.receivers.get(receiver)
    if (message === undefined || isDue === undefined || message.sentAtMs !== sentAtMs) {
      failures.add('no-invention', `${what} was never sent there`)
      continue
    }
    if (intact !== 1) failures.add('no-invention', `${what} is not what was sent`)
    if (isDue) failures.add('no-duplicate', `${what} arrived twice`)
    message.receivers.set(receiver, true)
    const from = `${receiver} ${sender} ${start}`
    const before = last.get(from) ?? 0
    if (!isDue && number! < before) {
      failures.add('order', `${what} arrived after message ${before}`)
    }
    last.set(from, Math.max(before, number!))
  }
  return received.length / RECEIVED_ROW
}

/** Messages from and to nodes that left do not count: what was still on its way then may be gone. */
function checkLosses(
  ledger: Ledger,
  lives: Lives,
  names: readonly string[],
  failures: Failures,
): void {
  const running = new Set(lives.running)
  const senders = new Set(
    lives.running.map((index) => `${lives.all[index]!.member} ${lives.all[index]!.start}`),
  )
  for (const { sender, start, number, sentAtMs, receivers } of ledger.values()) {
    if (!senders.has(`${sender} ${start}`)) continue
    for (const [receiver, arrived] of receivers) {
      if (arrived || !running.has(receiver)) continue
      const what = `message ${number} of ${names[sender]}, accepted at ${sentAtMs.toFixed(0)} ms`
      failures.add('no-loss', `${what}, never arrived at ${names[lives.all[receiver]!.member]}`)
    }
  }
}
