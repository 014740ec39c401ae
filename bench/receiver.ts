/**
 * The receiving process: `node receiver.js CONTENDER`, spoken to over the IPC channel.
 */
import type { Command, Report } from './contender.ts'
import { CONTENDERS } from './contenders/index.ts'

const contender = CONTENDERS.find(({ name }) => name === process.argv[2])
if (contender === undefined) throw new Error(`no contender ${process.argv[2]}`)

const receiver = await contender.receive()
const say = (report: Report): void => {
  process.send?.(report)
}

process.on('message', (command: Command) => {
  switch (command.kind) {
    case 'count': {
      let left = command.messages
      const before = process.cpuUsage()
      receiver.onMessage = () => {
        if (--left > 0) return
        const { user, system } = process.cpuUsage(before)
        say({ kind: 'done', cpuMs: (user + system) / 1_000 })
      }
      say({ kind: 'armed' })
      return
    }
    case 'echo':
      receiver.onMessage = (payload, reply) => reply(payload)
      say({ kind: 'armed' })
      return
    case 'stop':
      void receiver.close().finally(() => process.exit(0))
  }
})
process.on('disconnect', () => process.exit(0))
say({ kind: 'ready', address: receiver.address })
