/** The worker thread of a sweep: runs one seed after the other, as it is told, and says how each went. */
import { parentPort, workerData } from 'node:worker_threads'
import { EarshotError } from '../../src/base/errors.ts'
import type { RunResult } from '../scenario/result.ts'
import { type RunRequest, runRequest } from './request.ts'

/** What a worker is made with: a request without its seed. The seeds come as messages. */
export type WorkerTask = Omit<RunRequest, 'seed'>

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly virtualMs: number }
  | { readonly kind: 'finished'; readonly result: RunResult }
  /** The request makes no sense, whatever the seed. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'threw'; readonly message: string }

/** How often progress is told; it comes in more often. */
const PROGRESS_MS = 1_000

async function run(seed: number | string): Promise<WorkerMessage> {
  let told = performance.now()
  let hasStarted = false
  try {
    const request: RunRequest = { ...(workerData as WorkerTask), seed }
    const { result } = await runRequest(request, {
      onStart: () => {
        hasStarted = true
      },
      onProgress: ({ virtualMs }) => {
        if (performance.now() - told < PROGRESS_MS) return
        told = performance.now()
        tell({ kind: 'progress', virtualMs })
      },
    })
    return { kind: 'finished', result }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // Later, it is a script of the scenario that gave a wrong option, perhaps with this seed only.
    const isBadOption = error instanceof EarshotError && error.code === 'ERR_EARSHOT_BAD_OPTION'
    return { kind: isBadOption && !hasStarted ? 'refused' : 'threw', message }
  }
}

function tell(message: WorkerMessage): void {
  parentPort!.postMessage(message)
}

parentPort!.on('message', (seed: number | string) => void run(seed).then(tell))
