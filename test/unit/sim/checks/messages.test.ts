/** The checks of messages, `order` and `no-invention`: each thing that can be wrong with what arrives is caught. */
import { describe, expect, it } from 'vitest'
import { noInvention } from '../../../../sim/checks/no-invention.ts'
import { order } from '../../../../sim/checks/order.ts'
import { watching } from '../../../support/watching.ts'

describe('order', () => {
  it('passes growing numbers, whatever is left out', async () => {
    const all = await watching(order)
    for (const number of [1, 2, 5]) all.receive('bob', all.message('ann', number, 'bob'))
    expect(all.failures).toEqual([])
  })

  it('tells of a message that comes after a later one of the same sender', async () => {
    const all = await watching(order)
    for (const number of [1, 3, 2]) all.receive('bob', all.message('ann', number, 'bob'))
    expect(all.failures).toEqual(['bob got message 2 of member 0 (start 1) after its message 3'])
  })

  it('lets a restarted sender count from the beginning', async () => {
    const all = await watching(order, { isHealthy: false })
    all.receive('bob', all.message('ann', 7, 'bob'))
    await all.sim.restart('ann')
    all.receive('bob', all.message('ann', 1, 'bob'))
    expect(all.failures).toEqual([])
  })
})

describe('no-invention', () => {
  it('passes what was sent', async () => {
    const all = await watching(noInvention)
    const whisper = all.message('ann', 1, 'bob')
    const shout = all.message('ann', 2, { group: 'all' })
    all.send(whisper, 'bob')
    all.send(shout, 'bob')
    all.receive('bob', whisper)
    all.receive('bob', shout)
    expect(all.failures).toEqual([])
  })

  it('tells of a message that was never sent', async () => {
    const all = await watching(noInvention)
    all.send(all.message('ann', 1, 'bob'), 'bob')
    all.receive('bob', all.message('ann', 2, 'bob'))
    expect(all.failures).toEqual(['bob got message 2 of ann (start 1): it was never sent'])
  })

  it('tells of contents that changed on the way', async () => {
    const all = await watching(noInvention)
    const message = all.message('ann', 1, 'bob')
    all.send(message, 'bob')
    all.receive('bob', message, { intact: false })
    expect(all.failures).toEqual([expect.stringMatching(/contents or its group/)])
  })

  it('tells of what is no message of the workload, unless an application said it', async () => {
    const all = await watching(noInvention)
    const from = all.sim.nodes()[0]!
    const to = all.node('bob')
    to.on('whisper', (event) => all.tell('bob', event))
    to.on('shout', (event) => all.tell('bob', event))
    from.tryWhisper(to.id, 'a text')
    from.tryShout('all', [Uint8Array.of(1), Uint8Array.of(2, 3)])
    await all.run(1_000)
    expect(all.failures).toEqual([])
    const message = { bytes: () => Uint8Array.of(7) }
    all.tell('bob', { type: 'whisper', peer: all.peer('ann'), message } as never)
    expect(all.failures).toEqual(['bob got a whisper of 1 bytes from ann, which nobody sent'])
  })

  it('tells of a whisper that went astray', async () => {
    const all = await watching(noInvention, { names: ['ann', 'bob', 'cyd'] })
    const message = all.message('ann', 1, 'bob')
    all.send(message, 'bob')
    all.receive('cyd', message)
    expect(all.failures).toEqual([expect.stringMatching(/^cyd got .* it is for somebody else$/)])
  })

  it('tells of a shout to a group that the receiver is not in', async () => {
    const all = await watching(noInvention)
    const message = all.message('ann', 1, { group: 'chat' })
    all.send(message, 'bob')
    all.receive('bob', message)
    expect(all.failures).toEqual([expect.stringMatching(/the group chat, which this node/)])
  })

  it('tells of a message under the name of another node', async () => {
    const all = await watching(noInvention)
    const message = all.message('ann', 1, 'bob')
    all.send(message, 'bob')
    const { id } = all.node('bob')
    const received = { ...message, intact: true }
    all.watcher.received!(all.member('bob'), all.node('bob'), received, id)
    expect(all.failures).toEqual([expect.stringContaining(`it came as from ${id}`)])
  })

  it('tells of a message that comes twice, also between others', async () => {
    const all = await watching(noInvention)
    const messages = [1, 2, 3].map((number) => all.message('ann', number, 'bob'))
    for (const message of messages) all.send(message, 'bob')
    for (const message of messages) all.receive('bob', message)
    all.receive('bob', messages[2]!)
    all.receive('bob', messages[0]!)
    expect(all.failures).toEqual([
      'bob got message 3 of ann (start 1): it came before',
      'bob got message 1 of ann (start 1): it came before',
    ])
  })
})
