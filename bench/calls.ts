/**
 * Calls from the main process of a benchmark to its workers, over Node's IPC channel: each call has one answer, and
 * a time limit. A worker ends when it is told to, and with the main process.
 */
import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a worker can be asked: by name, what a call takes and what it gives back. */
type Api<A> = { readonly [Name in keyof A]: { readonly takes: unknown; readonly gives: unknown } }

interface Call {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Milliseconds. */
const START_MS_MAX = 20_000
const STOP_MS_MAX = 10_000

/** The worker's side: answers calls until the main process is gone. */
export function serve<A extends Api<A>>(
  handlers: {
    readonly [Name in keyof A]: (
      argument: A[Name]['takes'],
    ) => A[Name]['gives'] | Promise<A[Name]['gives']>
  },
): void {
  const byName = new Map<string, (argument: never) => unknown>(Object.entries(handlers))
  const answer = async ({ id, name, argument }: Call): Promise<Answer> => {
    try {
      return { id, value: await byName.get(name)?.(argument as never) }
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
  process.on('message', (call: Call) => void answer(call).then((each) => process.send?.(each)))
  process.on('disconnect', () => process.exit(0))
  // The first answer of all, to a call that nobody had to make: the worker is there.
  process.send?.({ id: 0 } satisfies Answer)
}

/** The main process' side. */
export class Worker<A extends Api<A>> {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0

  private constructor(module: URL, args: readonly string[]) {
    this.#child = fork(fileURLToPath(module), args)
    this.#exited = once(this.#child, 'exit')
    this.#child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer))
    this.#child.on('exit', (code, signal) => {
      for (const [id, settle] of [...this.#waiting]) {
        settle({ id, error: `the process ended with ${code ?? signal}` })
      }
    })
  }

  /** Resolves when the worker answers calls. */
  static async start<A extends Api<A>>(module: URL, ...args: string[]): Promise<Worker<A>> {
    const worker = new Worker<A>(module, args)
    await worker.#answer(0, 'start', START_MS_MAX)
    return worker
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Rejects with the worker's error, when it has ended, and after `limitMs`. */
  call<Name extends keyof A & string>(
    name: Name,
    argument: A[Name]['takes'],
    limitMs: number,
  ): Promise<A[Name]['gives']> {
    const id = ++this.#calls
    const answered = this.#answer(id, name, limitMs)
    if (this.#child.connected) this.#child.send({ id, name, argument } satisfies Call)
    return answered
  }

  #answer(id: number, name: string, limitMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = ({ value, error }: Answer): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        if (error === undefined) resolve(value)
        else reject(new Error(`${name}: ${error}`))
      }
      const timer = setTimeout(() => settle({ id, error: `not done in ${limitMs} ms` }), limitMs)
      this.#waiting.set(id, settle)
      if (this.#child.exitCode !== null) settle({ id, error: 'the process has ended' })
    })
  }

  /** Lets the worker end by itself; one that does not is killed. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX)
    if (this.#child.connected) this.#child.disconnect()
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited
    clearTimeout(timer)
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
