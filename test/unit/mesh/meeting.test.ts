import { describe, expect, it } from 'vitest'
import { Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

describe('two nodes', () => {
  it('meet within one exchange of beacons', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(20)
    expect([a!.story, b!.story]).toEqual([['enter b'], ['enter a']])
  })

  it('meet as fast when one has been there for long', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.run(10_500)
    const [b] = mesh.start('b')
    mesh.run(20)
    expect([a!.story, b!.story]).toEqual([['enter b'], ['enter a']])
  })

  it('meet over a network that delivers single bytes', () => {
    const mesh = new Mesh()
    mesh.network.chunkBytes = 1
    const [a, b] = mesh.start('a', 'b')
    mesh.run(20)
    a!.whisper(b!, 'one', 'two')
    mesh.run(5)
    expect(b!.story).toEqual(['enter a', 'whisper a: one | two'])
  })

  it('meet once beacons get through, whichever of the two is heard', () => {
    const mesh = new Mesh()
    mesh.network.setLink('10.0.0.1', '10.0.0.2', 'deaf')
    mesh.network.setLink('10.0.0.2', '10.0.0.1', 'deaf')
    const [a, b] = mesh.start('a', 'b')
    mesh.run(5_000)
    expect([a!.story, b!.story]).toEqual([[], []])
    mesh.network.setLink('10.0.0.1', '10.0.0.2', 'up')
    mesh.run(1_050)
    expect([a!.story, b!.story]).toEqual([['enter b'], ['enter a']])
  })

  it('keep one link each way, and dial once', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(60_000)
    expect([a!.sockets.size, b!.sockets.size]).toEqual([2, 2])
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('on different subnets do not meet', () => {
    const mesh = new Mesh()
    const a = mesh.host({ addresses: ['10.0.0.1'] }).start()
    const b = mesh.host({ addresses: ['10.0.1.1'] }).start()
    mesh.run(3_000)
    expect([a.story, b.story]).toEqual([[], []])
  })
})

describe('entering', () => {
  it('tells name, endpoint, headers and groups, and then a join for each group', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const headers = { 'X-ROLE': 'display', __proto__x: 'ordinary' }
    const b = mesh.host({ name: 'b', groups: ['chat', 'Chat', 'ü'], headers }).start()
    mesh.run(20)
    expect(a!.story).toEqual(['enter b', 'join b chat', 'join b Chat', 'join b ü'])
    expect(a!.engine.peers()).toEqual([
      {
        id: b.id,
        name: 'b',
        endpoint: `tcp://10.0.0.2:${b.port}`,
        headers: { 'X-EARSHOT': '1', ...headers },
        groups: ['chat', 'Chat', 'ü'],
        presence: 'alive',
        asleep: false,
        foundBy: ['beacon'],
      },
    ])
  })

  it('shows the groups in the event itself', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.host({ name: 'b', groups: ['chat'] }).start()
    mesh.run(20)
    const enter = a!.log.find(({ event }) => event.type === 'enter')!.event
    expect(enter).toMatchObject({ peer: { groups: ['chat'] } })
  })

  it('takes any header name for an ordinary key', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a!, { headers: new Map([['__proto__', 'evil']]) })
    const { headers } = a!.engine.peers()[0]!
    expect(Object.getPrototypeOf(headers)).toBeNull()
    expect(Object.entries(headers)).toEqual([['__proto__', 'evil']])
  })

  it('tells a late joiner everybody, and everybody the late joiner', () => {
    const mesh = new Mesh()
    const early = mesh.start('a', 'b', 'c')
    mesh.run(5_000)
    for (const host of early) host.takeStory()
    const d = mesh.host({ name: 'd', groups: ['chat'] }).start()
    mesh.run(20)
    expect(d.story.toSorted()).toEqual(['enter a', 'enter b', 'enter c'])
    for (const host of early) expect(host.story).toEqual(['enter d', 'join d chat'])
  })

  it('needs no beacon of the one who dials: its HELLO names the port to dial back', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a!)
    mesh.run(10)
    expect(a!.story).toEqual(['enter stranger'])
    expect(stranger.heard()).toEqual(['hello'])
    expect(stranger.received[0]).toMatchObject({
      sequence: 1,
      endpoint: `tcp://10.0.0.1:${a!.port}`,
      name: 'a',
      status: 0,
      groups: [],
    })
  })

  it('never tells a peer that has only beaconed', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen().beacon()
    mesh.run(60_000)
    expect(a!.story).toEqual([])
    expect(a!.engine.metrics().peers).toEqual([])
  })
})

describe('a HELLO endpoint', () => {
  it.each([
    ['no endpoint at all', 'nonsense'],
    ['our own endpoint', 'tcp://10.0.0.1:49153'],
  ])('that is %s is not dialled: the peer enters, with a warning', (_what, endpoint) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const port = 49_153
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32), address: '10.0.0.1', port })
    stranger.meet(a!, { endpoint })
    mesh.run(100)
    expect(a!.story.toSorted()).toEqual(['enter stranger', 'warning hello-endpoint'])
    expect(mesh.network.dials.filter(({ from }) => from === a!.address)).toHaveLength(1)
  })

  it.each([
    ['a host name', 'tcp://localhost:49153'],
    ['a wildcard', 'tcp://0.0.0.0:49153'],
  ])('that is %s is dialled at the address the connection comes from', (_what, endpoint) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32), port: 49_153 }).listen()
    stranger.meet(a!, { endpoint })
    mesh.run(100)
    expect(a!.story.toSorted()).toEqual(['enter stranger', 'warning hello-endpoint'])
    expect(stranger.heard()).toContain('hello')
  })

  it('that points to a third party is dialled at the address the connection comes from', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a!, { endpoint: 'tcp://192.168.7.7:50000' })
    mesh.run(100)
    expect(a!.warnings()).toEqual(['hello-endpoint'])
    expect(mesh.network.dials.at(-1)!.to).toEqual({ address: '10.0.0.99', port: 50_000 })
    expect(stranger.heard()).toEqual(['hello'])
  })

  it('does not override where the beacon came from', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.beacon()
    mesh.run(10)
    stranger.meet(a!, { endpoint: 'tcp://10.0.0.99:1' })
    expect(a!.engine.peers()[0]!.endpoint).toBe('tcp://10.0.0.99:50000')
  })
})

describe('our own HELLO', () => {
  it('names the address that the link speaks from, on each network', () => {
    const mesh = new Mesh()
    const a = mesh.host({ addresses: ['10.0.0.1', '10.0.1.1'] }).start()
    const near = new ZrePeer(mesh, { id: 'E'.repeat(32), address: '10.0.0.99' }).listen()
    const far = new ZrePeer(mesh, { id: 'F'.repeat(32), address: '10.0.1.99' }).listen()
    near.beacon()
    far.beacon()
    mesh.run(20)
    expect([near.received[0], far.received[0]]).toMatchObject([
      { endpoint: `tcp://10.0.0.1:${a.port}` },
      { endpoint: `tcp://10.0.1.1:${a.port}` },
    ])
  })

  it('carries the groups and the status of that moment', () => {
    const mesh = new Mesh()
    const a = mesh.host({ groups: ['one', 'two'] }).start()
    a.leave('one')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.beacon()
    mesh.run(20)
    expect(stranger.received).toMatchObject([{ kind: 'hello', groups: ['two'], status: 3 }])
  })
})

describe('beacons', () => {
  it('go out at once, twice again shortly, and then each second, a little early', () => {
    const mesh = new Mesh()
    const heard: number[] = []
    mesh.hearers.push(() => heard.push(mesh.now - mesh.network.latencyMs))
    mesh.start('a')
    mesh.run(10_000)
    expect(heard.slice(0, 3)).toEqual([0, 100, 300])
    const gaps = heard.slice(4).map((at, i) => at - heard[i + 3]!)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(950)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_000)
    expect(new Set(gaps).size).toBeGreaterThan(1)
  })

  it('are not sent at all with an interval of 0; dialling works all the same', () => {
    const mesh = new Mesh()
    let heard = 0
    mesh.hearers.push(() => heard++)
    const a = mesh.host({ timers: { beaconIntervalMs: 0 } }).start()
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a)
    mesh.run(5_000)
    a.stop()
    mesh.run(5_000)
    expect(heard).toBe(0)
    expect(a.isStopped).toBe(true)
  })

  it('are announced anew when the network changes', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.run(500)
    const heard: string[] = []
    mesh.hearers.push((_bytes, from) => heard.push(from.address))
    a!.setMailboxes(['10.0.0.77'])
    mesh.run(350)
    expect(heard).toEqual(['10.0.0.77', '10.0.0.77', '10.0.0.77'])
  })

  it('of our own are counted and otherwise ignored', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.run(2_500)
    expect(a!.engine.metrics().mesh.ownBeaconsHeard).toBeGreaterThan(3)
    expect(mesh.network.dials).toEqual([])
  })

  it('that are malformed are counted under their code', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const from = { address: '10.0.0.66', port: 5670 }
    for (const size of [0, 3, 21, 23, 65_507]) mesh.datagram(new Uint8Array(size), from, a!)
    mesh.datagram(Uint8Array.of(0x5a, 0x52, 0x45, 9, ...new Uint8Array(18)), from, a!)
    mesh.datagram(Uint8Array.of(0x5a, 0x52, 0x45, 1, ...new Uint8Array(19)), from, a!)
    mesh.run(5)
    expect(a!.engine.metrics().warnings).toEqual({
      'beacon-signature': 5,
      'beacon-version': 1,
      'beacon-length': 1,
    })
  })

  it('of version 3 are heard and not dialled: they speak CURVE only', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const bytes = Uint8Array.of(0x5a, 0x52, 0x45, 3, ...new Uint8Array(50).fill(7))
    mesh.datagram(bytes, { address: '10.0.0.66', port: 5670 }, a!)
    mesh.run(50)
    expect(mesh.network.dials).toEqual([])
    expect(a!.warnings()).toEqual([])
  })
})
