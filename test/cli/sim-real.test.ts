/** `earshot sim --real` end to end: real nodes on the loopback interface, beside virtual ones. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import type { CommandProcess } from './command.ts'
import { it } from './command.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function workersOf(sim: CommandProcess): Promise<number[]> {
  const { pids } = await sim.record('sim-real-processes')
  expect(pids).toHaveLength(2)
  return pids as number[]
}

it('ten real nodes do as ten virtual ones do', async ({ scene }) => {
  const options = ['--nodes', '10', '--for', '2s', '--seed', '1', '--jobs', '2', '--json']
  const sim = scene.start(['sim', 'steady', '--real', ...options])
  const pids = await workersOf(sim)
  const result = await sim.record('sim-real')
  expect(result).toMatchObject({ ok: true, failures: [], nodes: 10, jobs: 2 })
  for (const run of ['real', 'virtual']) {
    expect(result[run]).toMatchObject({ viewsKnown: 90, viewsExpected: 90, falseExits: 0 })
    expect(result[run]).toMatchObject({ received: expect.any(Number), cpuMs: expect.any(Number) })
  }
  expect(result['ratios']).toMatchObject({ views: 1, views100Ms: expect.any(Number) })
  expect((await sim.ended()).code).toBe(ExitCode.ok)
  expect(pids.filter(isRunning)).toEqual([])
})

it('for people it is one table with a column for each', async ({ scene }) => {
  const sim = scene.start(['sim', 'churn', '--real', '--nodes', '5', '--for', '2s'])
  await sim.line('worker processes')
  const { code, stdout } = await sim.ended()
  expect(code).toBe(ExitCode.ok)
  expect(stdout).toMatch(/^quantity +real +virtual +real\/virtual$/m)
  expect(stdout).toMatch(/^100 % of views complete +[\d.]+ m?s +[\d.]+ m?s +[\d.e+]+$/m)
  expect(stdout).toMatch(/^messages received +\d+ +\d+ +[\d.]+$/m)
  expect(stdout).toMatch(/^passed: /m)
})

it('interrupted, it leaves no process', async ({ scene }) => {
  const sim = scene.start(['sim', 'steady', '--real', '--nodes', '6', '--jobs', '2', '--json'])
  const pids = await workersOf(sim)
  sim.signal('SIGINT')
  expect((await sim.ended()).code).toBe(ExitCode.interrupted)
  expect(pids.filter(isRunning)).toEqual([])
})

it('killed, it leaves no process either', async ({ scene }) => {
  const sim = scene.start(['sim', 'steady', '--real', '--nodes', '6', '--jobs', '2', '--json'])
  const pids = await workersOf(sim)
  await sim.destroy()
  await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([])
})

it('a worker that dies ends it all, with a failure', async ({ scene }) => {
  const sim = scene.start(['sim', 'steady', '--real', '--nodes', '6', '--jobs', '2', '--json'])
  const pids = await workersOf(sim)
  process.kill(pids[0]!, 'SIGKILL')
  const { code, stderr } = await sim.ended()
  expect(code).toBe(ExitCode.failure)
  expect(stderr).toContain(`worker process ${pids[0]} failed`)
  expect(pids.filter(isRunning)).toEqual([])
})

// Windows knows no such limit.
it.skipIf(process.platform === 'win32')(
  'a limit of open files that is too low is explained before anything starts',
  async () => {
    const words = ['sim', 'steady', '--real', '--nodes', '100']
    const shell = ['-c', 'ulimit -n 512 && exec "$@"', 'sh', process.execPath, MAIN, ...words]
    const failure = await promisify(execFile)('sh', shell).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: ExitCode.failure,
      stdout: '',
      stderr: expect.stringMatching(/904 open files.*the limit is 512\n.*\n.*ulimit -n 904/),
    })
  },
)

it.for([
  ['a scenario of networks', ['partition-heal'], 'With --real: steady'],
  ['options of virtual runs', ['steady', '--report', 'x.html'], '--report is for virtual runs'],
  ['a log of virtual runs', ['steady', '--log', 'x.ndjson'], '--log is for virtual runs'],
  ['one node', ['steady', '--nodes', '1'], '--nodes is 2 to 500'],
] as const)('refuses %s', async ([, words, told], { scene }) => {
  const { code, stderr } = await scene.run(['sim', ...words, '--real', '--for', '20s'])
  expect(code).toBe(ExitCode.usage)
  expect(stderr).toContain(told)
})
