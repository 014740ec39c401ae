import { fileURLToPath } from 'node:url'
import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import type { sweep } from '../../sim/index.ts'
import { recordsOf } from '../support/ndjson.ts'
import { it } from './command.ts'

const TROUBLE: string = fileURLToPath(new URL('fixtures/trouble.mjs', import.meta.url))
const SMALL = ['steady', '--nodes', '3', '--for', '2s']

describe('a sweep', () => {
  it('says what is swept, and what it came to', async ({ scene }) => {
    const { code, stdout, stderr } = await scene.run(['sim', ...SMALL, '--seeds', '1..6'])
    expect({ code, stderr }).toEqual({ code: ExitCode.ok, stderr: '' })
    expect(stdout).toMatch(/^scenario {2}steady\nseeds {5}1\.\.6, \d+ at a time\n/)
    expect(stdout).toMatch(
      /\nverdict +no failure\nseeds +6 of 6\ntook +.*: [\d,]+ seeds a minute\n/,
    )
  })

  it('with --json is a record per run, in the order of the seeds, and one of all', async ({
    scene,
  }) => {
    const { stdout } = await scene.run(['sim', ...SMALL, '--seeds', '9,2,5', '--json'])
    const records = recordsOf(stdout)
    expect(records.map(({ type, seed }) => [type, seed])).toEqual([
      ['earshot.sim-sweep/1', undefined],
      ['earshot.sim-result/1', 9],
      ['earshot.sim-result/1', 2],
      ['earshot.sim-result/1', 5],
      ['earshot.sim-total/1', undefined],
    ])
    expect(records[0]).toMatchObject({ seeds: '9,2,5', count: 3, nodes: 3, durationMs: 2_000 })
    expect(records[4]).toMatchObject({
      ok: true,
      done: 3,
      failed: 0,
      failedSeeds: [],
      ended: 'all-done',
      seedsPerMinute: expect.any(Number),
    })
  })

  it('names every seed that fails, in order, with the command that shows it again', async ({
    scene,
  }) => {
    const { code, stdout } = await scene.run(['sim', TROUBLE, '--seeds', '6'])
    expect(code).toBe(ExitCode.failure)
    expect(stdout.match(/^seed \d+$/gm)).toEqual(['seed 1', 'seed 3', 'seed 5'])
    expect(stdout).toContain('\nverdict  FAILED: 3 seeds: 1 3 5\nseeds    6 of 6\n')
    const [, command = ''] = /seed 5 is odd\n {2}run it again: earshot (.+)\n/.exec(stdout) ?? []
    const again = await scene.run(command.split(' '))
    expect(again.code).toBe(ExitCode.failure)
    expect(again.stdout).toContain('seed 5 is odd')
    expect(again.stderr).toContain('the same hash')
  })

  it('ends after --max-failures: the same ones however many jobs there are', async ({ scene }) => {
    const args = ['sim', TROUBLE, '--seeds', '1..1000', '--max-failures', '2', '--json']
    for (const jobs of ['1', '3']) {
      const { code, stdout } = await scene.run([...args, '--jobs', jobs])
      expect(code).toBe(ExitCode.failure)
      expect(recordsOf(stdout).at(-1)).toMatchObject({
        done: 3,
        failedSeeds: [1, 3],
        ended: 'max-failures',
      })
    }
  })

  it('goes on after a run that throws, or takes its worker with it', async ({ scene }) => {
    for (const [mode, reason] of [
      ['throw', 'threw: no such thing\u001b[31m'],
      ['confuse', "threw: node 'nobody': not of this simulation"],
      ['exit', 'its worker ended with exit code 7'],
    ] as const) {
      const args = ['sim', TROUBLE, '--seeds', '1..4', '--set', `mode=${mode}`, '--json']
      const { code, stdout } = await scene.run(args)
      expect(code).toBe(ExitCode.failure)
      const records = recordsOf(stdout).slice(1)
      expect(records.map(({ type }) => type)).toEqual([
        'earshot.sim-broken/1',
        'earshot.sim-result/1',
        'earshot.sim-broken/1',
        'earshot.sim-result/1',
        'earshot.sim-total/1',
      ])
      const replay = `earshot sim ${TROUBLE} --seed 1 --set mode=${mode}`
      expect(records[0]).toMatchObject({ seed: 1, ok: false, reason, replay })
      expect(records[4]).toMatchObject({ ok: false, done: 4, failedSeeds: [1, 3] })
    }
  })

  it('gives a run up that hangs', async ({ scene }) => {
    await scene.run(['--version'])
    // From the build: a worker thread is made from a file that Node.js can run as it is.
    const built = new URL('../../dist/sim/index.js', import.meta.url).href
    const sim = (await import(/* @vite-ignore */ built)) as { readonly sweep: typeof sweep }
    const seeds: (number | string)[] = []
    const totals = await sim.sweep({
      scenario: TROUBLE,
      settings: { mode: 'hang' },
      seeds: [1, 2],
      jobs: 1,
      hangMs: 1_500,
      onOutcome: (outcome) => {
        seeds.push(outcome.seed)
        if (outcome.seed === 1) {
          expect(outcome).toMatchObject({
            kind: 'broken',
            reason: expect.stringContaining('nothing heard for 1.5 s'),
          })
        }
      },
    })
    expect(seeds).toEqual([1, 2])
    expect(totals).toMatchObject({ done: 2, failed: 1, failedSeeds: [1], ended: 'all-done' })
  })

  it('that is interrupted says how far it got', async ({ scene }) => {
    const sweeping = scene.start(['sim', ...SMALL, '--seeds', '1..100000', '--json'])
    await sweeping.record('sim-result')
    sweeping.signal('SIGINT')
    const { code, stdout } = await sweeping.ended()
    expect(code).toBe(ExitCode.interrupted)
    const total = recordsOf(stdout).at(-1)
    expect(total).toMatchObject({ type: 'earshot.sim-total/1', ended: 'aborted', count: 100_000 })
    expect(total?.['done']).toBeGreaterThan(0)
  })
})

describe('a run', () => {
  it('that is interrupted says how far it came, and exits with 130', async ({ scene }) => {
    const running = scene.start(['sim', 'steady', '--for', '100h', '--json'])
    await running.record('sim-start')
    running.signal('SIGINT')
    const { code, stdout } = await running.ended()
    expect(code).toBe(ExitCode.interrupted)
    expect(recordsOf(stdout).at(-1)).toMatchObject({ type: 'earshot.sim-partial/1' })
  })
})
