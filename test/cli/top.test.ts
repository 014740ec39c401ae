import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { runProgram } from '../../cli/program.ts'
import { recordsOf } from '../support/ndjson.ts'
import { it } from './command.ts'
import { FakeHost, runInside } from './host.ts'
import { idOf, madeLine } from './made-snapshot.ts'

type Records = readonly Readonly<Record<string, unknown>>[]

describe.concurrent('top --once', () => {
  it('is a table of all nodes, without itself', async ({ scene }) => {
    await Promise.all(['ada', 'ben', 'cleo'].map((name) => scene.node({ name })))
    const { code, stdout, stderr } = await scene.run(['top', '--once', '--interval', '250ms'])
    expect({ code, stderr }).toEqual({ code: ExitCode.ok, stderr: '' })
    const [summary, heading, ...rows] = stdout.trimEnd().split('\n')
    expect(summary).toMatch(/^\d\d:\d\d:\d\d {2}3 nodes {2}0 msg\/s, 0 B\/s, 0 queued, 0 drops\/s$/)
    expect(heading).toMatch(/^NAME +ID +PEERS +SEES +STATE +RTT .*MSG IN +MSG OUT +B IN +B OUT/)
    expect(rows.map((line) => line.split(/ +/).slice(0, 5))).toEqual(
      ['ada', 'ben', 'cleo'].map((name) => [name, expect.any(String), '2', 'alive', 'alive']),
    )
  })

  it('has a node that hangs and lets nobody in any more, as others see it', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const sleepy = scene.start(['run', '--name', 'sleepy'])
    await ada.next('enter')
    sleepy.signal('SIGSTOP')
    const { stdout } = await scene.run(['top', '--once', '--json', '--interval', '250ms'])
    expect(recordsOf(stdout)).toMatchObject([
      { node: { name: 'ada' }, silence: null, peers: 1 },
      { node: { name: 'sleepy' }, silence: { kind: 'unseen' }, peers: null },
    ])
  })

  it('with --json has the rates of what the nodes say to each other', async ({ scene }) => {
    const [ada, ben] = await Promise.all(['ada', 'ben'].map((name) => scene.node({ name })))
    await ada!.next('enter')
    // One message is always under way.
    const talk = new AbortController()
    const { signal } = talk
    ada!.on('whisper', () => ada!.tryWhisper(ben!.id, 'x'.repeat(100)), { signal })
    ben!.on('whisper', () => ben!.tryWhisper(ada!.id, 'y'.repeat(1_000)), { signal })
    ada!.tryWhisper(ben!.id, 'x')
    const { stdout } = await scene.run([
      ...['top', '--once', '--json', '--interval', '250ms', '--sort', 'bytes-in'],
    ])
    talk.abort()
    const [first, second] = recordsOf(stdout)
    expect(first).toMatchObject({
      type: 'earshot.top/1',
      node: { id: ada!.id, name: 'ada' },
      state: 'alive',
      silence: null,
      peers: 1,
      worstPresence: 'alive',
      drops: 0,
    })
    expect(second).toMatchObject({ node: { id: ben!.id, name: 'ben' } })
    const bytesEach = (record: Records[number], direction: string): number => {
      const bytes = Number(record[`bytes${direction}PerSecond`])
      return bytes / Number(record[`messages${direction}PerSecond`])
    }
    // Of the header of a whisper perhaps a few more.
    expect(bytesEach(first!, 'In') - 1_000).toBeLessThan(20)
    expect(bytesEach(first!, 'Out') - 100).toBeLessThan(20)
    expect(bytesEach(second!, 'In') - 100).toBeLessThan(20)
    expect(bytesEach(second!, 'Out') - 1_000).toBeLessThan(20)
  })

  it('of a dozen nodes has them in the order that people count in, and no warnings', async ({
    scene,
  }) => {
    const names = Array.from({ length: 12 }, (_, i) => `node${i}`)
    await Promise.all(names.map((name) => scene.node({ name })))
    const { stdout, stderr } = await scene.run(['top', '--once', '--json', '--interval', '250ms'])
    expect(stderr).toBe('')
    expect(recordsOf(stdout).map(({ node }) => (node as { name: string }).name)).toEqual(names)
  })

  it('says since when a node does not answer', async ({ scene }) => {
    await scene.node({ name: 'ada' })
    const ben = await scene.node({ name: 'ben' })
    ben.pause()
    const { code, stdout } = await scene.run(['top', '--once', '--interval', '250ms'])
    expect(code).toBe(ExitCode.ok)
    expect(stdout).toContain('2 nodes, 1 no answer')
    expect(stdout).toMatch(/\nben .* no answer since \d\d:\d\d:\d\d\n/)
  })

  it('with --peer has only those', async ({ scene }) => {
    await Promise.all(['node-1', 'node-10', 'xeno'].map((name) => scene.node({ name })))
    const run = async (...peers: readonly string[]): Promise<readonly string[]> => {
      const options = peers.flatMap((peer) => ['--peer', peer])
      const args = ['top', '--once', '--json', '--interval', '250ms', ...options]
      const { stdout } = await scene.run(args)
      return recordsOf(stdout).map(({ node }) => (node as { name: string }).name)
    }
    expect(await run('node-1')).toEqual(['node-1'])
    expect(await run('node', 'xe')).toEqual(['node-1', 'node-10', 'xeno'])
    const { code, stderr } = await scene.run(['top', '--once', '--peer', 'nobody'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toMatch(/^earshot: no peer 'nobody'; those who are there: /)
  })

  it('ends with 3 where nobody is', async ({ scene }) => {
    const { code, stderr } = await scene.run(['top', '--once', '--timeout', '100ms'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toMatch(/^earshot: nobody answers within 100 ms on lo/)
  })
})

describe.concurrent('top', () => {
  it('in a pipe prints one table after the other, and who has left', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    await scene.node({ name: 'ben' })
    const top = scene.start(['top', '--interval', '250ms'])
    await top.line('2 nodes')
    await top.line('')
    await ada.stop()
    expect(await top.line('it said goodbye')).toMatch(/^ada .* gone .* \d\d:\d\d:\d\d, it said/)
    top.signal('SIGINT')
    expect(await top.ended()).toMatchObject({ code: ExitCode.interrupted, stderr: '' })
  })

  it('ends with 27 when its time is over', async ({ scene }) => {
    const { code, stderr } = await scene.run(['top', '--timeout', '300ms'])
    expect(code).toBe(ExitCode.timeout)
    expect(stderr).toBe('earshot: ended by --timeout after 300 ms\n')
  })

  it.for([
    [['top', '--interval', '100ms'], 'Expected 250 ms or more.'],
    [['record', '-', '--every', '100ms'], 'Expected 250 ms or more.'],
    [['top', '--sort', 'beauty'], 'Allowed choices are name, id, peers'],
    [['top', '--from', 'x', '--interval', '1s'], '--interval is for live tables'],
  ] as const)('%j is exit code 2', async ([args, text]) => {
    const { code, err } = await runInside(args)
    expect(code).toBe(ExitCode.usage)
    expect(err).toContain(text)
  })
})

/** Runs it in this process, on a terminal whose keys a test can press. */
class Keyboard extends FakeHost {
  readonly #ending: AbortController
  readonly keys = new PassThrough()
  readonly rawModes: boolean[] = []
  override readonly stdin = Object.assign(this.keys, {
    isTTY: true,
    setRawMode: (mode: boolean) => this.rawModes.push(mode),
  })

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const ending = new AbortController()
    super({ terminal: true, columns, env, signal: ending.signal })
    this.#ending = ending
    Object.assign(this.stdout, { rows })
  }

  override interrupt(): void {
    this.#ending.abort('interrupted')
  }

  run(...args: readonly string[]): Promise<ExitCode> {
    return runProgram(this, ['--interface', '127.0.0.1', ...args], this.env)
  }

  /** The screen as it was drawn last. */
  get screen(): readonly string[] {
    const drawn = this.out.split('\u001b[H').at(-1) ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's language.
    return drawn.replace(/\u001b\[[?\d;]*[a-zA-Z]/g, '').split('\r\n')
  }

  async until(holds: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(15_000)
    while (!holds()) {
      await once(this.stdout, 'data', { signal: limit }).catch(() => {
        throw new Error(`waited in vain; the screen is\n${this.screen.join('\n')}`)
      })
    }
  }

  get isRestored(): boolean {
    return this.out.endsWith('\u001b[?25h\u001b[?1049l') && this.rawModes.join() === 'true,false'
  }
}

describe('on a terminal, top', () => {
  it('stays in place, obeys keys, follows the size, and gives the terminal back', async ({
    scene,
  }) => {
    await Promise.all(['ada', 'ben'].map((name) => scene.node({ name })))
    const listeners = process.listenerCount('exit')
    const host = new Keyboard(80, 24, { NO_COLOR: '1' })
    const ended = host.run('top', '--port', String(scene.port), '--interval', '250ms')
    await host.until(() => host.screen.some((line) => line.startsWith('ben ')))
    expect(host.out.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true)
    expect(host.out).not.toContain('\u001b[1m')
    expect(host.screen).toHaveLength(24)
    expect(host.screen[2]).toMatch(/^NAME +ID +PEERS STATE/)
    host.keys.write('r')
    await host.until(() => host.screen[1]?.startsWith('sorted by NAME ↓') === true)
    await host.until(() => host.screen[3]?.startsWith('ben ') === true)
    host.keys.write('\u001b[C')
    await host.until(() => host.screen[1]?.startsWith('sorted by ID ↑') === true)
    Object.assign(host.stdout, { columns: 120, rows: 10 })
    host.stdout.emit('resize')
    await host.until(() => host.screen.length === 10 && host.screen[2]?.includes('DROP/S') === true)
    host.keys.write('h')
    await host.until(() => host.screen.some((line) => line.startsWith('Columns, and the keys')))
    host.keys.write('q')
    expect(await ended).toBe(ExitCode.ok)
    expect(host.isRestored).toBe(true)
    expect(process.listenerCount('exit')).toBe(listeners)
  })

  it('gives the terminal back on Ctrl-C, too', async ({ scene }) => {
    const host = new Keyboard(80, 24)
    const ended = host.run('top', '--port', String(scene.port))
    await host.until(() => host.screen.includes('looking for nodes …'))
    host.keys.write('\u0003')
    expect(await ended).toBe(ExitCode.interrupted)
    expect(host.isRestored).toBe(true)
  })

  it('gives the terminal back before it tells what went wrong', async ({ scene }) => {
    const host = new Keyboard(80, 24)
    const args = ['top', '--port', String(scene.port), '--timeout', '300ms']
    expect(await host.run(...args)).toBe(ExitCode.timeout)
    expect(host.isRestored).toBe(true)
    expect(host.err).toContain('ended by --timeout')
  })

  it('that is dumb prints table after table', async ({ scene }) => {
    await scene.node({ name: 'ada' })
    const host = new Keyboard(80, 24, { TERM: 'dumb' })
    const ended = host.run('top', '--port', String(scene.port), '--interval', '250ms')
    await host.until(() => host.out.includes('\n\n'))
    host.interrupt()
    expect(await ended).toBe(ExitCode.interrupted)
    expect(host.out).not.toContain('\u001b')
    expect(host.rawModes).toEqual([])
  })
})

/** Three tables: messages are counted, then c is gone, and b no more heard by a. */
function recording(): string {
  const seconds = (n: number): number => Date.UTC(2026, 0, 1, 12) + n * 1_000
  return [
    `{"type":"earshot.recording/1","at":${seconds(0)},"earshot":"1"}`,
    madeLine(seconds(0), 'a', { b: {}, c: {} }),
    madeLine(seconds(0), 'b', { a: { messagesIn: 5 }, c: {} }),
    madeLine(seconds(0), 'c', { a: {}, b: {} }),
    madeLine(seconds(2), 'a', { b: {}, c: {} }),
    'not a line of a recording',
    madeLine(seconds(2), 'b', { a: { messagesIn: 25 }, c: {} }),
    madeLine(seconds(2), 'c', { a: {}, b: {} }),
    madeLine(seconds(4), 'a', {}),
    madeLine(seconds(4), 'b', { a: { messagesIn: 25, presence: 'silent' } }),
  ].join('\n')
}

describe('top --from', () => {
  it('with --json has each table of the recording, from stdin too', async () => {
    const host = new FakeHost({ input: recording() })
    const code = await runProgram(host, ['top', '--from', '-', '--json'], host.env)
    expect(code).toBe(ExitCode.ok)
    const brief = recordsOf(host.out).map(({ node, time, state, messagesInPerSecond: rate }) => {
      return [(node as { name: string }).name, time, state, rate]
    })
    expect(brief).toEqual([
      ['a', '2026-01-01T12:00:00.000Z', 'alive', null],
      ['b', '2026-01-01T12:00:00.000Z', 'alive', null],
      ['c', '2026-01-01T12:00:00.000Z', 'alive', null],
      ['a', '2026-01-01T12:00:02.000Z', 'alive', 0],
      ['b', '2026-01-01T12:00:02.000Z', 'alive', 10],
      ['c', '2026-01-01T12:00:02.000Z', 'alive', 0],
      ['a', '2026-01-01T12:00:04.000Z', 'silent', null],
      ['b', '2026-01-01T12:00:04.000Z', null, 0],
    ])
    expect(host.err).toBe('earshot: 1 damaged line passed over\n')
  })

  it('in a pipe prints all tables, with --once the last', async () => {
    const tables = async (...options: readonly string[]): Promise<number> => {
      const host = new FakeHost({ input: recording() })
      await runProgram(host, ['top', '--from', '-', ...options], host.env)
      return host.out.match(/^NAME /gm)?.length ?? 0
    }
    expect(await tables()).toBe(3)
    expect(await tables('--once')).toBe(1)
  })

  it('on a terminal turns the pages', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-'))
    const file = join(folder, 'rec.ndjson')
    writeFileSync(file, recording())
    const host = new Keyboard(80, 24)
    const ended = host.run('top', '--from', file)
    await host.until(() => host.screen[1]?.includes('table 3 of 3') === true)
    expect(host.screen[0]).toContain('2 nodes')
    host.keys.write('[')
    await host.until(() => host.screen[1]?.includes('table 2 of 3') === true)
    expect(host.screen[0]).toContain('3 nodes')
    host.keys.write('q')
    expect(await ended).toBe(ExitCode.ok)
    expect(host.isRestored).toBe(true)
    await rm(folder, { recursive: true })
  })

  it.for([
    ['a file that is not there', 'missing.ndjson', '', /cannot read missing.ndjson: ENOENT/],
    ['nothing', '-', '', /^earshot: - is no recording that this version can read; .*\n$/],
    [
      'other lines only',
      '-',
      '{"type":"earshot.dropped/1","at":1,"count":2}\nx\n',
      /^earshot: 2 lines missing .*\n.*1 damaged line .*\n.*holds no snapshots of nodes\n$/,
    ],
  ] as const)('of %s is exit code 1', async ([, path, input, text]) => {
    const host = new FakeHost({ input })
    const code = await runProgram(host, ['top', '--from', path], host.env)
    expect(code).toBe(ExitCode.failure)
    expect(host.err).toMatch(text)
  })
})

describe.concurrent('graph', () => {
  it('of a mesh has all pairs, without itself', async ({ scene }) => {
    await Promise.all(['ada', 'ben', 'cleo'].map((name) => scene.node({ name })))
    const { code, stdout, stderr } = await scene.run(['graph', '--strict'])
    expect({ code, stderr }).toEqual({ code: ExitCode.ok, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => line.split('\t')).map((f) => [f[0], f[1], f[3], f[5]])).toEqual([
      ['mutual', 'ada', 'ben', 'alive'],
      ['mutual', 'ada', 'cleo', 'alive'],
      ['mutual', 'ben', 'cleo', 'alive'],
    ])
  })

  it('has who takes no part in the log, and takes it for nobody’s fault', async ({ scene }) => {
    const quiet = await scene.node({ name: 'quiet', log: false })
    const ada = await scene.node({ name: 'ada' })
    await ada.next('enter')
    const { code, stdout } = await scene.run(['graph', '--strict', '--format', 'json'])
    expect(code).toBe(ExitCode.ok)
    const [graph] = recordsOf(stdout)
    expect(graph).toMatchObject({
      type: 'earshot.graph/1',
      nodes: [
        { name: 'ada', answered: true },
        { name: 'quiet', answered: false },
      ],
      edges: [{ from: ada.id, to: quiet.id, presence: 'alive', kind: 'unanswered' }],
      asymmetric: 0,
    })
  })

  it('of a recording is that of its end; --strict finds the asymmetric pair', async () => {
    const run = async (...options: readonly string[]): Promise<FakeHost & { code: ExitCode }> => {
      const host = new FakeHost({ input: recording() })
      const code = await runProgram(host, ['graph', '--from', '-', '-q', ...options], host.env)
      return Object.assign(host, { code })
    }
    const plain = await run()
    expect(plain.code).toBe(ExitCode.ok)
    expect(plain.out).toBe(`asymmetric\tb\t${idOf('b')}\ta\t${idOf('a')}\tsilent\n`)
    const strict = await run('--strict', '--format', 'dot')
    expect(strict.code).toBe(ExitCode.failure)
    expect(strict.out).toContain('label="not seen by a, silent"')
    expect(strict.err).toBe('earshot: 1 pair is asymmetric\n')
    expect((await run('--format', 'mermaid')).out).toContain('-.->|"not seen by a, silent"|')
  })

  it('ends with 3 where nobody is', async ({ scene }) => {
    const { code } = await scene.run(['graph', '--timeout', '100ms'])
    expect(code).toBe(ExitCode.noSuchPeer)
  })
})
