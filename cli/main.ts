#!/usr/bin/env node
/**
 * The `earshot` command: ties the program to its process. Start reading at `program.ts`; each verb is a file in
 * `verbs/`.
 */
import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ExitCode } from './exit-codes.ts'
import { failureOf } from './failure.ts'
import type { Ending, Host } from './host.ts'
import { runProgram } from './program.ts'

/** npm hands a Ctrl-C on to us that the terminal has sent us already: that is one, not two. */
const SAME_INTERRUPT_MS = 100
/** How long an interrupted command waits for a reader that does not read. */
const FLUSH_MS = 500

const ending = new AbortController()
// A question to each node of the mesh, and each listens: that is no leak.
setMaxListeners(0, ending.signal)
let interruptedAt: number | undefined

function end(why: Ending): void {
  ending.abort(why)
}

/** The first time: stop politely. The second time: at once. */
function interrupt(): void {
  const now = performance.now()
  if (interruptedAt === undefined) {
    interruptedAt = now
    end('interrupted')
  } else if (now - interruptedAt > SAME_INTERRUPT_MS) {
    process.exit(ExitCode.interrupted)
  }
}

/** The package.json of this package: one folder up from the source, two from the build. */
function versionOf(folder: string): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(up, folder), 'utf8'))
      if (isPackage(found)) return found.version
    } catch {
      // Not there: look further up.
    }
  }
  return 'unknown'
}

function isPackage(value: unknown): value is { readonly version: string } {
  return typeof value === 'object' && value !== null && 'version' in value && 'bin' in value
}

/** Waits until all that was written has left; whoever is interrupted does not wait for long. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  // An error of the last write is told in the next turn.
  await new Promise((resolve) => setImmediate(resolve))
  if (stream.destroyed || stream.writableLength === 0) return
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
    ending.signal.addEventListener('abort', () => resolve())
    if (ending.signal.aborted) setTimeout(resolve, FLUSH_MS)
  })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)

// A reader that has seen enough (`| head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return end('output-closed')
  throw error
})
process.stderr.on('error', () => {})

process.on('uncaughtException', (error) => {
  process.stderr.write(`earshot: ${failureOf(error, process.env).message}\n`)
  process.exit(ExitCode.failure)
})

const host: Host = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  hostName: hostname(),
  version: versionOf(import.meta.url),
  script: process.argv[1] ?? fileURLToPath(import.meta.url),
  signal: ending.signal,
  interrupt,
}

const exitCode = await runProgram(host, process.argv.slice(2), process.env)
await flushed(process.stdout)
await flushed(process.stderr)
// Not only `process.exitCode`: a stdin that stays open would keep the process.
process.exit(exitCode)
