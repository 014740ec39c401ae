import { describe, expect, it } from 'vitest'
import { channelMark } from '../../../src/runtime/channels.ts'
import { type Host, Mesh } from '../../support/mesh.ts'

function met(...names: string[]): { mesh: Mesh; hosts: Host[] } {
  const mesh = new Mesh()
  const hosts = mesh.start(...names)
  mesh.run(2_500)
  for (const host of hosts) host.takeStory()
  return { mesh, hosts }
}

/** What the runtime has said to earshot peers; other tests are about what it means. */
const NOTICE = [channelMark('test'), new Uint8Array(1)]

describe('a node that falls asleep', () => {
  it('sends no beacons while it waits for the end of its links, so that nobody calls it back', () => {
    const { mesh, hosts } = met('a', 'b', 'c')
    const [a, b, c] = hosts
    c!.freeze() // its link to a does not end
    b!.call((engine, now) => engine.handleAsleep(a!.id, 60_000, now))
    const { beaconsSent } = a!.engine.metrics().mesh
    a!.call((engine, now) => engine.suspend(NOTICE, now))
    mesh.run(950)
    expect(a!.log.map(({ event }) => event.type)).not.toContain('suspended')
    expect(a!.engine.metrics().mesh.beaconsSent).toBe(beaconsSent)
    expect(b!.story).toEqual(['asleep a'])
  })

  it('says goodbye all the same when it is stopped just then', () => {
    const { mesh, hosts } = met('a', 'b', 'c')
    const [a, , c] = hosts
    c!.freeze()
    a!.call((engine, now) => engine.suspend(NOTICE, now))
    mesh.run(100)
    const { beaconsSent } = a!.engine.metrics().mesh
    a!.stop()
    mesh.run(3_000)
    expect(a!.engine.metrics().mesh.beaconsSent).toBe(beaconsSent + 3)
  })

  it('announces itself as soon as it is awake', () => {
    const { mesh, hosts } = met('a', 'b')
    const [a] = hosts
    a!.call((engine, now) => engine.suspend(NOTICE, now))
    mesh.run(20_000)
    const { beaconsSent } = a!.engine.metrics().mesh
    a!.call((engine, now) => engine.resume(now))
    mesh.run(400)
    expect(a!.engine.metrics().mesh.beaconsSent).toBe(beaconsSent + 3)
  })
})

it('a peer that says twice that it sleeps is told once', () => {
  const { mesh, hosts } = met('a', 'b')
  const [a, b] = hosts
  a!.freeze()
  for (const ms of [10_000, 60_000]) {
    b!.call((engine, now) => engine.handleAsleep(a!.id, ms, now))
  }
  mesh.run(50_000)
  expect(b!.story).toEqual(['asleep a'])
})
