/**
 * A large simulation needs more heap than Node.js takes by itself, and larger young memory: then the command starts
 * itself again, with more. Everything else is as before: output, exit code, Ctrl-C.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { NODES_MAX } from '../../sim/scenario/run.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'

/** What one node's view of another takes, both ends of their link and the checks included, with room for garbage. */
const BYTES_PER_VIEW = 2_500
/** With less young memory, what lives long is copied too often. It counts from here on. */
const YOUNG_MIB = 128
const LARGE_NODES = 300
const MIB = 2 ** 20
const GIB = 2 ** 30

/** The heap, in bytes, that so many nodes want. */
function heapFor(nodes: number): number {
  return nodes * nodes * BYTES_PER_VIEW
}

/**
 * Runs this command again with enough heap for so many nodes; `undefined` where there is enough.
 *
 * @throws CliError where the machine has too little memory
 */
export async function runWithHeapFor(nodes: number, host: Host): Promise<ExitCode | undefined> {
  const bytes = heapFor(nodes)
  const hasEnough = bytes <= getHeapStatistics().heap_size_limit
  const isAgain = process.execArgv.some((each) => each.startsWith('--max-semi-space-size'))
  // More than any run takes: that is told by the run.
  if (isAgain || nodes > NODES_MAX || (hasEnough && nodes < LARGE_NODES)) return undefined
  if (bytes > totalmem()) {
    const [wanted, there] = [bytes, totalmem()].map((each) => (each / GIB).toFixed(1))
    const most = Math.floor(Math.sqrt(totalmem() / BYTES_PER_VIEW) / 10) * 10
    throw new CliError(
      ExitCode.usage,
      `${nodes} nodes need about ${wanted} GiB of memory, and this machine has ${there}: --nodes ${most} fit`,
    )
  }
  const heap = hasEnough ? [] : [`--max-old-space-size=${Math.ceil(bytes / MIB)}`]
  const young = [`--max-semi-space-size=${YOUNG_MIB}`]
  const args = [...process.execArgv, ...heap, ...young, host.script, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  // On a terminal, Ctrl-C reaches the child by itself.
  const pass = (): void => {
    if (host.stdin.isTTY !== true) child.kill('SIGINT')
  }
  host.signal.addEventListener('abort', pass)
  const [code] = (await once(child, 'exit')) as [number | null]
  host.signal.removeEventListener('abort', pass)
  return (code ?? ExitCode.failure) as ExitCode
}
