import { describe, expect, it } from 'vitest'
import { BEACON_PORT, type Host, Mesh } from '../../support/mesh.ts'

const COUNT = 24

/** Where the nodes live: each on a host of its own, or all on one. */
const PLACES: readonly (readonly [string, (i: number) => string])[] = [
  ['on as many hosts', (i) => `10.0.0.${i + 1}`],
  ['on one host', () => '127.0.0.1'],
]

function crowd(place: (i: number) => string): { mesh: Mesh; hosts: Host[] } {
  const mesh = new Mesh()
  const hosts = Array.from({ length: COUNT }, (_, i) =>
    mesh.host({ name: `n${i}`, addresses: [place(i)], groups: ['all'] }),
  )
  for (const host of hosts) host.start()
  mesh.run(1_000)
  return { mesh, hosts }
}

function expectAllToTalk(mesh: Mesh, hosts: readonly Host[]): void {
  for (const host of hosts) host.takeStory()
  for (const host of hosts) {
    expect(host.shout('all', `from ${host.name}`)).toEqual({ accepted: hosts.length - 1, full: [] })
  }
  mesh.run(50)
  for (const host of hosts) {
    const others = hosts.filter((each) => each !== host)
    expect(host.takeStory().toSorted()).toEqual(
      others.map(({ name }) => `shout ${name} all: from ${name}`).toSorted(),
    )
  }
}

describe.each(PLACES)('two dozen nodes %s', (_what, place) => {
  it('that start all at once know each other within a second, and all hear all', () => {
    const { mesh, hosts } = crowd(place)
    for (const host of hosts) {
      expect(host.story.filter((line) => line.startsWith('enter'))).toHaveLength(COUNT - 1)
      expect(host.story).toHaveLength(2 * (COUNT - 1))
    }
    expectAllToTalk(mesh, hosts)
    mesh.run(60_000)
    for (const host of hosts) expect(host.story).toEqual([])
  })

  it('notice within 2 s that half of them have died, and nothing else happens', () => {
    const { mesh, hosts } = crowd(place)
    mesh.run(5_000)
    for (const host of hosts) host.takeStory()
    const dead = hosts.filter((_, i) => i % 2 === 0)
    const alive = hosts.filter((_, i) => i % 2 === 1)
    for (const host of dead) host.kill()
    mesh.run(2_000)
    for (const host of alive) {
      expect(host.takeStory().toSorted()).toEqual(
        dead.map(({ name }) => `exit ${name} closed`).toSorted(),
      )
    }
    expectAllToTalk(mesh, alive)
  })

  it('take the dead back in when they start again at their old places', () => {
    const { mesh, hosts } = crowd(place)
    mesh.run(2_000)
    const dead = hosts.filter((_, i) => i % 2 === 0)
    const alive = hosts.filter((_, i) => i % 2 === 1)
    for (const host of dead) host.kill()
    mesh.run(200)
    const risen = dead.map(({ name, addresses, port }) =>
      mesh.host({ name: `${name} again`, addresses, port, groups: ['all'] }).start(),
    )
    mesh.run(3_000)
    for (const host of alive) {
      const exits = host.takeStory().filter((line) => line.startsWith('exit'))
      expect(exits.toSorted()).toEqual(dead.map(({ name }) => `exit ${name} replaced`).toSorted())
    }
    expectAllToTalk(mesh, [...alive, ...risen])
  })

  it('come and go politely, one after the other, without a warning', () => {
    const { mesh, hosts } = crowd(place)
    for (const host of hosts) {
      host.stop()
      mesh.run(100)
      expect(host.isStopped).toBe(true)
      expect(host.warnings()).toEqual([])
    }
    for (const host of hosts) expect(host.sockets.size).toBe(0)
  })
})

describe('beacons that come', () => {
  /** Every beacon arrives as often as `copies` says, that many milliseconds late. */
  function disturb(mesh: Mesh, copies: (index: number) => readonly number[]): void {
    const original = mesh.datagram.bind(mesh)
    let index = 0
    mesh.datagram = (bytes, from, host, to) => {
      for (const late of copies(index++)) {
        mesh.network.schedule(mesh.now + late, () => original(bytes, from, host, to))
      }
    }
  }

  it('only every third time make nobody leave', () => {
    const mesh = new Mesh()
    disturb(mesh, (i) => (Math.imul(i + 1, 0x9e37_79b1) >>> 0 < 2 ** 32 / 3 ? [0] : []))
    const hosts = mesh.start('a', 'b', 'c')
    mesh.run(300_000)
    for (const host of hosts) {
      expect(host.engine.peers()).toHaveLength(2)
      expect(host.story.filter((line) => line.startsWith('exit'))).toEqual([])
    }
  })

  it.each([
    ['three times each', () => [0, 0, 5]],
    ['in any order', (i: number) => [(i * 7_919) % 1_000]],
  ])('%s make no difference to those who have met', (_what, copies) => {
    const mesh = new Mesh()
    disturb(mesh, copies)
    const hosts = mesh.start('a', 'b', 'c')
    mesh.run(20_000)
    for (const host of hosts) {
      expect(host.story.toSorted()).toEqual(
        hosts.filter((each) => each !== host).map(({ name }) => `enter ${name}`),
      )
    }
  })

  it('late, after a goodbye, do not bring anybody back for long', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    const beacons: Uint8Array[] = []
    mesh.hearers.push((bytes, from) => {
      if (from.address === b!.address) beacons.push(bytes)
    })
    mesh.run(2_000)
    const last = beacons.at(-1)!
    b!.stop()
    mesh.run(50)
    mesh.datagram(last, { address: b!.address, port: BEACON_PORT }, a!)
    mesh.run(10_000)
    expect(a!.story).toEqual(['enter b', 'exit b goodbye'])
    expect(a!.engine.metrics().peers).toEqual([])
  })
})
