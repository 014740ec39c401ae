/** Verbs that only read leave little trace: others log their coming and going at `debug`, and they do not linger. */
import { describe, expect } from 'vitest'
import { it } from './command.ts'

interface Logged {
  readonly levelName: string
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

describe('a verb that only reads', () => {
  it('is no news to the others', async ({ scene }) => {
    await scene.node({ name: 'ada', log: { level: 'debug' } })
    await scene.run(['graph', '--name', 'graph'])
    await scene.run(['peers', '--name', 'peers'])
    await scene.run(['shout', 'lobby', 'hi', '--name', 'shout', '--timeout', '300ms'])
    const { stdout } = await scene.run(['logs', '--level', 'debug'])
    const records = stdout.split('\n').filter((line) => line.includes('"earshot.log/1"'))
    const told = records.flatMap((line) => {
      const { levelName, msg, fields } = JSON.parse(line) as Logged
      return msg.endsWith('ed') && 'peerName' in fields
        ? [`${levelName} ${msg} ${String(fields['peerName'])}`]
        : []
    })
    expect(told).toEqual([
      'debug peer entered graph',
      'debug peer exited graph',
      'debug peer entered peers',
      'debug peer exited peers',
      'info peer entered shout',
      'info peer exited shout',
    ])
  })

  it('leaves soon, though a node there does not read', async ({ scene }) => {
    const sleepy = scene.start(['run', '--name', 'sleepy'])
    const watch = scene.start(['logs', '--follow'])
    await watch.until('its log', () => watch.stdout.includes('earshot.source/1'))
    sleepy.signal('SIGSTOP')
    const before = performance.now()
    watch.signal('SIGINT')
    await watch.ended()
    expect(performance.now() - before).toBeLessThan(900)
  })
})
