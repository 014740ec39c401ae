/**
 * An actor of the demo: another process of this same command, `earshot chat --json`, driven through its stdin and
 * watched through its stdout, as any script could.
 */
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { CliError, ExitCode } from '../exit-codes.ts'

/** A line that the actor printed; `type` is `earshot.<kind>/1`. */
export interface ActorEvent {
  readonly type: string
  readonly peer?: { readonly id: string; readonly name: string }
  readonly id?: string
  readonly group?: string
  readonly text?: string
  readonly reason?: string
}

export interface Stage {
  readonly script: string
  readonly group: string
  readonly port: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

const EVENTS_MAX = 1_000

export class Actor {
  readonly name: string
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #signal: AbortSignal
  readonly #events: ActorEvent[] = []
  readonly #listeners = new Set<() => void>()
  #errors = ''
  /** Set when the process has ended. */
  #end: { readonly code: number | null } | undefined
  readonly #closed: Promise<void>

  constructor(name: string, { script, group, port, env, signal }: Stage) {
    this.name = name
    this.#signal = signal
    const options = ['--json', '--name', name, '--interface', '127.0.0.1', '--port', String(port)]
    this.#child = spawn(process.execPath, [script, 'chat', group, ...options], {
      env: withoutSettings(env),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#handleLine(line))
    this.#child.stderr.on('data', (chunk: Uint8Array) => {
      this.#errors += String(chunk)
    })
    // Writing to an actor that has ended is told by what does not come then.
    this.#child.stdin.on('error', () => {})
    this.#child.on('error', (error) => {
      this.#errors += error.message
      this.#handleEnd(null)
    })
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#handleEnd(code)
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The exit code; `null` while it runs and when it was killed. */
  get exitCode(): number | null {
    return this.#end?.code ?? null
  }

  /** What it complained about, for the case that something fails. */
  get errors(): string {
    return this.#errors.trim()
  }

  /** Types a line into its chat. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Ends the process without giving it a chance to say anything. Resolves when it has ended. */
  async kill(): Promise<void> {
    if (this.#end !== undefined) return
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  /** True when such an event has come already. */
  has(fits: (event: ActorEvent) => boolean): boolean {
    return this.#events.some(fits)
  }

  /** The first event that fits, past or future. @throws CliError timeout or failure, naming `what`. */
  async see(
    what: string,
    fits: (event: ActorEvent) => boolean,
    limitMs: number,
  ): Promise<ActorEvent> {
    await this.#until(what, () => this.has(fits) || this.#end !== undefined, limitMs)
    const event = this.#events.find(fits)
    if (event !== undefined) return event
    throw new CliError(ExitCode.failure, `${what}: the process of ${this.name} ended before`)
  }

  async ended(what: string, limitMs: number): Promise<void> {
    await this.#until(what, () => this.#end !== undefined, limitMs)
  }

  /** Resolves when the condition holds, looking again whenever something has come. */
  #until(what: string, holds: () => boolean, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(limit)
        this.#listeners.delete(look)
        this.#signal.removeEventListener('abort', onAbort)
        action()
      }
      const look = (): void => {
        if (holds()) settle(resolve)
      }
      const fail = (text: string): void => {
        settle(() => reject(new CliError(ExitCode.timeout, `${what}: ${text}`)))
      }
      const onAbort = (): void => fail('not before the time of the demo was up')
      const limit = setTimeout(() => fail(`not within ${limitMs} ms`), limitMs)
      this.#listeners.add(look)
      this.#signal.addEventListener('abort', onAbort)
      if (this.#signal.aborted) onAbort()
      look()
    })
  }

  #handleLine(line: string): void {
    // A stranger on the same port could make it talk without end.
    if (this.#events.length >= EVENTS_MAX) return
    this.#events.push(JSON.parse(line) as ActorEvent)
    for (const look of [...this.#listeners]) look()
  }

  #handleEnd(code: number | null): void {
    this.#end ??= { code }
    for (const look of [...this.#listeners]) look()
  }
}

/** The user's own settings (a fixed mailbox port, say) are not for the actors. */
function withoutSettings(env: Stage['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('EARSHOT_')))
}
