/**
 * The `earshot` command as a process of its own, kept on the loopback interface: start it, write to it, wait for its
 * lines and for its end. Every wait has a limit and tells what was there instead.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestAPI } from 'vitest'
import { test } from 'vitest'
import type { CreateOptions, MeshNode } from '../../src/index.ts'
import { createNode } from '../../src/index.ts'

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const LIMIT_MS = 15_000

export interface StartOptions {
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** Written to stdin, which then ends. Without it, stdin stays open. */
  readonly input?: string | Uint8Array
  /** Runs it on a terminal of its own: stdout and stderr come together, with `\r\n`. Linux only. */
  readonly terminal?: boolean
}

export interface End {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Nodes with different ports do not meet: each test has its own. */
function newPort(): number {
  return randomInt(10_000, 32_000)
}

export class CommandProcess {
  readonly #child: ReturnType<typeof spawnCommand>
  readonly #changed = new EventEmitter()
  readonly #title: string
  #stdout = ''
  #stderr = ''
  #ended = false

  constructor(args: readonly string[], options: StartOptions) {
    this.#title = `earshot ${args.join(' ')}`
    this.#child = spawnCommand(args, options)
    this.#child.stdout.on('data', (chunk) => {
      this.#stdout += chunk
      this.#changed.emit('change')
    })
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr += chunk
      this.#changed.emit('change')
    })
    this.#child.stdin.on('error', () => {})
    this.#child.on('close', () => {
      this.#ended = true
      this.#changed.emit('change')
    })
    if (options.input !== undefined) this.#child.stdin.end(options.input)
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Complete lines of stdout. */
  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1)
  }

  /** Lines of stdout as objects. */
  get records(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  /** Reads no more of what it prints, as `head` does when it has enough. */
  closeOutput(): void {
    this.#child.stdout.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves when the condition holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS)
    while (!holds()) {
      if (this.#ended) throw new Error(`${this.#title} ended before ${what}\n${this.#told()}`)
      await once(this.#changed, 'change', { signal: limit }).catch(() => {
        throw new Error(`${this.#title}: waited for ${what}\n${this.#told()}`)
      })
    }
  }

  /** The first line of stdout that contains the text. */
  async line(text: string): Promise<string> {
    const find = (): string | undefined => this.lines.find((line) => line.includes(text))
    await this.until(`a line with ${JSON.stringify(text)}`, () => find() !== undefined)
    return find()!
  }

  /** The first object of a kind on stdout, perhaps only one that contains the text. */
  async record(kind: string, text = ''): Promise<Record<string, unknown>> {
    const find = (): string | undefined => {
      return this.lines.find((line) => line.includes(`"earshot.${kind}/1"`) && line.includes(text))
    }
    await this.until(`${kind} ${text}`, () => find() !== undefined)
    return JSON.parse(find()!) as Record<string, unknown>
  }

  async stderrHas(text: string): Promise<void> {
    await this.until(`${JSON.stringify(text)} on stderr`, () => this.#stderr.includes(text))
  }

  async ended(): Promise<End> {
    if (!this.#ended) {
      await once(this.#child, 'close', { signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => {
        throw new Error(`${this.#title}: waited for its end\n${this.#told()}`)
      })
    }
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr }
  }

  /** Ends it whatever it does. */
  async destroy(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  #told(): string {
    return `stdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`
  }
}

/** `--interface` and its variable both say loopback: no packet of a test leaves this host. */
function spawnCommand(args: readonly string[], { port, env, terminal }: StartOptions) {
  const ownOptions = port === undefined ? [] : ['--port', String(port)]
  const command = [process.execPath, MAIN, '--interface', '127.0.0.1', ...ownOptions, ...args]
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const [file = '', ...rest] =
    terminal === true ? ['script', '-qfec', quoted, '/dev/null'] : command
  return spawn(file, rest, {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TERM: 'xterm',
      EARSHOT_INTERFACE: '127.0.0.1',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Everything that a test started: one port, nodes in this process, and commands. */
export class Scene {
  readonly port: number = newPort()
  readonly #started: (() => Promise<void>)[] = []

  /** Starts the command. */
  start(args: readonly string[], options: StartOptions = {}): CommandProcess {
    const command = new CommandProcess(args, { port: this.port, ...options })
    this.#started.push(() => command.destroy())
    return command
  }

  /** Runs the command to its end. */
  run(args: readonly string[], options: StartOptions = {}): Promise<End> {
    return this.start(args, { input: '', ...options }).ended()
  }

  /** A node in this process, for the command to meet. */
  async node(options: CreateOptions): Promise<MeshNode> {
    const node = await createNode({ ...options, interfaces: '127.0.0.1', port: this.port })
    this.#started.push(() => node.stop())
    return node
  }

  async end(): Promise<void> {
    for (const stop of this.#started.splice(0).reverse()) await stop()
  }
}

/**
 * A command that cannot even start would show as one late timeout after the other; this tells at once why. Rejects when
 * `dist` is missing or does not work.
 */
const built: Promise<void> = new CommandProcess(['--version'], { input: '' })
  .ended()
  .then(({ code, stderr }) => {
    if (code !== 0) throw new Error(`${MAIN} does not work; npm run build makes it anew\n${stderr}`)
  })
// Told by every test that waits for it.
built.catch(() => {})

/** `it` with a scene of its own for each test; afterwards nothing of it is left running. */
export const it: TestAPI<{ readonly scene: Scene }> = test.extend<{ readonly scene: Scene }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures it needs.
  scene: async ({}, use) => {
    await built
    const scene = new Scene()
    await use(scene)
    await scene.end()
  },
})
