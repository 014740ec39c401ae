import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

describe.concurrent('run', () => {
  it('says first that it is up, with --json as an object', async ({ scene }) => {
    const run = scene.start(['run', '--json', '--name', 'relay', '--group', 'a', '--group', 'b'])
    await run.record('node')
    expect(run.records[0]).toMatchObject({
      type: 'earshot.node/1',
      name: 'relay',
      port: scene.port,
      groups: ['a', 'b'],
      interfaces: [{ address: '127.0.0.1' }],
    })
  })

  it('prints who comes, joins, leaves and goes, and no messages', async ({ scene }) => {
    const run = scene.start(['run', '--json', '--group', 'ops'])
    await run.record('node')
    const ada = await scene.node({ name: 'ada', groups: ['ops'], headers: { 'X-ROLE': 'test' } })
    const enter = await run.record('enter')
    expect(enter['peer']).toMatchObject({
      id: ada.id,
      name: 'ada',
      headers: { 'X-ROLE': 'test' },
      groups: ['ops'],
      presence: 'alive',
      endpoint: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
    })
    await run.record('join', '"ops"')
    ada.join('extra')
    await run.record('join', '"extra"')
    await ada.shout('ops', 'not for run')
    ada.leave('extra')
    await run.record('leave', '"extra"')
    await ada.stop()
    expect(await run.record('exit')).toMatchObject({
      peer: { id: ada.id, name: 'ada' },
      reason: 'goodbye',
    })
    expect(run.stdout).not.toContain('not for run')
  })

  it('shows its name, headers and groups to others', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const entered = ada.next('enter')
    scene.start(['run', '-n', 'relay', '-g', 'a', '-g', 'b', '--header', 'K=v=w', '--header', 'L='])
    const { peer } = await entered
    expect(peer).toMatchObject({
      name: 'relay',
      groups: ['a', 'b'],
      headers: { K: 'v=w', L: '' },
    })
  })

  it('is reachable at the port of --mailbox-port, and says what to do when that is taken', async ({
    scene,
  }) => {
    const first = scene.start(['run', '--json'])
    const ada = await scene.node({ name: 'ada' })
    const { peer } = await ada.next('enter', { where: () => true }).catch(() => {
      throw new Error(first.stderr)
    })
    const port = peer.endpoint.split(':').at(-1)!
    const { code, stderr } = await scene.run(['run', '--mailbox-port', port])
    expect(code).toBe(ExitCode.failure)
    expect(stderr).toMatch(/^earshot: .*; choose another with --port or --mailbox-port\n$/)
  })

  it('in a pipe prints fields between tabs, names of peers made harmless', async ({ scene }) => {
    const run = scene.start(['run'])
    await run.stderrHas('is up on lo (127.0.0.1)')
    const ada = await scene.node({ name: 'a\u001b[31mda\n' })
    const fields = (await run.line('enter')).split('\t')
    expect(fields.slice(1, 4)).toEqual(['enter', 'a\\x1b[31mda\\n', ada.id])
    expect(fields).toHaveLength(6)
  })
})

describe.concurrent('watch', () => {
  it('prints messages and the end, too', async ({ scene }) => {
    const watch = scene.start(['watch', '--json', '--group', 'ops', '--name', 'watcher'])
    const ada = await scene.node({ name: 'ada' })
    const { peer } = await ada.next('join')
    await ada.shout('ops', 'to all')
    await ada.whisper(peer, [new Uint8Array([255]), new TextEncoder().encode('b')])
    expect(await watch.record('shout')).toMatchObject({ group: 'ops', text: 'to all' })
    expect(await watch.record('whisper')).toMatchObject({
      peer: { name: 'ada' },
      frames: [{ base64: '/w==' }, { text: 'b' }],
    })
    watch.signal('SIGINT')
    await watch.ended()
    expect(watch.records.at(-1)).toMatchObject({ type: 'earshot.stop/1' })
  })
})

describe.concurrent('peers', () => {
  it('lists who is there, in the order of names, with round trips', async ({ scene }) => {
    const [hall, ada] = await Promise.all([
      scene.node({ name: 'hall' }),
      scene.node({ name: 'ada', groups: ['ops'], headers: { 'X-ROLE': 'test' } }),
    ])
    const { code, stdout, stderr } = await scene.run(['peers', '--json', '--wait', '2'])
    expect({ code, stderr }).toEqual({ code: ExitCode.ok, stderr: '' })
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records).toMatchObject([
      { type: 'earshot.peer/1', id: ada.id, name: 'ada', groups: ['ops'], presence: 'alive' },
      { type: 'earshot.peer/1', id: hall.id, name: 'hall', groups: [] },
    ])
    for (const { roundTripMs } of records) expect(roundTripMs).toBeGreaterThan(0)
  })

  it('in a pipe prints seven fields a peer and no heading', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['x', 'y'], headers: { A: '1' } })
    const { stdout } = await scene.run(['peers', '--wait', '1'])
    const fields = stdout.replace(/\n$/, '').split('\t')
    expect(fields).toHaveLength(7)
    expect(fields.slice(0, 2)).toEqual(['ada', ada.id])
    expect(fields.slice(3, 4)).toEqual(['alive'])
    expect(fields.slice(5)).toEqual(['x,y', 'X-EARSHOT=1,A=1'])
  })

  it('prints nothing for nobody, says where it looked, and is done', async ({ scene }) => {
    const { code, stdout, stderr } = await scene.run(['peers', '--timeout', '100ms'])
    expect({ code, stdout }).toEqual({ code: ExitCode.ok, stdout: '' })
    expect(stderr).toBe(`earshot: no peers on lo (127.0.0.1), UDP port ${scene.port}\n`)
  })

  it('with --wait ends with 27 when --timeout passes, and lists those who were there', async ({
    scene,
  }) => {
    await scene.node({ name: 'ada' })
    const { code, stdout, stderr } = await scene.run(['peers', '--wait', '2', '-t', '1.5'])
    expect(code).toBe(ExitCode.timeout)
    expect(stdout).toMatch(/^ada\t/)
    expect(stderr).toBe('earshot: 1 of 2 peers were there after 1.5 s\n')
  })

  it('with --wait waits for those who come later', async ({ scene }) => {
    const peers = scene.start(['peers', '--wait', '1', '--json'])
    await scene.node({ name: 'late' })
    expect(await peers.record('peer')).toMatchObject({ name: 'late' })
    expect((await peers.ended()).code).toBe(ExitCode.ok)
  })
})
