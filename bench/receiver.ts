/** The receiving process of a bout: `node receiver.js CONTENDER TASK SERVICE`. */
import { serve } from './calls.ts'
import type { Receiver, Sink, Task } from './contender.ts'
import { loadContender } from './contenders/index.ts'
import type { Usage } from './usage.ts'
import { hostNow, ownUsage } from './usage.ts'

export type ReceiverApi = {
  readonly open: { readonly takes: null; readonly gives: string }
  /** From now on messages are echoed. */
  readonly echo: { readonly takes: null; readonly gives: null }
  /** From now on messages are counted, up to `messages`. */
  readonly expect: { readonly takes: number; readonly gives: null }
  /** Resolves when all expected messages are there: at which time (`hostNow`) the last came. */
  readonly arrival: { readonly takes: null; readonly gives: number }
  readonly usage: { readonly takes: null; readonly gives: Usage }
  readonly close: { readonly takes: null; readonly gives: null }
}

/** Counts what arrives, and says when it is all there. */
class Counter implements Sink {
  readonly #bytes: number
  #left = 0
  #wrong: string | undefined
  #settle: { resolve(at: number): void; reject(error: Error): void } | undefined
  arrival: Promise<number> = Promise.resolve(0)
  echo = false

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  expect(messages: number): void {
    this.#left = messages
    this.arrival = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever asks for the arrival hears of it; that nobody has asked yet is no crime.
    this.arrival.catch(() => {})
  }

  count(bytes: number): void {
    if (bytes !== this.#bytes) this.#wrong ??= `a message of ${bytes} bytes`
    this.#left--
    if (this.#left > 0) return
    if (this.#left < 0) this.#wrong ??= 'more messages than were sent'
    if (this.#wrong === undefined) this.#settle?.resolve(hostNow())
    else this.#settle?.reject(new Error(this.#wrong))
  }
}

const [name, taskText, service = ''] = process.argv.slice(2)
const contender = await loadContender(name)
const task = JSON.parse(taskText!) as Task
const counter = new Counter(task.bytes)
let receiver: Receiver | undefined

serve<ReceiverApi>({
  open: async () => {
    receiver = await contender.receive(task, counter, service)
    return receiver.address
  },
  echo: () => {
    counter.echo = true
    return null
  },
  expect: (messages) => {
    counter.expect(messages)
    return null
  },
  arrival: () => counter.arrival,
  usage: ownUsage,
  close: async () => {
    await receiver?.close()
    return null
  },
})
