/** The mesh-wide log on the command line: real processes, on the loopback interface. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import type { EnterEvent } from '../../src/index.ts'
import { meshLog } from '../../src/index.ts'
import type { Scene } from './command.ts'
import { it } from './command.ts'

const LOGGING_NODE: string = fileURLToPath(new URL('fixtures/logging-node.mjs', import.meta.url))
const STEPS = 60
const LIMIT_MS = 20_000

type Logged = Record<string, unknown> & { readonly fields: Record<string, unknown> }

/** Processes that log through pino and hand a token round; `end` ends those that are left. */
class LoggingNodes {
  readonly #children: ReturnType<typeof spawn>[] = []
  readonly #port: number

  constructor({ port }: Scene) {
    this.#port = port
  }

  /** Starts one; gives what waits for a word that it says. */
  start(name: string): { says(word: string): Promise<void>; go(): void } {
    const args = [LOGGING_NODE, name, String(this.#port), String(STEPS)]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    const says = async (word: string): Promise<void> => {
      const limit = AbortSignal.timeout(LIMIT_MS)
      while (!said.includes(word)) await once(child.stdout, 'data', { signal: limit })
    }
    return { says, go: () => void child.stdin.write('go\n') }
  }

  async end(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
  }
}

function isEye({ peer }: EnterEvent): boolean {
  return peer.name === 'eye'
}

function logged(records: readonly Record<string, unknown>[], msg: string): Logged[] {
  return records.filter(({ type, msg: each }) => {
    return type === 'earshot.log/1' && each === msg
  }) as Logged[]
}

function checkRound(records: readonly Record<string, unknown>[]): void {
  const steps = logged(records, 'step')
  expect(steps.map(({ fields }) => fields['step'])).toEqual(
    Array.from({ length: STEPS + 1 }, (_, i) => i),
  )
  expect(steps.map(({ name }) => name)).toEqual(steps.map((_, i) => 'abc'[i % 3]))
  // All of them, and each between its step and the next.
  const round = records.filter(({ msg }) => msg === 'step' || msg === 'work') as Logged[]
  expect(round.map(({ fields }) => fields['step'])).toEqual(
    Array.from({ length: (STEPS + 1) * 11 }, (_, i) => Math.floor(i / 11)),
  )
  expect(records.filter(({ type }) => type === 'earshot.lost/1')).toEqual([])
  for (const name of ['a', 'b', 'c']) {
    const seqs = records
      .filter((each) => each['name'] === name && 'seq' in each)
      .map(({ seq }) => seq as number)
    expect(seqs).toEqual([...seqs].sort((x, y) => x - y))
  }
}

describe.concurrent('logs', () => {
  it('collects what three processes log through pino, whole and in order, live and afterwards', async ({
    scene,
  }) => {
    const nodes = new LoggingNodes(scene)
    try {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => nodes.start(name))
      await Promise.all([a, b, c].map((each) => each!.says('ready')))
      const live = scene.start(['logs', '--json', '--follow', '--level', 'debug', '--name', 'eye'])
      for (const name of ['a', 'b', 'c']) await live.record('source', `"name":"${name}"`)
      a!.go()
      await Promise.all([a!.says('through'), live.record('log', `"step":${STEPS},"i":9`)])
      checkRound(live.records)
      const { code, stdout } = await scene.run(['logs', '--json', '--level', 'debug'])
      expect(code).toBe(ExitCode.ok)
      checkRound(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      )
    } finally {
      await nodes.end()
    }
  })

  it('is NDJSON in a pipe, and lines with --pretty, without what terminals obey', async ({
    scene,
  }) => {
    const ada = await scene.node({ name: 'ada' })
    meshLog(ada).record('warn', 'the \u001b[31mcellar', { wet: true, text: 'a b' })
    const { stdout } = await scene.run(['logs', '--level', 'warn'])
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
      type: 'earshot.log/1',
      node: ada.id,
      name: 'ada',
      level: 40,
      levelName: 'warn',
      msg: 'the \u001b[31mcellar',
      fields: { wet: true, text: 'a b' },
    })
    const pretty = await scene.run(['logs', '--level', 'warn', '--pretty'])
    expect(pretty.stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}WARN {3}ada {7}the \\x1b\[31mcellar {2}wet=true text="a b"\n$/,
    )
    expect(pretty.stderr).toBe('earshot: reached the log of 1 node: ada\n')
  })

  it('shows only what is asked for', async ({ scene }) => {
    const [ada, ben] = [await scene.node({ name: 'ada' }), await scene.node({ name: 'ben' })]
    meshLog(ada).record('info', 'one', { group: 'x', port: 80 })
    meshLog(ada).record('info', 'two', { group: 'y', port: '80' })
    meshLog(ben).record('info', 'three', { group: 'x', port: 81 })
    const shown = async (...options: string[]): Promise<unknown[]> => {
      const { stdout } = await scene.run(['logs', '--json', ...options])
      const records = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      // What has nothing to do with each other may be in any order.
      return records
        .filter(({ fields }) => fields?.port !== undefined)
        .map(({ msg }) => msg)
        .sort()
    }
    expect(await shown()).toEqual(['one', 'three', 'two'])
    expect(await shown('--peer', 'ad')).toEqual(['one', 'two'])
    expect(await shown('--peer', ada.id.slice(0, 8).toLowerCase(), '--group', 'x')).toEqual(['one'])
    expect(await shown('--group', 'x', '--group', 'y')).toEqual(['one', 'three', 'two'])
    expect(await shown('--field', 'port=80')).toEqual(['one'])
    expect(await shown('--grep', 'T[wh].* port=8', '--ignore-case')).toEqual(['three', 'two'])
  })

  it('is exit code 3 where nobody is there, or nobody of that name', async ({ scene }) => {
    const alone = await scene.run(['logs', '--timeout', '200ms'])
    expect(alone.code).toBe(ExitCode.noSuchPeer)
    expect(alone.stderr).toContain('nobody answers within 200 ms')
    await scene.node({ name: 'ada' })
    const { code, stderr } = await scene.run(['logs', '--peer', 'ben'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toContain("no peer 'ben'; those who are there: ada")
  })
})

describe.concurrent('log', () => {
  it('gives lines of stdin to those who follow the log, before it ends', async ({ scene }) => {
    const logs = scene.start(['logs', '-f', '--json', '--name', 'eye'])
    await scene.node({ name: 'ada' })
    await logs.record('source', '"name":"ada"')
    const lines = Array.from({ length: 3_000 }, (_, i) => `line ${i}`)
    const own = '{"level":50,"time":1,"msg":"from pino","x":1}'
    const { code } = await scene.run(['log', '--name', 'app', '--field', 'file=x'], {
      input: `${lines.join('\n')}\n${own}\n`,
    })
    expect(code).toBe(ExitCode.ok)
    expect(await logs.record('log', 'from pino')).toMatchObject({ level: 50, fields: { x: 1 } })
    const got = logs.records.filter(({ fields }) => (fields as Logged)?.['file'] === 'x')
    expect(got.map(({ msg }) => msg)).toEqual(lines)
  })
})

describe.concurrent('trace', () => {
  it('follows a shout to every member', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    const ben = await scene.node({ name: 'ben', groups: ['lobby'] })
    const met = [ada, ben].map((each) => each.next('enter', { where: isEye }))
    const trace = scene.start(['trace', '--follow', '--json', '--name', 'eye'])
    await Promise.all(met)
    const shout = await scene.run(['shout', 'lobby', '--wait', '2', '--trace', '-n', 'cy', 'hello'])
    expect(shout.stdout.split('\n')[0]).toMatch(
      /^[\d:.]+ {2}shout from cy to lobby, 2 receivers, 5 bytes$/,
    )
    for (const name of ['ada', 'ben']) {
      expect(shout.stdout).toMatch(
        new RegExp(`\\n  ${name} +accepted [\\d.]+  written [\\d.]+  received [\\d.]+  handled`),
      )
    }
    expect(await trace.record('trace')).toMatchObject({
      kind: 'shout',
      from: { name: 'cy' },
      group: 'lobby',
      bytes: 5,
      receivers: expect.arrayContaining([
        expect.objectContaining({ name: 'ada', outcome: 'handled' }),
        expect.objectContaining({ name: 'ben', outcome: 'handled' }),
      ]),
    })
  })
})

const folder = mkdtempSync(join(tmpdir(), 'earshot-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.concurrent('record and replay', () => {
  it('shows from the file what was there live, through the same views', async ({ scene }) => {
    const file = join(folder, 'mesh.ndjson')
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    const entered = ada.next('join', { where: ({ peer }) => peer.name === 'eye' })
    const record = scene.start(['record', file, '-n', 'eye', '-g', 'lobby', '--every', '250ms'])
    await entered
    await ada.shout('lobby', 'hello', { trace: true })
    meshLog(ada).record('error', 'the end', { why: 'wet' })
    await until(() => {
      const text = readFileSync(file, 'utf8')
      return (
        text.includes('the end') && text.includes(`"earshot.snapshot/1"`) && hasOf(text, ada.id)
      )
    })
    record.signal('SIGINT')
    expect((await record.ended()).code).toBe(ExitCode.interrupted)
    const records = read(file)
    expect(records[0]).toMatchObject({ type: 'earshot.recording/1', name: 'eye' })
    for (const { at } of records) expect(at).toBeGreaterThan(1e12)
    const ats = records.map(({ at }) => at)
    expect(ats).toEqual([...ats].sort())

    const replay = (...options: string[]) => scene.run(['replay', file, ...options])
    expect((await replay('--level', 'error', '--pretty')).stdout).toMatch(
      / {2}ERROR {2}ada {7}the end {2}why=wet\n$/,
    )
    const log = lines((await replay('--level', 'error')).stdout)
    expect(log.at(-1)).toMatchObject({ type: 'earshot.log/1', msg: 'the end' })
    expect(lines((await replay('--view', 'trace')).stdout)).toMatchObject([
      { kind: 'shout', complete: true, receivers: [{ name: 'eye', outcome: 'handled' }] },
    ])
    const events = (await replay('--view', 'events', '--pretty')).stdout
    expect(events).toMatch(/ {2}shout {4}ada {7}lobby: hello\n/)
    expect(events.trimEnd()).toMatch(/ {2}stop$/)
  })

  it('overwrites nothing without --force, and says what is no recording', async ({ scene }) => {
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'my notes\n')
    const kept = await scene.run(['record', file])
    expect(kept.code).toBe(ExitCode.usage)
    expect(kept.stderr).toBe(`earshot: ${file} is there already; --force overwrites it\n`)
    const read = await scene.run(['replay', file])
    expect(read.code).toBe(ExitCode.failure)
    expect(read.stderr).toContain('is no recording that this version can read')
    const missing = await scene.run(['replay', `${file}.not`])
    expect(missing.code).toBe(ExitCode.failure)
    expect(missing.stderr).toContain('cannot read')
  })

  it('goes through pipes', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const record = scene.start(['record', '-'])
    meshLog(ada).record('error', 'piped')
    await record.record('source', '"ada"')
    meshLog(ada).record('error', 'piped')
    await record.record('log', 'piped')
    const input = `${record.lines.join('\n')}\n{"type":"earshot.log/1","at":1,`
    const { stdout, stderr } = await scene.run(['replay', '-', '--level', 'error'], { input })
    expect(lines(stdout).at(-1)).toMatchObject({ type: 'earshot.log/1', msg: 'piped' })
    expect(stderr).toBe('earshot: the recording is cut short: its last line has no end\n')
  })
})

function hasOf(text: string, id: string): boolean {
  return text
    .split('\n')
    .some((line) => line.includes('snapshot/1') && line.includes(`"node":"${id}"`))
}

function read(file: string): Record<string, unknown>[] {
  return lines(readFileSync(file, 'utf8'))
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Looks again and again: a file tells nobody that it has changed. */
async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: LIMIT_MS, interval: 20 }).toBe(true)
}
