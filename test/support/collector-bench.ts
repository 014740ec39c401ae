/** A collector by itself on virtual time: a test says what its sources send, and sees what it gives. */
import type { PeerId } from '../../src/base/peer-id.ts'
import { Collector } from '../../src/log/collector.ts'
import type { CollectOptions, LogEntry } from '../../src/log/entries.ts'
import type { RawRecord } from '../../src/log/record.ts'
import type { Batch, ToSource } from '../../src/log/wire.ts'

export class CollectorBench {
  now = 0
  /** The mesh's time, in ticks: whatever comes is earlier. */
  ticks = Number.MAX_SAFE_INTEGER
  readonly sent: { readonly node: PeerId; readonly message: ToSource }[] = []
  readonly collector: Collector
  #alarm: { readonly at: number; readonly callback: () => void } | undefined
  readonly #batches = new Map<PeerId, number>()
  readonly #seqs = new Map<PeerId, number>()

  constructor(options: CollectOptions = {}) {
    const clock = {
      now: () => this.now,
      wallNow: () => this.now,
      setTimer: (at: number, callback: () => void) => {
        const alarm = { at, callback }
        this.#alarm = alarm
        return {
          cancel: () => {
            if (this.#alarm === alarm) this.#alarm = undefined
          },
        }
      },
      endOfTurn: () => {},
    }
    const send = (node: PeerId, message: ToSource): boolean => {
      this.sent.push({ node, message })
      // What it says next belongs to the new subscription.
      if (message.kind === 'subscribe') this.#batches.delete(node)
      return true
    }
    const host = { clock, batchBytes: 4_096, ticks: () => this.ticks, send, closed: () => {} }
    this.collector = new Collector(1, host, options)
  }

  enter(node: string): void {
    this.collector.handleEnter({ id: node, name: node })
  }

  /** The next batch of a node, with records of these ticks; what is not said is as of a source that has caught up. */
  batch(node: string, ticks: readonly number[], rest: Partial<Batch> = {}): void {
    const batch = (this.#batches.get(node) ?? 0) + 1
    this.#batches.set(node, batch)
    const records = ticks.map((at) => this.#record(node, at))
    this.collector.handleBatch(node, {
      kind: 'batch',
      id: 1,
      batch,
      records,
      lost: 0,
      next: (this.#seqs.get(node) ?? 0) + 1,
      upTo: Math.max(0, ...ticks),
      caughtUp: true,
      wall: this.now,
      echo: this.now,
      keptMs: 0,
      ...rest,
    })
  }

  run(ms: number): void {
    const end = this.now + ms
    while (this.#alarm !== undefined && this.#alarm.at <= end) {
      const { at, callback } = this.#alarm
      this.#alarm = undefined
      this.now = Math.max(this.now, at)
      callback()
    }
    this.now = end
  }

  /** Ends it, and gives all that it has ready. */
  async entries(): Promise<LogEntry[]> {
    this.collector.close()
    const entries: LogEntry[] = []
    for await (const entry of this.collector) entries.push(entry)
    return entries
  }

  #record(node: string, ticks: number): RawRecord {
    const seq = (this.#seqs.get(node) ?? 0) + 1
    this.#seqs.set(node, seq)
    return { seq, ticks, time: 0, level: 30, text: '{"msg":"x"}' }
  }
}
