import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { runProgram } from '../../cli/program.ts'
import { seedOption, seedsOption } from '../../cli/sim/seeds.ts'
import { CHECKS } from '../../sim/checks/index.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'
import { FakeHost, runInside } from './host.ts'

const TROUBLE: string = fileURLToPath(new URL('fixtures/trouble.mjs', import.meta.url))
const SMALL = ['steady', '--nodes', '3', '--for', '2s']
const folder = await mkdtemp(join(tmpdir(), 'earshot-sim-'))
afterAll(() => rm(folder, { recursive: true }))

interface Run {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
  readonly records: readonly Record<string, unknown>[]
}

async function sim(...args: readonly string[]): Promise<Run> {
  const run = await runInside(['sim', ...args])
  const lines = run.out.split('\n').filter((line) => line.startsWith('{'))
  return { ...run, records: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('a run', () => {
  it('prints its seed and options first, then a verdict and what happened', async () => {
    const { code, out, err } = await sim(...SMALL, '--seed', '7', '--set', 'everyMs=500')
    expect(code).toBe(ExitCode.ok)
    expect(out).toMatch(
      /^scenario {2}steady\nseed {6}7\nnodes {5}3\nfor {7}2\.000 s of virtual time/,
    )
    expect(out).toMatch(
      /\nsettings {2}weather=own chunking=natural coalesceMs=0 everyMs=500 messageBytes=\d+\n/,
    )
    expect(out).toMatch(/\nverdict +passed\nviews +6 of 6\ncomplete +50 % 0\.\d+ s, /)
    for (const label of ['converged', 'messages', 'latency', 'streams', 'speed', 'memory']) {
      expect(out).toMatch(new RegExp(`\\n${label} +\\S`))
    }
    expect(out).toMatch(/\nhash +[0-9a-f]{16}\n$/)
    expect(err).toBe('')
  })

  it('draws a seed where none is given, and says which', async () => {
    const { out } = await sim(...SMALL)
    expect(out).toMatch(/\nseed {6}\d+\n/)
  })

  it('says how many nodes fit, where a machine has too little memory for those asked for', async () => {
    const { code, err } = await sim('steady', '--nodes', '60000')
    expect(code).toBe(ExitCode.usage)
    expect(err).toMatch(/60000 nodes need about \d+\.\d GiB of memory.*--nodes \d+ fit/)
  })

  it('takes a word as its seed', async () => {
    const [, result] = (await sim(...SMALL, '--seed', 'friday-13', '--json')).records
    expect(result).toMatchObject({ seed: 'friday-13', ok: true })
  })

  it('with --json is what it starts with, then what it came to', async () => {
    const { code, records } = await sim(...SMALL, '--seed', '7', '--json')
    expect(code).toBe(ExitCode.ok)
    expect(records.map(({ type }) => type)).toEqual(['earshot.sim-start/1', 'earshot.sim-result/1'])
    expect(records[0]).toMatchObject({
      scenario: 'steady',
      seed: 7,
      nodes: 3,
      durationMs: 2_000,
      settings: { weather: 'own', chunking: 'natural' },
      checks: CHECKS.map(({ name }) => name),
      version: '1.2.3',
    })
    expect(records[1]).toMatchObject({
      schema: 1,
      ok: true,
      failures: [],
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      views: { complete: 6, known: 6 },
      messages: { latencyMs: { p50: expect.any(Number) } },
      replay: `earshot sim steady --nodes 3 --seed 7 --for 2000ms --hash ${records[1]?.['hash']}`,
    })
  })

  it('leaves out the checks that it is told to', async () => {
    const { records } = await sim(...SMALL, '--skip-check', 'convergence', '--json')
    const { checks, replay } = { ...records[0], ...records[1] } as Record<string, unknown>
    expect(checks).not.toContain('convergence')
    expect(replay).toContain(' --skip-check convergence ')
  })

  it('that fails names check, time and reason, gives the command for it, and exits with 1', async () => {
    const { code, out } = await sim(TROUBLE, '--seed', '3')
    expect(code).toBe(ExitCode.failure)
    expect(out).toMatch(/\nverdict +FAILED: 1 failure of 1 check\n/)
    expect(out).toMatch(/\n {2}odd-seed at \d\.\d{3} s: seed 3 is odd\n/)
    const command = /\nrun it again: (.+)\n$/.exec(out)?.[1] ?? ''
    expect(command).toContain(`sim ${TROUBLE} --nodes 2 --seed 3 --for 2000ms --hash `)
    expect((await sim(TROUBLE, '--seed', '3', '--skip-check', 'odd-seed')).code).toBe(ExitCode.ok)
  })

  it('whose scenario throws says so, with the command that shows it again', async () => {
    const { code, err } = await sim(TROUBLE, '--seed', '3', '--set', 'mode=throw')
    expect(code).toBe(ExitCode.failure)
    expect(err).toContain('earshot: the scenario failed: no such thing\\x1b[31m')
    expect(err).toContain(`run it again: earshot sim ${TROUBLE} --seed 3 --set mode=throw`)
  })

  it('whose scenario gives a wrong option is no usage error of the user', async () => {
    const { code, err } = await sim(TROUBLE, '--seed', '3', '--set', 'mode=confuse')
    expect(code).toBe(ExitCode.failure)
    expect(err).toContain("earshot: the scenario failed: node 'nobody': not of this simulation\n")
    expect(err).toContain(`run it again: earshot sim ${TROUBLE} --seed 3 --set mode=confuse`)
  })

  it('that is interrupted says how far it came', async () => {
    const ending = new AbortController()
    const host = new FakeHost({ signal: ending.signal })
    host.stdout.once('data', () => ending.abort('interrupted'))
    expect(await runProgram(host, ['sim', 'steady', '--for', '10m'], host.env)).toBe(
      ExitCode.interrupted,
    )
    expect(host.out).toMatch(/\nended before anything had happened\n|\nverdict +none: ended early/)
  })

  it('on a terminal shows its progress on stderr, and takes it away', async () => {
    const { err } = await runInside(['sim', 'steady', '--for', '30s'], {
      terminal: true,
      columns: 120,
    })
    const drawn = err.split('\r\u001b[K')
    expect(drawn[1]).toMatch(/^\w+ [█░]{20} \d+\/30 s, .* × real time, .* events\/s, /)
    expect(drawn.at(-1)).toBe('')
    const quiet = await runInside(['sim', ...SMALL, '--quiet'], { terminal: true })
    expect(quiet.err).toBe('')
  })
})

describe('--report', () => {
  it('writes one HTML file, and says where', async () => {
    const file = join(folder, 'report.html')
    const { code, err } = await sim(...SMALL, '--report', file)
    expect({ code, err }).toEqual({ code: ExitCode.ok, err: `earshot: the report is in ${file}\n` })
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  it('into a folder that is not there is told before the run', async () => {
    const { code, out, err } = await sim(...SMALL, '--report', join(folder, 'none', 'report.html'))
    expect({ code, out }).toEqual({ code: ExitCode.usage, out: '' })
    expect(err).toContain('--report: there is no folder for ')
  })
})

describe('--log', () => {
  it('writes what all logged, as NDJSON, and the report links to it', async () => {
    const [file, report] = [join(folder, 'logs of 7.ndjson'), join(folder, 'logged.html')]
    const { code, err } = await sim(...SMALL, '--seed', '7', '--log', file, '--report', report)
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    expect(code).toBe(ExitCode.ok)
    expect(err).toBe(
      `earshot: the log is in ${file}: ${lines.length - 1} records\nearshot: the report is in ${report}\n`,
    )
    expect(JSON.parse(lines[0]!)).toMatchObject({
      type: 'earshot.recording/1',
      earshot: expect.any(String),
      scenario: 'steady',
      seed: 7,
    })
    expect(JSON.parse(lines[1]!)).toMatchObject({ type: 'earshot.log/1', name: 'simulator' })
    const page = await readFile(report, 'utf8')
    expect(page).toContain('<a href="./logs%20of%207.ndjson">logs of 7.ndjson</a>')
  })

  it('goes with a replay, which is the same run still', async () => {
    const { records } = await sim(...SMALL, '--seed', '7', '--json')
    const file = join(folder, 'replayed.ndjson')
    const { err } = await sim('--replay', String(records[1]?.['replay']), '--log', file)
    expect(err).toContain('the same hash: it went exactly as before')
    expect(err).toContain(`the log is in ${file}: `)
  })

  it('tells what failed, there where it failed', async () => {
    const file = join(folder, 'trouble.ndjson')
    await sim(TROUBLE, '--seed', '3', '--log', file)
    expect(await readFile(file, 'utf8')).toContain(
      '"level":50,"levelName":"error","msg":"seed 3 is odd","fields":{"event":"failure","check":"odd-seed"}',
    )
  })
})

describe('--replay', () => {
  it('of a result of --json runs it again, and says that it went the same way', async () => {
    const first = await sim(...SMALL, '--seed', '7', '--json')
    const file = join(folder, 'result.json')
    await writeFile(file, first.out)
    const { code, out, err } = await sim('--replay', file)
    expect({ code, err }).toEqual({
      code: ExitCode.ok,
      err: 'earshot: the same hash: it went exactly as before\n',
    })
    expect(out).toContain(`hash       ${first.records[1]?.['hash']}`)
    const [, result] = (await sim('--replay', file, '--json')).records
    expect(result).toMatchObject({ sameHash: true, expectedHash: first.records[1]?.['hash'] })
  })

  it('of a sweep takes the first that failed, and says which', async () => {
    const file = join(folder, 'sweep.json')
    const results = [
      await sim(TROUBLE, '--seed', '2', '--json'),
      await sim(TROUBLE, '--seed', '5', '--json'),
    ]
    await writeFile(file, results.map(({ out }) => out).join(''))
    const { code, out, err } = await sim('--replay', file)
    expect(code).toBe(ExitCode.failure)
    expect(out).toContain('seed 5 is odd')
    expect(err).toContain(`${file} has 2 results; this is seed 5, the first that failed\n`)
    expect(err).toContain('the same hash')
  })

  it('of the command that was printed runs that', async () => {
    const { out } = await sim(TROUBLE, '--seed', '3')
    const command = /run it again: (.+)\n/.exec(out)?.[1] ?? ''
    for (const text of [command, `$ npx ${command}`, `run it again: ${command}`]) {
      const again = await sim('--replay', text)
      expect(again.code).toBe(ExitCode.failure)
      expect(again.err).toContain('the same hash')
    }
  })

  it('says when it went another way', async () => {
    const { code, err } = await sim(
      '--replay',
      `sim ${SMALL.join(' ')} --seed 7 --hash 0123456789abcdef`,
    )
    expect(code).toBe(ExitCode.ok)
    expect(err).toContain('another hash than 0123456789abcdef')
  })

  it.each([
    [['--replay', 'no-such-file.json'], 'cannot read no-such-file.json'],
    [['--replay', 'earshot sim steady'], 'what to replay names no --seed'],
    [['--replay', 'earshot sim steady --sede 5'], "unknown option '--sede'"],
    [['--replay', 'earshot sim steady --seed 5', '--nodes', '5'], 'leave --nodes out'],
  ])('%j is a usage error', async (args, text) => {
    const { code, err } = await sim(...args)
    expect(code).toBe(ExitCode.usage)
    expect(err).toContain(text)
  })
})

describe('--list', () => {
  it('has every scenario, a line each, with nodes, time and summary', async () => {
    const { code, out } = await sim('--list')
    expect(code).toBe(ExitCode.ok)
    const rows = out
      .trim()
      .split('\n')
      .map((line) => line.split('\t'))
    expect(rows.map(([name]) => name)).toEqual(SCENARIOS.map(({ name }) => name))
    expect(rows.every((row) => row.length === 4)).toBe(true)
  })

  it('on a terminal is a table, with settings and checks', async () => {
    const { out } = await runInside(['sim', '--list'], { terminal: true, env: { NO_COLOR: '1' } })
    expect(out).toMatch(/^SCENARIO +NODES +FOR +WHAT\n/)
    expect(out).toMatch(/\n {2}weather=own +weather of all networks/)
    for (const { name } of CHECKS) expect(out).toContain(`\n  ${name} `)
    expect(out).not.toContain('…')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('with --json has settings with their ranges', async () => {
    const { records } = await sim('--list', '--json')
    expect(records).toHaveLength(SCENARIOS.length + CHECKS.length)
    expect(records.find(({ name }) => name === 'steady')).toMatchObject({
      type: 'earshot.sim-scenario/1',
      nodes: expect.any(Number),
      durationMs: expect.any(Number),
      settings: { everyMs: { kind: 'number', default: 1_000, min: 0, isWhole: false } },
    })
  })

  it('comes with the help where nothing is asked for', async () => {
    const { code, out } = await runInside(['sim'])
    expect(code).toBe(ExitCode.ok)
    expect(out).toMatch(/^Usage: earshot sim /)
    expect(out).toContain('\nsteady\t')
    expect(out).not.toContain('--interface')
  })
})

describe('a mistake', () => {
  it.each([
    [['stedy'], "there is no 'stedy'; did you mean steady?"],
    [['qwertz'], 'there are: '],
    [['steady', '--set', 'foo=1'], 'setting foo: no such setting; there are: weather'],
    [['steady', '--set', 'everyMs=soon'], "setting everyMs: 'soon'; expected a number, 0 or more"],
    [['roaming', '--set', 'floors=2.5'], "floors: '2.5'; expected a whole number, 2 to 50"],
    [['steady', '--set', 'everyMs'], "setting 'everyMs' is invalid: expected KEY=VALUE"],
    [['steady', '--skip-check', 'x'], "option skip-check: 'x' is no check; there are: "],
    [['steady', '--nodes', '70000'], 'option nodes: 70000 is no count'],
    [['steady', '--nodes', '0'], 'Expected a whole number'],
    [['steady', '--for', 'ever'], 'Expected a time such as'],
    [['steady', '--seed', 'a b'], 'Expected a whole number, or a word'],
    [['steady', '--seeds', '9..1'], 'Expected seeds such as 1..1000'],
    [['steady', '--seeds', '3', '--seed', '1'], 'cannot be used with option'],
    [['steady', '--seeds', '3', '--report', 'x.html'], 'cannot be used with option'],
    [['steady', '--seeds', '3', '--log', 'x.ndjson'], 'cannot be used with option'],
    [['steady', '--log', '/none/x.ndjson'], '--log: there is no folder for /none/x.ndjson'],
    [['steady', '--log', tmpdir()], `--log: cannot write ${tmpdir()}: EISDIR`],
    [['steady', '--log', 'x', '--report', './x'], '--log and --report are one file'],
    [['steady', '--seeds', '3', '--set', 'foo=1'], 'setting foo: no such setting'],
    [['steady', '--jobs', '3'], 'give --seeds'],
    [['steady', '--hash', 'xyz'], 'Expected a hash of 16'],
    [['steady', '--hash', '0123456789abcdef'], 'give --seed'],
    [['steady', '--group', 'x'], '--group means nothing here'],
    [['steady', '-n', '5'], 'did you mean --nodes (-N)?'],
    [['./no-such-file.js'], 'option scenario: cannot load ./no-such-file.js: '],
    [[fileURLToPath(new URL('made.ts', import.meta.url))], 'has no scenario as its default export'],
  ])('%j is exit code 2, and named', async (args, text) => {
    const { code, out, err } = await sim(...args)
    expect(err).toContain(text)
    expect({ code, out }).toEqual({ code: ExitCode.usage, out: '' })
  })
})

describe('seeds', () => {
  it.each([
    ['1..4', [1, 2, 3, 4]],
    ['1,5,9', [1, 5, 9]],
    ['3', [1, 2, 3]],
    ['3,', undefined],
    ['7..7', [7]],
    ['2..3,10', [2, 3, 10]],
    ['0', undefined],
    ['4..2', undefined],
    ['1..999999999', undefined],
  ])('%j', (text, expected) => {
    if (expected === undefined) expect(() => seedsOption(text)).toThrow('Expected seeds')
    else expect([...seedsOption(text)]).toEqual(expected)
  })

  it('of one run are numbers where they can be', () => {
    expect(['7', '007', 'x-1', '12345678901234567'].map(seedOption)).toEqual([
      7,
      '007',
      'x-1',
      '12345678901234567',
    ])
    for (const text of ['', '-1', 'a b', '$x', "'"]) expect(() => seedOption(text)).toThrow()
  })
})
