import { expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

/** The actors' processes, as the transcript names them. */
function actorPids(transcript: string): number[] {
  return [...transcript.matchAll(/\(process (\d+)\)/g)].map(([, pid]) => Number(pid))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('the demo passes all its checks within ten seconds and leaves no process', async ({ scene }) => {
  // A setting of the user's that would set the actors at odds.
  const env = { EARSHOT_MAILBOX_PORT: '50999', EARSHOT_GROUP: 'mine' }
  const { code, stdout, stderr } = await scene.run(['demo'], { env })
  expect({ code, stderr }).toEqual({ code: ExitCode.ok, stderr: '' })
  expect(stdout).toMatch(/ada reports that cleo is gone \(closed\), after \d+ ms/)
  expect(stdout).toMatch(/ada reports that ben is gone \(goodbye\), after [\d.]+ ms/)
  const [, checks, seconds] = /All (\d+) checks passed, in ([\d.]+) s\.\n$/.exec(stdout) ?? []
  expect(stdout.match(/✓/g)).toHaveLength(Number(checks))
  expect(Number(seconds)).toBeLessThan(10)
  expect(actorPids(stdout)).toHaveLength(3)
  expect(actorPids(stdout).filter(isRunning)).toEqual([])
})

it('the demo with --json is a step a line, each check with its outcome', async ({ scene }) => {
  const demo = scene.start(['demo', '--json'])
  await demo.ended()
  const { records } = demo
  expect(records.length).toBeGreaterThan(10)
  for (const record of records) {
    expect(record).toMatchObject({ type: 'earshot.demo/1', ms: expect.any(Number) })
    expect(record['ok'] ?? true).toBe(true)
  }
})

it('the demo names the step that fails, and kills its processes', async ({ scene }) => {
  const demo = scene.start(['demo'])
  const [ada = 0] = actorPids(await demo.line('started:'))
  process.kill(ada, 'SIGKILL')
  const { code, stdout, stderr } = await demo.ended()
  expect(code).not.toBe(ExitCode.ok)
  expect(stdout).toMatch(/✗ .*(ada|ben|cleo)/)
  expect(stderr).toMatch(/^earshot: the demo failed: .*(ada|ben|cleo)/)
  expect(actorPids(stdout).filter(isRunning)).toEqual([])
})

it('the demo, interrupted, kills its processes and ends with 130', async ({ scene }) => {
  const demo = scene.start(['demo'])
  const pids = actorPids(await demo.line('started:'))
  demo.signal('SIGINT')
  expect((await demo.ended()).code).toBe(ExitCode.interrupted)
  expect(pids.filter(isRunning)).toEqual([])
})
