/** The sending process of a bout: `node sender.js CONTENDER TASK ADDRESS`. */
import { serve } from './calls.ts'
import type { Sender, Task } from './contender.ts'
import { loadContender } from './contenders/index.ts'
import type { Usage } from './usage.ts'
import { hostNow, ownUsage } from './usage.ts'

export type SenderApi = {
  readonly open: { readonly takes: null; readonly gives: null }
  /** Sends so many messages as fast as it may; gives back when (`hostNow`) it began. */
  readonly send: { readonly takes: number; readonly gives: number }
  /** Microseconds of so many round trips, one after the other. */
  readonly pingPong: { readonly takes: number; readonly gives: readonly number[] }
  readonly usage: { readonly takes: null; readonly gives: Usage }
  readonly close: { readonly takes: null; readonly gives: null }
}

const [name, taskText, address = ''] = process.argv.slice(2)
const contender = await loadContender(name)
const task = JSON.parse(taskText!) as Task
let sender: Sender | undefined
let handleReply = (): void => {}

async function send(messages: number): Promise<number> {
  const { send: sendOne } = sender!
  const startedAt = hostNow()
  for (let i = 0; i < messages; i++) {
    const full = sendOne()
    if (full !== undefined) await full
  }
  return startedAt
}

function pingPong(count: number): Promise<readonly number[]> {
  const times: number[] = []
  return new Promise((resolve, reject) => {
    let sentAt = 0
    const next = (): void => {
      sentAt = performance.now()
      sender!.send()?.catch(reject)
    }
    handleReply = () => {
      times.push((performance.now() - sentAt) * 1_000)
      if (times.length < count) next()
      else resolve(times)
    }
    next()
  })
}

serve<SenderApi>({
  open: async () => {
    sender = await contender.connect(task, address, (bytes) => {
      if (bytes !== task.bytes) throw new Error(`a reply of ${bytes} bytes`)
      handleReply()
    })
    return null
  },
  send,
  pingPong,
  usage: ownUsage,
  close: async () => {
    await sender?.close()
    return null
  },
})
