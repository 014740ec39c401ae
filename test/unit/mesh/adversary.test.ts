/**
 * Two honest engines, a network that breaks, and an adversary who may do anything but read minds: forge
 * datagrams from any address, dial with any identity, say anything in any order. Nothing may throw, the rules of
 * events hold (the hosts check each one), tables stay within their limits, and when it is over the two talk.
 *
 * A failure prints the seed and the shortest list of steps that shows it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EngineEvent, PeerInfo } from '../../../src/mesh/events.ts'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { checkEvent, newEventRules } from '../../support/events.ts'
import { BEACON_PORT, type Host, Mesh, testId } from '../../support/mesh.ts'
import type { LinkState } from '../../support/network.ts'
import { identityOf, ZrePeer } from '../../support/zre-peer.ts'

const LIMITS = {
  peers: 12,
  peersPerAddress: 6,
  halfOpenPerAddress: 4,
  inboundConnections: 16,
  outboxMessages: 30,
  outboxBytes: 20_000,
  helloGroups: 5,
  messageBytes: 50_000,
  messageFrames: 10,
}
const ADVERSARY = '10.0.0.66'
const LINK_STATES: readonly LinkState[] = ['up', 'up', 'deaf', 'drop', 'refuse', 'unreachable']

interface Scene {
  readonly mesh: Mesh
  readonly hosts: readonly [Host, Host]
  readonly adversary: ZrePeer
}

/** Something that happens. A failure prints it. */
interface Step {
  readonly run: (scene: Scene) => unknown
}

const side = fc.constantFrom(0 as const, 1 as const)
const identity = fc.constantFrom(1, 2, 77, 78, 79)
const group = fc.constantFrom('x', 'y', 'z')
const size = fc.constantFrom(0, 1, 300, 9_000, 50_000)

/** Steps of one kind, made from arbitrary values. */
function steps<Value>(
  kind: string,
  values: fc.Arbitrary<Value>,
  run: (scene: Scene, value: Value) => unknown,
): fc.Arbitrary<Step> {
  return values.map((value) => ({
    run: (scene) => run(scene, value),
    [fc.toStringMethod]: () => `${kind} ${fc.stringify(value)}`,
  }))
}

const honest: fc.Arbitrary<Step>[] = [
  steps('whisper', fc.tuple(side, size), ({ hosts }, [i, bytes]) =>
    hosts[i].whisper(hosts[1 - i]!, new Uint8Array(bytes)),
  ),
  steps('shout', fc.tuple(side, group), ({ hosts }, [i, name]) => hosts[i].shout(name, 'hi')),
  steps(
    'toggle',
    fc.tuple(side, group),
    ({ hosts }, [i, name]) => hosts[i].join(name) || hosts[i].leave(name),
  ),
  steps('ping', side, ({ hosts }, i) =>
    hosts[i].call((engine, now) => engine.ping(hosts[1 - i]!.id, now)),
  ),
  steps('reopen', side, ({ hosts }, i) =>
    hosts[i].call((engine, now) => engine.reopen(hosts[1 - i]!.id, () => {}, now)),
  ),
]

const catastrophe: fc.Arbitrary<Step>[] = [
  steps('link', fc.tuple(side, fc.constantFrom(...LINK_STATES)), ({ mesh, hosts }, [i, state]) =>
    mesh.network.setLink(hosts[i].address, hosts[1 - i]!.address, state),
  ),
  steps('break', fc.tuple(side, fc.nat(3)), ({ hosts }, [i, which]) =>
    [...hosts[i].sockets.values()][which]?.end(undefined),
  ),
  steps('freeze', side, ({ hosts }, i) => hosts[i].freeze()),
  steps('thaw', side, ({ hosts }, i) => hosts[i].thaw()),
  steps('chunks', fc.constantFrom(1, 7, 1_000, Number.POSITIVE_INFINITY), ({ mesh }, bytes) => {
    mesh.network.chunkBytes = bytes
  }),
]

const sequence = fc.constantFrom(undefined, 0, 1, 2, 65_534, 65_535)
const spoken = fc.oneof(
  fc.record({ kind: fc.constantFrom('whisper', 'ping', 'ping-ok', 'goodbye') }),
  fc.record({ kind: fc.constantFrom('join', 'leave'), group, status: fc.nat(255) }),
  fc.record({ kind: fc.constant('shout'), group }),
  fc.record({ kind: fc.constant('elect'), group, challengerId: fc.string({ maxLength: 20 }) }),
)
const FROM = ['10.0.0.1', '10.0.0.2', ADVERSARY, '10.0.0.67'] as const
const port = fc.constantFrom(0, 49_153, 49_154, 50_000, 1)

const hostile: fc.Arbitrary<Step>[] = [
  steps(
    'datagram',
    fc.tuple(side, fc.uint8Array({ maxLength: 80 })),
    ({ mesh, hosts }, [i, bytes]) =>
      mesh.datagram(bytes, { address: ADVERSARY, port: BEACON_PORT }, hosts[i]),
  ),
  steps(
    'beacon',
    fc.tuple(side, identity, port, fc.constantFrom(...FROM)),
    ({ mesh, hosts }, [i, id, mailbox, address]) => {
      const beacon = { kind: 'beacon', version: 1, id: testId(id), port: mailbox } as const
      mesh.datagram(encodeBeacon(beacon), { address, port: BEACON_PORT }, hosts[i])
    },
  ),
  steps(
    'dial as',
    fc.tuple(side, identity, fc.constantFrom(...FROM)),
    ({ adversary, hosts }, [i, id, from]) => adversary.call(hosts[i], identityOf(testId(id)), from),
  ),
  steps(
    'dial',
    fc.tuple(side, fc.uint8Array({ maxLength: 20 })),
    ({ adversary, hosts }, [i, bytes]) => adversary.call(hosts[i], bytes),
  ),
  steps('hello', fc.uniqueArray(group, { maxLength: 3 }), ({ adversary }, groups) => {
    if (adversary.line !== undefined) adversary.hello({ groups })
  }),
  steps('say', fc.tuple(spoken, sequence), ({ adversary }, [message, number]) => {
    const numbered = { ...message, ...(number !== undefined && { sequence: number }) }
    if (adversary.line !== undefined) adversary.say(numbered as Parameters<ZrePeer['say']>[0])
  }),
  steps('bytes', fc.uint8Array({ maxLength: 100 }), ({ adversary }, bytes) =>
    adversary.line?.socket.write([bytes]),
  ),
  steps('hang up', fc.constant(''), ({ adversary }) => adversary.line?.socket.destroy()),
  steps('listen', fc.boolean(), ({ adversary }, open) =>
    open ? adversary.listen() : adversary.unlisten(),
  ),
]

const passing = steps('run', fc.constantFrom(0, 1, 10, 100, 700, 3_000, 12_000), ({ mesh }, ms) =>
  mesh.run(ms),
)

const anything = fc.array(fc.oneof(passing, ...honest, ...catastrophe, ...hostile), {
  minLength: 10,
  maxLength: 70,
  size: 'max',
})

function scene(): Scene {
  const mesh = new Mesh()
  const limits = LIMITS
  const a = mesh.host({ name: 'a', limits, groups: ['x'] }).start()
  const b = mesh.host({ name: 'b', limits, groups: ['x', 'y'] }).start()
  const adversary = new ZrePeer(mesh, { id: testId(77), address: ADVERSARY }).listen()
  return { mesh, hosts: [a, b], adversary }
}

function expectBounded({ hosts }: Scene): void {
  for (const host of hosts) {
    const { peers } = host.engine.metrics()
    expect(peers.length).toBeLessThanOrEqual(LIMITS.peers)
    expect(host.sockets.size).toBeLessThanOrEqual(LIMITS.inboundConnections + LIMITS.peers)
    for (const peer of peers) {
      expect(peer.outboxMessages).toBeLessThanOrEqual(LIMITS.outboxMessages)
      expect(peer.outboxBytes).toBeLessThanOrEqual(LIMITS.outboxBytes + 60_000)
    }
    for (const peer of host.engine.peers()) {
      expect(peer.groups.length).toBeLessThanOrEqual(LIMITS.helloGroups)
    }
  }
}

/** The adversary goes away and the network is whole: the two find each other and talk. */
function expectPeace({ mesh, hosts, adversary }: Scene): void {
  const [a, b] = hosts
  for (const host of hosts) host.thaw()
  mesh.network.connect(a.address, b.address, 'up')
  adversary.unlisten()
  adversary.line?.socket.destroy()
  for (const line of adversary.accepted) line.socket.destroy()
  mesh.run(120_000)
  for (const host of hosts) host.takeStory()
  for (const host of hosts)
    for (const other of hosts) host.call((e, now) => e.reopen(other.id, () => {}, now))
  expect([a.whisper(b, 'peace'), b.whisper(a, 'peace')]).toEqual(['accepted', 'accepted'])
  mesh.run(1_000)
  expect([a.story, b.story]).toEqual([['whisper b: peace'], ['whisper a: peace']])
  for (const host of hosts) host.stop()
  mesh.run(5_000)
  for (const host of hosts) {
    expect([host.isStopped, host.engine.pollTimeout()]).toEqual([true, Number.POSITIVE_INFINITY])
  }
}

it('whatever happens, nothing throws, all is bounded, and peace returns', () => {
  fc.assert(
    fc.property(anything, (list) => {
      const stage = scene()
      for (const step of list) {
        step.run(stage)
        expectBounded(stage)
      }
      expectPeace(stage)
    }),
    { seed: 20_261, numRuns: 250 },
  )
})

describe('the check of events can fail: it catches', () => {
  const peer = (id: string): PeerInfo => ({ id, name: id }) as unknown as PeerInfo
  const enter = (id: string): EngineEvent => ({ type: 'enter', peer: peer(id) })
  const exit = (id: string): EngineEvent => ({
    type: 'exit',
    peer: peer(id),
    reason: 'closed',
    lost: 0,
  })
  const join = (id: string): EngineEvent => ({ type: 'join', peer: peer(id), group: 'x' })
  const leave = (id: string): EngineEvent => ({ type: 'leave', peer: peer(id), group: 'x' })

  it.each([
    ['a second enter', [enter('p'), enter('p')]],
    ['a join before enter', [join('p')]],
    ['an exit of nobody', [exit('p')]],
    ['an event after exit', [enter('p'), exit('p'), join('p')]],
    ['a second join', [enter('p'), join('p'), join('p')]],
    ['a leave from nowhere', [enter('p'), leave('p')]],
    ['an event after the end', [{ type: 'stopped' }, { type: 'room', id: 'p' }]],
  ] satisfies [string, EngineEvent[]][])('%s', (_what, events) => {
    const rules = newEventRules()
    const last = events.pop()!
    for (const event of events) checkEvent(rules, event)
    expect(() => checkEvent(rules, last)).toThrow()
  })

  it('nothing in a proper life', () => {
    const rules = newEventRules()
    const life = [enter('p'), join('p'), leave('p'), join('p'), exit('p'), enter('p'), exit('p')]
    for (const event of life) checkEvent(rules, event)
    expect(rules.present.size).toBe(0)
  })
})
