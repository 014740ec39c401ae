/** The simulator of the installed package: a test of two nodes, a scenario of the consumer's own, a sweep, a report. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { CHECKS, createSimulation, renderReport, runScenario, sweep } from 'earshot/sim'
import scenario from './scenario.mjs'

const sim = createSimulation({ seed: 7 })
const kitchen = await sim.addNode({ name: 'kitchen', groups: ['chat'] })
const attic = await sim.addNode({ name: 'attic', groups: ['chat'] })
await sim.until(() => attic.peers().length === 1 && kitchen.peers().length === 1)
const heard = new Promise((resolve) => attic.on('shout', resolve))
await kitchen.shout('chat', 'hello all')
assert.equal((await sim.wait(heard)).message.text(), 'hello all')
await sim.stop()

const run = await runScenario(scenario, { seed: 7, checks: CHECKS, keepsViews: true })
assert.deepEqual(run.result.failures, [])
assert.match(renderReport(run), /^<!doctype html>/i)

const file = fileURLToPath(new URL('scenario.mjs', import.meta.url))
const totals = await sweep({ scenario: file, seeds: [7, 8], jobs: 2 })
assert.deepEqual([totals.done, totals.failedSeeds], [2, []])
