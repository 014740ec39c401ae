/** How often beacons go out: steadily, or less and less while nothing changes. */
import { describe, expect, it } from 'vitest'
import { Mesh } from '../../support/mesh.ts'

/** When the host's beacons go out, in milliseconds since its start; those of bursts left out. */
function steadyBeacons(mesh: Mesh, address: string): number[] {
  const times: number[] = []
  let last = Number.NEGATIVE_INFINITY
  mesh.hearers.push((_bytes, from) => {
    if (from.address !== address) return
    if (mesh.now - last > 500) times.push(mesh.now)
    last = mesh.now
  })
  return times
}

const gaps = (times: readonly number[]): number[] => {
  return times.slice(1).map((at, i) => Math.round((at - times[i]!) / 100) / 10)
}

describe('beacons', () => {
  it('go out every second, however calm it is', () => {
    const mesh = new Mesh()
    const times = steadyBeacons(mesh, '10.0.0.1')
    mesh.host().start()
    mesh.run(60_000)
    expect(Math.max(...gaps(times))).toBeLessThanOrEqual(1)
    expect(times.length).toBeGreaterThan(58)
  })

  it('may become fewer while nothing changes, and are the usual ones when somebody comes or goes', () => {
    const mesh = new Mesh()
    const times = steadyBeacons(mesh, '10.0.0.1')
    const frugal = { timers: { beaconIntervalMaxMs: 4_000 } }
    mesh.host(frugal).start()
    mesh.run(60_000)
    expect(
      gaps(times)
        .slice(0, 9)
        .every((gap) => gap <= 1),
    ).toBe(true)
    expect(
      gaps(times)
        .slice(13)
        .every((gap) => gap >= 3.8),
    ).toBe(true)
    const calm = times.length
    expect(calm).toBeLessThan(26)
    const other = mesh.host(frugal).start()
    const enteredAt = mesh.now
    mesh.run(8_000)
    expect(times[calm]! - enteredAt).toBeLessThanOrEqual(1_100)
    expect(times.length - calm).toBeGreaterThan(6)
    mesh.run(60_000)
    const before = times.length
    other.kill()
    const killedAt = mesh.now
    mesh.run(40_000)
    const afterExit = times
      .slice(before)
      .filter((at) => at > killedAt + 2_000 && at < killedAt + 9_000)
    expect(afterExit.length).toBeGreaterThanOrEqual(6)
  })

  it('that are few do not make peers evasive', () => {
    const mesh = new Mesh()
    const frugal = { timers: { beaconIntervalMaxMs: 4_000 } }
    const [a, b] = [mesh.host(frugal).start(), mesh.host(frugal).start()]
    mesh.run(300_000)
    const silences = [a, b]
      .flatMap(({ story }) => story)
      .filter((told) => /evasive|exit/.test(told))
    expect(silences).toEqual([])
  })
})
