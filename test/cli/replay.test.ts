/** `earshot replay`: each view of a recording, and the file of a simulation, which has the format of recordings. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { readRecordingLine } from '../../cli/recording/format.ts'
import { createSimulation, LogFile } from '../../sim/index.ts'
import { recordsOf } from '../support/ndjson.ts'
import { runInside } from './host.ts'
import { idOf, madeLine } from './made-snapshot.ts'

const folder = mkdtempSync(join(tmpdir(), 'earshot-'))
const SIMULATED = join(folder, 'sim.ndjson')
const CHURN = join(folder, 'churn.ndjson')
/** Whatever the seed: 2026-01-01, UTC. */
const BEGIN = Date.UTC(2026, 0, 1)

beforeAll(async () => {
  const file = new LogFile(SIMULATED)
  const sim = createSimulation({ seed: 7, log: file.take })
  const debug = { log: { level: 'debug' } } as const
  const nodes = [
    await sim.addNode({ name: 'kitchen', ...debug }),
    await sim.addNode({ name: 'hall', ...debug }),
  ]
  sim.jumpClock('hall', 3_600_000)
  await sim.until(() => nodes.every((node) => node.peers().length === 1))
  await nodes[0]!.whisper(nodes[1]!.id, 'hello', { trace: true })
  await sim.run(1_000)
  sim.kill('hall')
  await sim.run(5_000)
  await sim.stop()
  file.close()
  const args = ['sim', 'churn', '--nodes', '4', '--for', '10s', '--seed', '7', '--log', CHURN]
  await runInside([...args, '--quiet'])
})

afterAll(() => rmSync(folder, { recursive: true }))

const linesOf = (text: string): string[] => text.trimEnd().split('\n')

describe('what a simulation writes', () => {
  it('is read field by field by who reads recordings', () => {
    const [header, ...lines] = linesOf(readFileSync(SIMULATED, 'utf8'))
    expect(readRecordingLine(header!)).toEqual({
      kind: 'header',
      at: BEGIN,
      version: 'of an unknown version',
      observer: undefined,
      simulation: { scenario: undefined, seed: '7' },
    })
    for (const line of lines) {
      const { type, time, at, levelName, nodeTime, offsetMs, ...same } = JSON.parse(line)
      expect(type).toBe('earshot.log/1')
      expect(levelName).toMatch(/^(debug|info|warn|error)$/)
      expect(time).toBe(new Date(at).toISOString())
      expect(readRecordingLine(line)).toEqual({
        kind: 'entry',
        at,
        offsetMs,
        entry: { type: 'record', late: false, time: Date.parse(nodeTime), ...same },
      })
    }
    expect(lines.length).toBeGreaterThan(8)
  })

  it('has the version in its header, as recordings have, where the command wrote it', () => {
    const [header = ''] = linesOf(readFileSync(CHURN, 'utf8'))
    expect(readRecordingLine(header)).toMatchObject({
      kind: 'header',
      at: BEGIN,
      version: '1.2.3',
      simulation: { scenario: 'churn', seed: '7' },
    })
  })

  it('is replayed as log records, with the filters of logs', async () => {
    const all = await runInside(['replay', CHURN])
    expect(all).toMatchObject({ code: ExitCode.ok, err: '' })
    const records = recordsOf(all.out)
    expect(records.every(({ type, at }) => type === 'earshot.log/1' && Number(at) >= BEGIN)).toBe(
      true,
    )
    expect(records.some(({ node }) => node === '0'.repeat(32))).toBe(true)
    const filters = [
      '--peer',
      'node-1',
      '--grep',
      'exited',
      '--field',
      'event=exit',
      '--level',
      'info',
    ]
    const some = recordsOf((await runInside(['replay', CHURN, ...filters])).out)
    expect(some.length).toBeGreaterThan(0)
    expect(some.length).toBeLessThan(records.length)
    for (const { name, msg } of some) expect([name, msg]).toEqual(['node-1', 'peer exited'])
  })

  it('is replayed for people, from one time after the beginning to another', async () => {
    const { out } = await runInside(['replay', SIMULATED, '--pretty', '--end', '10ms'])
    expect(out).toMatch(/^\d\d:00:00\.000 {2}INFO {3}simulator {2}kitchen starts/)
    expect(out).not.toContain('is killed')
    const late = await runInside(['replay', SIMULATED, '--pretty', '--start', '500ms'])
    expect(late.out).toMatch(/^\d\d:00:01\.\d\d\d {2}WARN {3}simulator {2}hall is killed/)
  })

  it('is replayed as traces', async () => {
    const { code, out } = await runInside(['replay', SIMULATED, '--view', 'trace'])
    expect(code).toBe(ExitCode.ok)
    expect(recordsOf(out)).toMatchObject([{ type: 'earshot.trace/1', complete: true }])
    const pretty = (await runInside(['replay', SIMULATED, '--view', 'trace', '--pretty'])).out
    expect(pretty).toMatch(/whisper from kitchen/)
    expect(await runInside(['replay', CHURN, '--view', 'trace', '--pretty'])).toEqual({
      code: ExitCode.ok,
      out: '',
      err: `earshot: no traced messages to show in ${CHURN}\n`,
    })
  })

  it.each(['top', 'graph'])('has nothing for --view %s', async (view) => {
    const { code, err } = await runInside(['replay', SIMULATED, '--view', view])
    expect(code).toBe(ExitCode.failure)
    expect(err).toBe('earshot: the recording holds no snapshots of nodes\n')
  })
})

const seconds = (n: number): number => BEGIN + n * 1_000

/** Two rounds; in the second one b does not see a any more. */
const input = [
  `{"type":"earshot.recording/1","at":${seconds(0)},"earshot":"1","node":"${idOf('me')}","name":"me"}`,
  madeLine(seconds(0), 'me', { a: {}, b: {} }),
  madeLine(seconds(0), 'a', { b: {}, me: {} }),
  madeLine(seconds(0), 'b', { a: {}, me: {} }),
  madeLine(seconds(2), 'a', { b: {} }),
  madeLine(seconds(2), 'b', {}),
  '',
].join('\n')

describe('a recording with snapshots', () => {
  it('is shown as tables, without who recorded it', async () => {
    const { code, out } = await runInside(['replay', '-', '--view', 'top'], { input })
    expect(code).toBe(ExitCode.ok)
    const rows = recordsOf(out).map(({ at, time, node }) => [
      at,
      time,
      (node as { name: string }).name,
    ])
    const round = (at: number): unknown[] => {
      return ['a', 'b'].map((name) => [at, new Date(at).toISOString(), name])
    }
    expect(rows).toEqual([...round(seconds(0)), ...round(seconds(2))])
    const pretty = await runInside(['replay', '-', '--view', 'top', '--pretty', '--peer', 'b'], {
      input,
    })
    expect(pretty.out.match(/^NAME /gm)).toHaveLength(2)
    expect(pretty.out).not.toMatch(/^a /m)
  })

  it('is shown as the graph of its end', async () => {
    const { out } = await runInside(['replay', '-', '--view', 'graph'], { input })
    expect(recordsOf(out)).toMatchObject([
      { type: 'earshot.graph/1', at: seconds(2), asymmetric: 1 },
    ])
    const early = ['replay', '-', '--view', 'graph', '--pretty', '--end', '1s']
    const pretty = await runInside(early, { input })
    expect(pretty.out).toContain('2 nodes, 1 mutual pair')
  })

  it('leaves out who recorded it, though its first lines are', async () => {
    const { out } = await runInside(['replay', '-', '--view', 'graph', '--start', '1s'], { input })
    expect((recordsOf(out)[0]!['nodes'] as unknown[]).length).toBe(2)
  })

  it.each([
    ['top', '--grep', 'x'],
    ['graph', '--peer', 'a'],
    ['trace', '--level', 'warn'],
    ['events', '--field', 'a=b'],
  ])('for --view %s %s is a mistake', async (view, option, value) => {
    const { code, err } = await runInside(['replay', '-', '--view', view, option, value], { input })
    expect({ code, err }).toEqual({
      code: ExitCode.usage,
      err: `earshot: ${option} means nothing to --view ${view}\n`,
    })
  })
})
