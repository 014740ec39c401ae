/**
 * The worker processes, as the command sees them. Each is known by its process id, is asked and told over a pipe,
 * and is ended by that id whatever happens; when the command itself dies, the pipe closes and they end by themselves.
 */
import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Headway, News, Order, WorkerRecord } from './protocol.ts'

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))
/** How much of what a worker writes to stderr is kept. */
const ERRORS_MAX = 2_000

export class Worker {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #listeners = new Set<() => void>()
  /** What it wrote to stderr: for the case that it fails. */
  #errors = ''
  #failure: string | undefined
  #isOver = false
  #isReady = false
  #isStopped = false
  #record: WorkerRecord | undefined
  #headway: Headway | undefined

  constructor() {
    // `advanced`: the records are arrays of numbers, and large.
    this.#child = fork(WORKER, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.on('message', (news: News) => this.#take(news))
    this.#child.on('error', (error) => this.#fail(error.message))
    this.#child.stderr?.on('data', (chunk: Uint8Array) => {
      this.#errors = (this.#errors + String(chunk)).slice(0, ERRORS_MAX)
    })
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true
        this.#changed()
        resolve()
      }
      this.#child.on('exit', over)
      this.#child.on('error', over)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get headway(): Headway | undefined {
    return this.#headway
  }

  tell(order: Order): void {
    // That it is gone is found out by whoever waits for the answer.
    if (this.#child.connected) this.#child.send(order, () => {})
  }

  async ready(limitMs: number, signal: AbortSignal): Promise<void> {
    await this.#until('starts', () => this.#isReady, limitMs, signal)
  }

  async settled(limitMs: number, signal: AbortSignal): Promise<WorkerRecord> {
    await this.#until('reports', () => this.#record !== undefined, limitMs, signal)
    return this.#record!
  }

  async stopped(limitMs: number, signal: AbortSignal): Promise<void> {
    await this.#until('stops its nodes', () => this.#isStopped, limitMs, signal)
  }

  /** @throws CliError when it has failed or ended. */
  check(): void {
    if (this.#failure === undefined && !this.#isOver) return
    const why = this.#failure ?? (this.#errors.trim() || 'it ended')
    throw new CliError(ExitCode.failure, `worker process ${this.pid} failed: ${why}`)
  }

  /** Ends the process, by its id. Resolves when it has ended. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGKILL')
    await this.#ended
  }

  #take(news: News): void {
    switch (news.kind) {
      case 'ready':
        this.#isReady = true
        break
      case 'progress':
        this.#headway = news
        break
      case 'settled':
        this.#record = news.record
        break
      case 'stopped':
        this.#isStopped = true
        break
      case 'failed':
        this.#fail(news.reason)
        break
    }
    this.#changed()
  }

  #fail(reason: string): void {
    this.#failure ??= reason
    this.#changed()
  }

  #changed(): void {
    for (const look of [...this.#listeners]) look()
  }

  /** @throws CliError when it fails or takes too long; the reason of the signal. */
  #until(what: string, holds: () => boolean, limitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        signal.removeEventListener('abort', look)
        action()
      }
      const look = (): void => {
        try {
          signal.throwIfAborted()
          this.check()
          if (holds()) settle(resolve)
        } catch (error) {
          settle(() => reject(error))
        }
      }
      const timer = setTimeout(() => {
        const reason = `worker process ${this.pid}: waited ${limitMs} ms until it ${what}`
        settle(() => reject(new CliError(ExitCode.timeout, reason)))
      }, limitMs)
      this.#listeners.add(look)
      signal.addEventListener('abort', look)
      look()
    })
  }
}
