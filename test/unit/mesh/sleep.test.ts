import { describe, expect, it } from 'vitest'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, Mesh } from '../../support/mesh.ts'

const HOUR = 3_600_000

function met(...names: string[]) {
  const mesh = new Mesh()
  const hosts = mesh.start(...names)
  mesh.run(2_500)
  for (const host of hosts) host.takeStory()
  return { mesh, hosts }
}

function beaconOf({ id, port }: Host): Uint8Array {
  return encodeBeacon({ kind: 'beacon', version: 1, id, port })
}

describe('after a pause of an hour', () => {
  it('of everybody, nobody has expired', () => {
    const { mesh, hosts } = met('a', 'b', 'c')
    mesh.sleep(HOUR)
    mesh.run(60_000)
    for (const host of hosts) expect(host.story).toEqual([])
  })

  it('of everybody, again and again, nobody has expired', () => {
    const { mesh, hosts } = met('a', 'b')
    for (let i = 0; i < 20; i++) {
      mesh.sleep(i % 2 === 0 ? HOUR : 40_000)
      mesh.run(300 * i)
    }
    for (const host of hosts) expect(host.story).toEqual([])
  })

  it('of one node, it has not lost the others, and they find it again', () => {
    const { mesh, hosts } = met('a', 'b', 'c')
    const [a, ...others] = hosts
    a!.freeze()
    mesh.run(HOUR)
    for (const host of others) {
      expect(host.story).toEqual(['evasive a', 'silent a', 'exit a expired'])
      host.takeStory()
    }
    a!.thaw()
    mesh.run(3_000)
    expect(a!.story.filter((line) => line.includes('expired') || line.includes('silent'))).toEqual(
      [],
    )
    for (const host of others) expect(host.takeStory()).toEqual(['enter a'])
    a!.takeStory()
    a!.whisper(others[0]!, 'good morning')
    others[0]!.whisper(a!, 'good morning')
    mesh.run(10)
    expect(others[0]!.story).toEqual(['whisper a: good morning'])
    expect(a!.story).toEqual(['whisper b: good morning'])
  })

  it('a node says at once that it is back', () => {
    const { mesh, hosts } = met('a', 'b')
    let heard = 0
    mesh.hearers.push(() => heard++)
    mesh.sleep(HOUR)
    mesh.run(350)
    expect(heard).toBe(2 * 3)
    expect(hosts[0]!.engine.metrics().mesh.beaconsSent).toBeGreaterThan(6)
  })
})

describe('after a pause', () => {
  it.each([1_000, 4_000, 6_000, 20_000, 29_000])(
    'of %i ms of one node, the others have not lost it',
    (ms) => {
      const { mesh, hosts } = met('a', 'b')
      hosts[0]!.freeze()
      mesh.run(ms)
      hosts[0]!.thaw()
      mesh.run(60_000)
      expect(hosts[0]!.story).toEqual([])
      expect(hosts[1]!.story.filter((line) => line.startsWith('exit'))).toEqual([])
    },
  )

  it('a peer that is really gone expires as late as if the pause had not been', () => {
    const { mesh, hosts } = met('a', 'b')
    const [a, b] = hosts
    const frozenAt = mesh.now
    b!.freeze()
    mesh.run(2_000)
    mesh.sleep(HOUR)
    mesh.run(40_000)
    const [goneAt] = a!.timesOf('exit b expired')
    expect(goneAt! - frozenAt).toBeGreaterThan(HOUR + 28_000)
    expect(goneAt! - frozenAt).toBeLessThan(HOUR + 32_000)
  })
})

it('a dial that the sleep has cut off is given up soon after', () => {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const b = mesh.host({ name: 'b' }).start()
  mesh.network.connect(a.address, b.address, 'drop')
  mesh.network.setLink(b.address, a.address, 'up')
  mesh.datagram(beaconOf(b), { address: b.address, port: BEACON_PORT }, a)
  mesh.run(100)
  expect(a.engine.metrics().mesh.dials).toBe(1)
  mesh.sleep(50_000)
  mesh.network.connect(a.address, b.address, 'up')
  mesh.run(12_000)
  expect(a.engine.metrics().peers[0]?.link).toBe('open')
})
