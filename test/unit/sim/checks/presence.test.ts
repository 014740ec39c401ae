/** The checks of presence, `no-false-exit` and `timely-exit`: false alarms and late ones are told, excused ones not. */
import { describe, expect, it } from 'vitest'
import { noFalseExit } from '../../../../sim/checks/no-false-exit.ts'
import { timelyExit } from '../../../../sim/checks/timely-exit.ts'
import type { Simulation } from '../../../../sim/simulation.ts'
import { type Watching, watching } from '../../../support/watching.ts'

function exit(all: Watching, reason: 'expired' | 'goodbye' = 'expired'): void {
  all.tell('ann', { type: 'exit', peer: all.peer('bob'), reason, lost: 0 })
}

describe('no-false-exit', () => {
  it('tells of an exit of a node that runs undisturbed', async () => {
    const all = await watching(noFalseExit)
    exit(all)
    expect(all.failures).toEqual(['ann reported bob, which runs undisturbed, as gone (expired)'])
  })

  it.each(['evasive', 'silent'] as const)('tells of a false %s', async (type) => {
    const all = await watching(noFalseExit)
    all.tell('ann', { type, peer: all.peer('bob', { presence: type }) })
    expect(all.failures).toEqual([`ann reported bob, which runs undisturbed, as ${type}`])
  })

  const faults: readonly (readonly [string, (sim: Simulation) => unknown])[] = [
    ['a partition', (sim) => sim.partition(['bob'])],
    ['a fault of the observer', (sim) => sim.freeze('ann')],
    ['weather for everybody', (sim) => sim.setWeather({ loss: 0.9 })],
  ]
  it.each(faults)('excuses with %s, while it lasts and for a while', async (_what, begin) => {
    const all = await watching(noFalseExit, { isHealthy: false })
    begin(all.sim)
    await all.run(100_000)
    exit(all)
    all.sim.heal()
    await all.run(30_000)
    exit(all)
    expect(all.failures).toEqual([])
    await all.run(11_000)
    exit(all)
    expect(all.failures).toHaveLength(1)
  })

  it('does not excuse with a fault of somebody else, nor with what is harmless', async () => {
    const all = await watching(noFalseExit, { names: ['ann', 'bob', 'cyd'], isHealthy: false })
    all.sim.freeze('cyd')
    all.sim.jumpClock('bob', 1_000_000)
    all.sim.stopReading('ann')
    exit(all)
    expect(all.failures).toHaveLength(1)
  })

  it('expects little of a network that loses much', async () => {
    const all = await watching(noFalseExit, { network: { weather: 'crowded-wifi' } })
    exit(all)
    expect(all.failures).toEqual([])
  })

  it('believes a goodbye only if the node stops', async () => {
    const believed = await watching(noFalseExit)
    exit(believed, 'goodbye')
    await believed.sim.wait(believed.node('bob').stop())
    await believed.run(10_000)
    expect(believed.failures).toEqual([])
    const forged = await watching(noFalseExit)
    exit(forged, 'goodbye')
    await forged.run(10_000)
    expect(forged.failures).toHaveLength(1)
  })

  it('has nothing against the exit of a node that has ended', async () => {
    const all = await watching(noFalseExit, { isHealthy: false })
    const peer = all.peer('bob')
    all.sim.kill('bob')
    await all.sim.restart('bob')
    all.tell('ann', { type: 'exit', peer, reason: 'closed', lost: 0 })
    expect(all.failures).toEqual([])
  })
})

describe('timely-exit', () => {
  const ends: readonly (readonly [string, number, (sim: Simulation) => unknown])[] = [
    ['stopped', 2, (sim) => sim.wait(sim.leave('bob'))],
    ['was killed', 4, (sim) => sim.kill('bob')],
    ['crashed', 33, (sim) => sim.crash('bob')],
  ]
  it.each(ends)('tells who does not report one that %s', async (what, seconds, end) => {
    const all = await watching(timelyExit, { isHealthy: false })
    // A node that never notices anything.
    all.node('ann').peer = (id) => ({ ...all.peer('ann'), id })
    await end(all.sim)
    await all.run((seconds - 1) * 1_000)
    expect(all.failures).toEqual([])
    await all.run(2_000)
    const complaint = new RegExp(`^ann still sees bob, which ${what} ${seconds}\\.\\d s ago$`)
    expect(all.failures).toEqual([expect.stringMatching(complaint)])
  })

  it('passes an exit in time', async () => {
    const all = await watching(timelyExit, { isHealthy: false })
    const peer = all.peer('bob')
    all.sim.kill('bob')
    await all.run(2_000)
    all.tell('ann', { type: 'exit', peer, reason: 'closed', lost: 0 })
    await all.run(60_000)
    expect(all.failures).toEqual([])
  })

  it('tells of a ghost that enters after its end and stays', async () => {
    const all = await watching(timelyExit, { isHealthy: false })
    const peer = all.peer('bob')
    all.sim.kill('bob')
    all.tell('ann', { type: 'exit', peer, reason: 'closed', lost: 0 })
    all.tell('ann', { type: 'enter', peer })
    await all.run(42_000)
    expect(all.failures).toHaveLength(1)
  })

  it('waits for the end of what else is done to the pair', async () => {
    const all = await watching(timelyExit, { isHealthy: false })
    const wake = all.sim.freeze('ann')
    all.sim.kill('bob')
    await all.run(100_000)
    wake()
    await all.run(39_000)
    expect(all.failures).toEqual([])
    await all.run(3_000)
    expect(all.failures).toHaveLength(1)
  })
})
