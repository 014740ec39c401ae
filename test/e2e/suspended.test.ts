/** Nodes that are stopped for a while by their host, and nodes that suspend themselves. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, moment, outlast, type RemoteNode } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const FAST = { beaconIntervalMs: 200, evasiveMs: 1_000, silentMs: 2_000, expiredMs: 4_000 }

/** What a node tells of another since a moment, as `enter exit restarted`. */
function courseOf(other: RemoteNode, at: RemoteNode, since: number): string[] {
  return at.told.flatMap(({ at: when, event }) => {
    const isOfIt = 'peer' in event && Object(event.peer).id === other.id
    return isOfIt && when >= since ? [event.type] : []
  })
}

describeHosts('a host that is frozen', () => {
  it('for less than it takes to be gone is not missed, and misses nobody', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b] = await Promise.all([
      host.start('a', { timers: FAST }),
      network.addHost().start('b', { timers: FAST }),
    ])
    await allMeet([a, b])
    await allTalk([a, b])
    const frozenAt = moment()
    host.freeze()
    await b.whisper(a, 'to the frozen')
    await b.tells('silent', ({ peer }) => peer.id === a.id, frozenAt)
    host.thaw()
    await b.tells('alive', ({ peer }) => peer.id === a.id, frozenAt)
    await a.hears('whisper', 'to the frozen')
    await outlast(a, FAST.expiredMs, FAST.beaconIntervalMs)
    await allTalk([a, b])
    expect(courseOf(a, b, frozenAt)).toEqual(['evasive', 'silent', 'alive', 'whisper'])
    expect(courseOf(b, a, frozenAt)).toEqual(['whisper', 'whisper'])
    for (const node of [a, b]) expect(node.complaints()).toEqual([])
  })

  it('for longer is lost once and met once, on either side: no storm', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const nodes = await Promise.all([
      host.start('a', { timers: FAST }),
      network.addHost().start('b', { timers: FAST }),
      network.addHost().start('c', { timers: FAST }),
    ])
    const [a, b, c] = nodes as [RemoteNode, RemoteNode, RemoteNode]
    await allMeet(nodes)
    await allTalk(nodes)
    const frozenAt = moment()
    host.freeze()
    await Promise.all([b.loses(a), c.loses(a)])
    const thawedAt = moment()
    host.thaw()
    await allMeet([b, a], frozenAt)
    await allMeet([c, a], frozenAt)
    await outlast(b, FAST.expiredMs, FAST.beaconIntervalMs)
    for (const other of [b, c]) {
      expect(courseOf(a, other, thawedAt)).toEqual(['enter'])
      expect(courseOf(other, a, thawedAt)).toEqual(['exit', 'enter'])
      expect(other.complaints()).toEqual([])
    }
    expect(courseOf(c, b, frozenAt)).toEqual([])
    await allTalk(nodes)
  })
})

describeHosts('a node that suspends itself', () => {
  it('has no socket open until it resumes; peers keep it, and what they send it meanwhile', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b, c] = await Promise.all([
      host.start('a', { timers: FAST, groups: ['all'] }),
      network.addHost().start('b', { timers: FAST, groups: ['all'] }),
      network.addHost().start('c', { timers: FAST, groups: ['all'] }),
    ])
    await allMeet([a, b, c])
    await allTalk([a, b, c])
    const before = host.sockets()
    expect(before.some((line) => /^udp .*:5670 /.test(line))).toBe(true)
    expect(before.some((line) => /^udp .*:5353 /.test(line))).toBe(true)
    const suspendedAt = moment()
    await a.suspend()
    expect(host.sockets()).toEqual([])
    for (const other of [b, c]) await other.tells('asleep', ({ peer }) => peer.id === a.id)
    await b.whisper(a, 'while it sleeps')
    await c.shout('all', 'to all, asleep or not')
    await outlast(b, FAST.expiredMs, FAST.beaconIntervalMs)
    expect(host.sockets()).toEqual([])
    expect((await a.peers()).length).toBe(2)
    const resumedAt = moment()
    await a.resume()
    await a.hears('whisper', 'while it sleeps')
    await a.hears('shout', 'to all, asleep or not')
    for (const other of [b, c]) await other.tells('alive', () => true, resumedAt)
    await allTalk([a, b, c])
    await outlast(b, FAST.expiredMs, FAST.beaconIntervalMs)
    for (const other of [b, c]) {
      expect(courseOf(a, other, suspendedAt)).toEqual(['asleep', 'alive', 'whisper'])
      expect(other.complaints()).toEqual([])
    }
    expect([...a.all('exit'), ...a.complaints()]).toEqual([])
    expect(host.sockets().length).toBe(before.length)
  })

  it('finds the peers that came and those that went while it slept', async () => {
    const network = newNetwork()
    const [a, b] = await Promise.all([
      network.addHost().start('a', { timers: FAST }),
      network.addHost().start('b', { timers: FAST }),
    ])
    await allMeet([a, b])
    await a.suspend()
    await b.stop()
    const c = await network.addHost().start('c', { timers: FAST })
    const resumedAt = moment()
    await a.resume()
    await a.loses(b, resumedAt)
    await allMeet([a, c], resumedAt)
    await allTalk([a, c])
    expect(a.complaints()).toEqual([])
  })

  it('and sleeps for longer than it has said is gone then, and met again', async () => {
    const network = newNetwork()
    const [a, b] = await Promise.all([
      network.addHost().start('a', { timers: FAST }),
      network.addHost().start('b', { timers: FAST }),
    ])
    await allMeet([a, b])
    const suspendedAt = moment()
    await a.suspend({ forMs: 1_000 })
    expect((await b.loses(a)).at - suspendedAt).toBeGreaterThan(1_000)
    const resumedAt = moment()
    await a.resume()
    await b.meets(a, resumedAt)
    await allTalk([a, b])
  })
})
