import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

type Case = readonly [title: string, args: readonly string[]]

describe.concurrent('an interrupt', () => {
  it.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s says goodbye first and ends with 130',
    async (signal, { scene }) => {
      const ada = await scene.node({ name: 'ada' })
      const run = scene.start(['run'])
      await ada.next('enter')
      const exit = ada.next('exit')
      run.signal(signal)
      const { code, stderr } = await run.ended()
      expect(code).toBe(ExitCode.interrupted)
      expect((await exit).reason).toBe('goodbye')
      expect(stderr).not.toContain('Error')
    },
  )

  it.for<Case>([
    ['watch', ['watch']],
    ['sub', ['sub', 'ops']],
    ['peers that wait', ['peers', '--wait', '5']],
    ['shout that waits', ['shout', 'ops', '--wait', '5', 'hi']],
    ['shout that reads lines', ['shout', 'ops', '--lines']],
    ['whisper that reads stdin', ['whisper', 'ada']],
    ['chat', ['chat', 'ops']],
    ['ping', ['ping', '--count', '1000']],
  ])('ends %s with 130 and says nothing more', async ([_title, args], { scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const command = scene.start([...args, '--quiet'])
    await ada.next('enter')
    command.signal('SIGINT')
    expect(await command.ended()).toMatchObject({ code: ExitCode.interrupted, stderr: '' })
  })

  it('lets ping sum up before it ends', async ({ scene }) => {
    await scene.node({ name: 'ada' })
    const ping = scene.start(['ping', '--count', '1000', '--interval', '20ms'])
    await ping.line('seq=2')
    ping.signal('SIGINT')
    const { code, stdout } = await ping.ended()
    expect(code).toBe(ExitCode.interrupted)
    expect(stdout).toMatch(/--- ada .*\n\d+ sent, \d+ answered/)
  })
})

describe.concurrent('a reader that has seen enough', () => {
  it('ends the command quietly with 0, and with a goodbye', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const sub = scene.start(['sub', 'ops'])
    await ada.next('join')
    await ada.shout('ops', 'first')
    await sub.line('first')
    sub.closeOutput()
    const exit = ada.next('exit')
    await ada.shout('ops', 'second')
    expect(await sub.ended()).toMatchObject({ code: ExitCode.ok, stderr: '' })
    expect((await exit).reason).toBe('goodbye')
  })
})

describe.concurrent('--timeout', () => {
  it.for<Case>([
    ['run', ['run']],
    ['watch', ['watch']],
    ['sub', ['sub', 'ops']],
    ['chat', ['chat', 'ops']],
  ])('ends %s with 27', async ([_title, args], { scene }) => {
    const command = scene.start([...args, '--timeout', '100ms', '--quiet'])
    expect(await command.ended()).toMatchObject({
      code: ExitCode.timeout,
      stderr: 'earshot: ended by --timeout after 100 ms\n',
    })
  })
})

describe.concurrent('the environment', () => {
  it('sets every common option', async ({ scene }) => {
    const run = scene.start(['run'], {
      env: {
        EARSHOT_NAME: 'from-env',
        EARSHOT_GROUP: 'a, b',
        EARSHOT_HEADER: 'K=v,L=w',
        EARSHOT_JSON: '1',
        EARSHOT_QUIET: '1',
        EARSHOT_TIMEOUT: '5s',
      },
    })
    const ada = await scene.node({ name: 'ada' })
    const { peer } = await ada.next('enter')
    expect(peer).toMatchObject({
      name: 'from-env',
      groups: ['a', 'b'],
      headers: { K: 'v', L: 'w' },
    })
    expect(await run.record('node')).toMatchObject({ name: 'from-env' })
    expect(run.stderr).toBe('')
  })

  it('gives way to the command line', async ({ scene }) => {
    const env = { EARSHOT_NAME: 'from-env', EARSHOT_GROUP: 'a,b', EARSHOT_JSON: '1' }
    const run = scene.start(['run', '--name', 'from-args', '--group', 'x,y'], { env })
    expect(await run.record('node')).toMatchObject({ name: 'from-args', groups: ['x,y'] })
  })

  it('with empty variables and switched-off switches says nothing', async ({ scene }) => {
    const env = { EARSHOT_JSON: '0', EARSHOT_QUIET: 'false', EARSHOT_TIMEOUT: '', EARSHOT_NAME: '' }
    const run = scene.start(['run'], { env })
    await run.stderrHas('is up on lo')
    expect(run.stdout).toBe('')
  })

  it('with a wrong value is exit code 2, and the variable is named', async ({ scene }) => {
    const { code, stderr } = await scene.run(['peers'], { env: { EARSHOT_TIMEOUT: 'soon' } })
    expect(code).toBe(ExitCode.usage)
    expect(stderr).toContain("from env 'EARSHOT_TIMEOUT' is invalid")
  })

  it('with EARSHOT_DEBUG adds where an error comes from', async ({ scene }) => {
    const args = ['run', '--interface', '192.0.2.99']
    const plain = await scene.run(args)
    expect(plain.code).toBe(ExitCode.usage)
    expect(plain.stderr).toMatch(/^earshot: no network interface matches 192\.0\.2\.99; .*\n$/)
    const debug = await scene.run(args, { env: { EARSHOT_DEBUG: '1' } })
    expect(debug.stderr).toMatch(/\n {4}at /)
  })
})
