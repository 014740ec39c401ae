/** The reckoning of a real run, over records that are right, and over records with every kind of wrong. */
import { describe, expect, it } from 'vitest'
import type { Life, WorkerRecord } from '../../cli/sim-real/protocol.ts'
import { reckon } from '../../cli/sim-real/reckoning.ts'
import { realScenarios, runVirtual } from '../../cli/sim-real/virtual-run.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'

const NAMES = ['ada', 'ben']
const TALLY = {
  beaconsSent: 1,
  beaconsReceived: 2,
  dials: 3,
  dialsFailed: 0,
  handshakes: 4,
  bytesOut: 5,
  messagesOut: 6,
  messagesLost: 0,
}

function life(member: number, changes: Partial<Life> = {}): Life {
  return {
    id: NAMES[member]!,
    member,
    start: 1,
    startedAtMs: member,
    stoppedAtMs: null,
    ...changes,
  }
}

/** Two nodes in one worker that see each other after 10 and 20 ms; ada's message 1 reaches ben. */
function record(changes: Partial<WorkerRecord> = {}): WorkerRecord {
  return {
    ids: NAMES,
    lives: [life(0), life(1)],
    views: new Float64Array([10, 0, 1, 1, 20, 1, 0, 1]),
    sent: new Float64Array([100, 0, 1, 1, 1, 1, 1]),
    received: new Float64Array([102, 1, 0, 1, 1, 100, 1]),
    peers: new Float64Array([0, 1, 1, 1, 0, 1]),
    tally: TALLY,
    warnings: {},
    unsaid: 0,
    cpuMs: 5,
    residentBytes: 1_000,
    ...changes,
  }
}

function failuresOf(changes: Partial<WorkerRecord>): string[] {
  const { failures } = reckon([record(changes)], NAMES, 1_000)
  return failures.map(({ check, message }) => `${check}: ${message}`)
}

const row = (...rows: readonly (readonly number[])[]): Float64Array => new Float64Array(rows.flat())

describe('the reckoning', () => {
  it('finds nothing wrong with what is right, and measures it', () => {
    const { failures, measures } = reckon([record()], NAMES, 1_000)
    expect(failures).toEqual([])
    expect(measures).toMatchObject({
      startedMs: 1,
      viewsMs: { 50: 10, 90: 20, 99: 20, 100: 20 },
      viewsKnown: 2,
      viewsExpected: 2,
      sent: 1,
      accepted: 1,
      received: 1,
      falseExits: 0,
      cpuMs: 5,
      bytesPerNode: 500,
      tally: TALLY,
    })
    expect(measures.latencyMs.max).toBe(2)
  })

  it('joins the records of several workers, each with its own numbers for identities', () => {
    const first = record({ lives: [life(0)], received: row(), views: row([10, 0, 1, 1]) })
    const second = record({
      ids: ['ben', 'ada'],
      lives: [life(1)],
      views: row([20, 0, 1, 1]),
      sent: row(),
      received: row([102, 0, 0, 1, 1, 100, 1]),
      peers: row(),
    })
    const { failures, measures } = reckon([first, second], NAMES, 1_000)
    expect(failures).toEqual([])
    expect(measures).toMatchObject({ received: 1, viewsMs: { 100: 20 }, cpuMs: 10 })
  })

  it.each([
    {
      what: 'a message that was lost',
      changes: { received: row() },
      told: 'no-loss: message 1 of ada, accepted at 100 ms, never arrived at ben',
    },
    {
      what: 'a message that arrived twice',
      changes: { received: row([102, 1, 0, 1, 1, 100, 1], [103, 1, 0, 1, 1, 100, 1]) },
      told: 'no-duplicate: message 1 of ada at ben arrived twice',
    },
    {
      what: 'messages in another order',
      changes: {
        sent: row([100, 0, 1, 1, 1, 1, 1], [101, 0, 1, 2, 1, 1, 1]),
        received: row([102, 1, 0, 1, 2, 101, 1], [103, 1, 0, 1, 1, 100, 1]),
      },
      told: 'order: message 1 of ada at ben arrived after message 2',
    },
    {
      what: 'a message that nobody sent',
      changes: { sent: row() },
      told: 'no-invention: message 1 of ada at ben was never sent there',
    },
    {
      what: 'a message that was changed',
      changes: { received: row([102, 1, 0, 1, 1, 100, 0]) },
      told: 'no-invention: message 1 of ada at ben is not what was sent',
    },
    {
      what: 'a node that is not seen',
      changes: { peers: row([0, 1, 1]) },
      told: 'convergence: ben does not see ada',
    },
    {
      what: 'a node that is taken for silent',
      changes: { peers: row([0, 1, 0], [1, 0, 1]) },
      told: 'convergence: ada sees ben, and finds it not alive',
    },
    {
      what: 'a node that is reported gone and is not',
      changes: { views: row([10, 0, 1, 1], [20, 1, 0, 1], [30, 0, 1, 0], [40, 0, 1, 1]) },
      told: 'no-false-exit: ada reported ben gone, which ran on (30 ms)',
    },
    {
      what: 'a node that is seen and is gone',
      changes: { lives: [life(0), life(1, { stoppedAtMs: 500 })], peers: row([0, 1, 1]) },
      told: 'convergence: ada sees ben, which is gone',
    },
  ])('tells of $what', ({ changes, told }) => {
    expect(failuresOf(changes)).toEqual([told])
  })

  it('forgives what was on its way to a node that left, and its exit', () => {
    const left = {
      lives: [life(0), life(1, { stoppedAtMs: 101 })],
      views: row([10, 0, 1, 1], [20, 1, 0, 1], [103, 0, 1, 0]),
      received: row(),
      peers: row(),
    }
    expect(failuresOf(left)).toEqual([])
  })
})

describe('scenarios for real nodes', () => {
  const { signal } = new AbortController()
  const options = { nodes: 6, durationMs: 20_000, seed: 1, settings: {} }

  it.each(realScenarios())('%s has a script that real nodes can play', async (name) => {
    const scenario = SCENARIOS.find((each) => each.name === name)!
    const { script, measures, run } = await runVirtual(scenario, options, () => {}, signal)
    expect(run.result.failures).toEqual([])
    expect(script.names).toHaveLength(6)
    expect(script.steps.filter(({ kind }) => kind === 'start').length).toBeGreaterThanOrEqual(6)
    expect(measures.viewsKnown).toBe(measures.viewsExpected)
  })

  it.each([
    ['a fault of the network', 'partition-heal', {}, /partition-heal.*partition.*\n.*steady/],
    ['a kill', 'churn', { killed: 1 }, /churn.*kill/],
    ['a weather', 'steady', { weather: 'wifi' }, /setting weather/],
  ])('refuses %s', async (_what, name, settings, message) => {
    const scenario = SCENARIOS.find((each) => each.name === name)!
    const run = runVirtual(scenario, { ...options, settings }, () => {}, signal)
    await expect(run).rejects.toThrow(message)
  })
})
