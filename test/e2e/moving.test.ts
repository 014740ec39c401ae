/** Hosts that move from one bridge to another, where they get another address, while their nodes run. */
import { expect, it } from 'vitest'
import {
  allMeet,
  allTalk,
  chatter,
  chatterHeard,
  hearsMore,
  linkedAnew,
  moment,
  type RemoteNode,
} from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

/** From the move on: the host looks at its network every second, and then there is one beacon to wait for. */
const MEET_MS = 3_000

/**
 *     mover: eth0 10.77.0.1 ──┐      router      ┌ · · · the mover's next place, 10.78.0.1
 *     home:  eth0 10.77.0.2 ──┼ LAN 0 ─┴─ LAN 1 ─┼── eth1 10.78.0.5 :there
 *     both:  eth0 10.77.0.3 ──┘                  └── eth1 10.78.0.3 :both
 */
async function layOut() {
  const network = newNetwork()
  const host = network.addHost({ eth0: '10.77.0.1/24' })
  const homeHost = network.addHost({ eth0: '10.77.0.2/24' })
  const bothHost = network.addHost({ eth0: '10.77.0.3/24', eth1: '10.78.0.3/24' })
  network.addHost({ eth0: '10.77.0.254/24', eth1: '10.78.0.254/24' }).forward()
  const thereHost = network.addHost({ eth1: '10.78.0.5/24' })
  host.routeVia('10.77.0.254')
  homeHost.routeVia('10.77.0.254')
  const [mover, home, both, there] = await Promise.all([
    host.start('mover'),
    homeHost.start('home'),
    bothHost.start('both'),
    thereHost.start('there'),
  ])
  await Promise.all([allMeet([mover, home, both]), allMeet([both, there])])
  await allTalk([mover, home, both])
  /** Moves the host; the moment. */
  const move = (): number => {
    host.move(1, '10.78.0.1/24')
    host.routeVia('10.78.0.254')
    return moment()
  }
  return { host, mover, home, both, there, move }
}

/** What was told of comings and goings since a moment, at nodes that can reach each other all the time. */
function partings(nodes: readonly RemoteNode[], since: number): string[] {
  const ids = nodes.map(({ id }) => id)
  return nodes.flatMap((node) =>
    [...node.all('exit', since), ...node.all('enter', since)]
      .filter(({ event }) => ids.includes(event.peer.id))
      .map(({ event }) => `${event.type} ${event.peer.name} at ${node.name}`),
  )
}

describeHosts('a host that moves to another bridge, with another address', () => {
  it('meets who is there at once, and keeps who can still be reached: on both bridges, and behind a router', async ({
    annotate,
  }) => {
    const { mover, home, both, there, move } = await layOut()
    const movedAt = move()
    const metAt = await allMeet([mover, there], movedAt)
    await annotate(`met who is there after ${(metAt - movedAt).toFixed(0)} ms`)
    expect(metAt - movedAt).toBeLessThan(MEET_MS)
    for (const peer of [home, both]) {
      await Promise.all([linkedAnew(mover, peer), linkedAnew(peer, mover)])
    }
    await annotate(`linked to all after ${(moment() - movedAt).toFixed(0)} ms`)
    await allTalk([mover, home, both])
    await allTalk([mover, there])
    for (const node of [home, both]) {
      expect((await node.knows(mover))?.endpoint).toMatch(/^tcp:\/\/10\.78\.0\.1:/)
    }
    expect(partings([mover, home, both], movedAt)).toEqual([])
    for (const node of [home, both, there]) expect(node.complaints()).toEqual([])
  })

  it('goes on while all talk to it: what was on its way is lost at most once, and nothing comes twice', async () => {
    const { mover, home, both, there, move } = await layOut()
    const pairs = [
      [mover, home],
      [home, mover],
      [mover, both],
      [both, mover],
    ] as const
    const ends = pairs.map(([from, to]) => chatter(from, to))
    /** Waits for so many numbers more in each of them. */
    const goOn = (more: number): Promise<unknown> =>
      Promise.all(pairs.map(([from, to]) => hearsMore(to, from, more)))
    await goOn(20)
    const movedAt = move()
    await allMeet([mover, there], movedAt)
    for (const peer of [home, both]) {
      await Promise.all([linkedAnew(mover, peer), linkedAnew(peer, mover)])
    }
    await goOn(20)
    await Promise.all(ends.map((end) => end()))
    await allTalk([mover, home, both])
    for (const [from, to] of pairs) {
      const numbers = chatterHeard(to, from)
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      const exits = to.all('exit', movedAt).filter(({ event }) => event.peer.id === from.id)
      expect(exits.length).toBeLessThanOrEqual(1)
      for (const { event } of exits) expect(event.reason).toBe('restarted')
    }
  })
})

describeHosts('an interface that is down for a moment', () => {
  it('parts nobody, and loses no message of those who go on talking', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b] = await Promise.all([host.start('a'), network.addHost().start('b')])
    await allMeet([a, b])
    const ends = [chatter(a, b), chatter(b, a)]
    await hearsMore(b, a, 20)
    const downAt = moment()
    host.linkDown()
    await a.tells('warning', ({ code }) => code === 'interface-changed', downAt)
    const upAt = moment()
    host.linkUp()
    await a.tells('warning', ({ code }) => code === 'interface-changed', upAt)
    const [last, lastBack] = await Promise.all(ends.map((end) => end()))
    await b.hears('whisper', `${last}`)
    await a.hears('whisper', `${lastBack}`)
    expect(chatterHeard(b, a)).toEqual(Array.from({ length: last! }, (_, i) => i + 1))
    expect(chatterHeard(a, b)).toEqual(Array.from({ length: lastBack! }, (_, i) => i + 1))
    expect(partings([a, b], downAt)).toEqual([])
    expect(b.complaints()).toEqual([])
  })
})
