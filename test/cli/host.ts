/** The command inside this process, with streams that a test can read and a terminal that is none. */
import { PassThrough, Readable } from 'node:stream'
import type { ExitCode } from '../../cli/exit-codes.ts'
import type { Host } from '../../cli/host.ts'
import { runProgram } from '../../cli/program.ts'

export interface FakeHostOptions {
  readonly terminal?: boolean
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** All of stdin. */
  readonly input?: string
}

export class FakeHost implements Host {
  readonly stdin: Readable
  readonly stdout: Host['stdout']
  readonly stderr: Host['stderr']
  readonly env: Record<string, string | undefined>
  readonly hostName = 'kitchen.example.org'
  readonly version = '1.2.3'
  readonly script = 'earshot.js'
  readonly signal: AbortSignal
  readonly #written = { stdout: '', stderr: '' }

  constructor({ terminal = false, columns = 80, env = {}, signal, input }: FakeHostOptions = {}) {
    this.stdin = Readable.from(input === undefined ? [] : [Buffer.from(input)])
    this.stdout = this.#stream('stdout', terminal, columns)
    this.stderr = this.#stream('stderr', terminal, columns)
    this.env = { ...env }
    this.signal = signal ?? new AbortController().signal
  }

  get out(): string {
    return this.#written.stdout
  }

  get err(): string {
    return this.#written.stderr
  }

  interrupt(): void {}

  #stream(which: 'stdout' | 'stderr', isTTY: boolean, columns: number): Host['stdout'] {
    const stream = new PassThrough()
    stream.on('data', (chunk: Uint8Array) => {
      this.#written[which] += String(chunk)
    })
    return Object.assign(stream, { isTTY, columns })
  }
}

/** Runs a command line that starts no node, or one on the loopback interface. */
export async function runInside(
  args: readonly string[],
  options: FakeHostOptions = {},
): Promise<{ readonly code: ExitCode; readonly out: string; readonly err: string }> {
  const host = new FakeHost(options)
  const code = await runProgram(host, ['--interface', '127.0.0.1', ...args], host.env)
  return { code, out: host.out, err: host.err }
}
