import { describe, expect, it } from 'vitest'
import { GroupIndex, OwnGroups } from '../../../src/mesh/groups.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

function met(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a)
  mesh.run(10)
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger }
}

describe('our own groups', () => {
  it('count every change, and nothing else', () => {
    const groups = new OwnGroups()
    const steps = [groups.join('a'), groups.join('a'), groups.join('b'), groups.leave('c')]
    expect(steps).toEqual([true, false, true, false])
    expect([groups.status, groups.size, groups.names()]).toEqual([2, 2, ['a', 'b']])
    expect([groups.leave('a'), groups.leave('a')]).toEqual([true, false])
    expect(groups.status).toBe(3)
  })

  it('are told with the status after the change, which wraps from 255 to 0', () => {
    const { mesh, a, stranger } = met()
    for (let i = 0; i < 130; i++) {
      a.join('on-off')
      a.leave('on-off')
    }
    mesh.run(10)
    const told = stranger.received.flatMap((each) => ('status' in each ? [each.status] : []))
    expect(told).toEqual(Array.from({ length: 260 }, (_, i) => (i + 1) % 256))
    expect(stranger.heard().slice(0, 4)).toEqual(['join', 'leave', 'join', 'leave'])
  })

  it('send nothing for a redundant join or leave: others would end their process', () => {
    const { mesh, a, stranger } = met()
    expect([a.join('x'), a.join('x'), a.leave('y'), a.leave('x'), a.leave('x')]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ])
    mesh.run(10)
    expect(stranger.heard()).toEqual(['join', 'leave'])
  })

  it('differ by case', () => {
    const { mesh, a, stranger } = met()
    a.join('chat')
    a.join('Chat')
    mesh.run(10)
    expect(stranger.received).toMatchObject([{ group: 'chat' }, { group: 'Chat' }])
  })

  it('joined while a link is down are in the next HELLO, and not told twice', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.destroy()
    stranger.unlisten()
    mesh.run(5)
    a.join('x')
    a.join('y')
    a.leave('x')
    stranger.listen()
    mesh.run(1_000)
    expect(stranger.received).toMatchObject([{ kind: 'hello', groups: ['y'], status: 3 }])
  })
})

describe("a peer's groups", () => {
  it('come and go with JOIN and LEAVE', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'join', group: 'x', status: 1 })
    stranger.say({ kind: 'join', group: 'y', status: 2 })
    stranger.say({ kind: 'leave', group: 'x', status: 3 })
    mesh.run(5)
    expect(a.story).toEqual(['join stranger x', 'join stranger y', 'leave stranger x'])
    expect([a.engine.peerGroups(), a.engine.members('y').map(({ name }) => name)]).toEqual([
      ['y'],
      ['stranger'],
    ])
    expect(a.engine.peer(STRANGER)!.groups).toEqual(['y'])
  })

  it('count from the status of HELLO on, through 255 to 0, without a warning', () => {
    const { mesh, a, stranger } = met()
    mesh.run(2_000)
    stranger.meet(a, { status: 254 })
    a.takeStory()
    for (const [i, status] of [255, 0, 1, 2].entries()) {
      stranger.say({ kind: i % 2 === 0 ? 'join' : 'leave', group: 'x', status })
    }
    mesh.run(5)
    expect(a.story).toEqual([
      'join stranger x',
      'leave stranger x',
      'join stranger x',
      'leave stranger x',
    ])
  })

  it.each([
    ['too low', 0],
    ['too high', 2],
    ['far off', 200],
  ])('with a status that is %s are believed, with a warning, and counted from there', (_w, off) => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'join', group: 'x', status: off })
    stranger.say({ kind: 'leave', group: 'x', status: off + 1 })
    mesh.run(5)
    expect(a.story).toEqual(['warning status-mismatch', 'join stranger x', 'leave stranger x'])
  })

  it('are joined and left once, whatever the peer repeats', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'join', group: 'x', status: 1 })
    stranger.say({ kind: 'join', group: 'x', status: 2 })
    stranger.say({ kind: 'leave', group: 'x', status: 3 })
    stranger.say({ kind: 'leave', group: 'x', status: 4 })
    stranger.say({ kind: 'leave', group: 'never', status: 5 })
    mesh.run(5)
    expect(a.story).toEqual(['join stranger x', 'leave stranger x'])
  })

  it('are limited in number', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { helloGroups: 3 } }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a, { groups: ['1', '2'] })
    for (let i = 1; i <= 5; i++) stranger.say({ kind: 'join', group: `g${i}`, status: i })
    mesh.run(5)
    expect(a.engine.peer(STRANGER)!.groups).toEqual(['1', '2', 'g1'])
    expect(a.engine.metrics().warnings).toEqual({ 'too-many-groups': 4 })
    stranger.say({ kind: 'leave', group: '1', status: 6 })
    stranger.say({ kind: 'join', group: 'g9', status: 7 })
    mesh.run(5)
    expect(a.engine.peer(STRANGER)!.groups).toEqual(['2', 'g1', 'g9'])
  })

  it('are none after its exit', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'join', group: 'x', status: 1 })
    stranger.say({ kind: 'goodbye' })
    mesh.run(5)
    expect(a.story).toEqual(['join stranger x', 'exit stranger goodbye'])
    expect([a.engine.peerGroups(), a.engine.members('x')]).toEqual([[], []])
  })
})

describe('joins and leaves among nodes', () => {
  it('reach everybody in order, between the messages they were sent between', () => {
    const mesh = new Mesh()
    const [a, b, c] = mesh.start('a', 'b', 'c')
    mesh.run(20)
    for (const host of [b!, c!]) host.takeStory()
    a!.join('x')
    a!.whisper(b!, 'one')
    a!.leave('x')
    a!.whisper(b!, 'two')
    mesh.run(5)
    expect(b!.story).toEqual(['join a x', 'whisper a: one', 'leave a x', 'whisper a: two'])
    expect(c!.story).toEqual(['join a x', 'leave a x'])
  })

  it('end up the same on all sides after any toggling', () => {
    const mesh = new Mesh()
    const hosts = mesh.start('a', 'b', 'c')
    mesh.run(20)
    for (let i = 0; i < 600; i++) {
      const host = hosts[i % 3]!
      const group = `g${(i * 7) % 5}`
      if (!host.join(group)) host.leave(group)
      if (i % 11 === 0) mesh.run(1)
    }
    mesh.run(20)
    for (const host of hosts) {
      expect(host.warnings()).toEqual([])
      for (const other of hosts.filter((each) => each !== host)) {
        expect(host.engine.peer(other.id)!.groups.toSorted()).toEqual(
          other.engine.ownGroups().toSorted(),
        )
      }
    }
  })
})

describe('the index of groups', () => {
  it('knows the members in order of joining, and forgets empty groups', () => {
    const index = new GroupIndex<string>()
    index.add('x', 'p')
    index.add('x', 'q')
    index.add('x', 'p')
    expect([...index.members('x')!]).toEqual(['p', 'q'])
    index.remove('x', 'p')
    index.remove('y', 'p')
    index.remove('x', 'q')
    expect([index.members('x'), index.names()]).toEqual([undefined, []])
  })
})

describe('elections', () => {
  it('are decoded, counted and warned about, and the sequence goes on', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'elect', group: 'x', challengerId: STRANGER })
    stranger.say({ kind: 'leader', group: 'x', leaderId: STRANGER })
    stranger.say({ kind: 'whisper' }, 'after')
    mesh.run(5)
    expect(a.story).toEqual([
      'warning election-ignored',
      'warning election-ignored',
      'whisper stranger: after',
    ])
    expect(a.engine.metrics().mesh.elections).toBe(2)
  })
})
