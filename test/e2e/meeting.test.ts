/** Hosts on one subnet find each other by broadcast, and talk. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, moment } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

describeHosts('hosts on one subnet, without any configuration', () => {
  it('meet within 1.5 s of the start of the last one', async ({ annotate }) => {
    const network = newNetwork()
    const agents = await Promise.all([1, 2, 3].map(() => network.addHost().agent()))
    const a = await agents[0]!.start('a')
    const b = await agents[1]!.start('b')
    const startedAt = moment()
    const c = await agents[2]!.start('c')
    const took = (await allMeet([a, b, c])) - startedAt
    await annotate(`all had met ${took.toFixed(0)} ms after the last one was told to start`)
    expect(took).toBeLessThan(1_500)
  })

  it('whisper and shout', async () => {
    const network = newNetwork()
    const options = { groups: ['chat'] }
    const [a, b, c] = await Promise.all([
      network.addHost().start('a', options),
      network.addHost().start('b', options),
      network.addHost().start('c', options),
    ])
    await allMeet([a, b, c])
    await allTalk([a, b, c])
    await a.shout('chat', 'to all')
    const [heard] = await Promise.all([b.hears('shout', 'to all'), c.hears('shout', 'to all')])
    expect(heard.event).toMatchObject({ group: 'chat', peer: { id: a.id, name: 'a' } })
    expect(a.all('shout')).toEqual([])
  })

  it('tell a late one who they are: names, headers, groups joined before and after the start', async () => {
    const network = newNetwork()
    const a = await network
      .addHost()
      .start('a', { headers: { 'X-ROLE': 'display' }, groups: ['one'] })
    await a.join('two')
    const late = await network.addHost().start('late', { groups: ['two'] })
    const { event } = await late.meets(a)
    expect(event.peer).toMatchObject({
      name: 'a',
      headers: { 'X-ROLE': 'display' },
      groups: ['one', 'two'],
      endpoint: expect.stringMatching(/^tcp:\/\/10\.77\.0\.1:\d+$/),
    })
    await a.meets(late)
    await a.leave('one')
    await a.join('three')
    await late.tells('leave', ({ group }) => group === 'one')
    await late.tells('join', ({ group }) => group === 'three')
  })
})

describeHosts('several nodes', () => {
  it('of one host share the port of the beacons and meet each other and those elsewhere', async () => {
    const network = newNetwork()
    const here = network.addHost()
    const nodes = await Promise.all([
      here.start('a'),
      here.start('b'),
      here.start('c'),
      network.addHost().start('elsewhere'),
    ])
    await allMeet(nodes)
    await allTalk(nodes)
  })

  it('of one process share the port of the beacons and meet each other and those elsewhere', async () => {
    const network = newNetwork()
    const agent = await network.addHost().agent()
    const nodes = await Promise.all([
      agent.start('a'),
      agent.start('b'),
      agent.start('c'),
      network.addHost().start('elsewhere'),
    ])
    await allMeet(nodes)
    await allTalk(nodes)
  })
})
