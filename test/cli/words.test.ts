import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { createProgram, runProgram } from '../../cli/program.ts'
import { FakeHost, runInside } from './host.ts'

const VERBS = createProgram(new FakeHost()).command.commands.map((verb) => verb.name())

describe('help', () => {
  it('is what the command prints when it is given nothing', async () => {
    const { code, out } = await runBare([])
    expect(code).toBe(ExitCode.ok)
    expect(out).toMatch(/^Usage: earshot \[options\] VERB …\n/)
    for (const verb of VERBS) expect(out).toContain(`\n  ${verb} `)
  })

  it('tells the exit codes, the variables and the scheme of types', async () => {
    const { out } = await runInside(['--help'])
    expect(out).toContain('27 timeout')
    expect(out).toContain('"earshot.shout/1"')
    for (const name of ['NAME', 'INTERFACE', 'PORT', 'MAILBOX_PORT', 'GROUP', 'HEADER']) {
      expect(out).toContain(`EARSHOT_${name}`)
    }
    for (const name of ['JSON', 'TIMEOUT', 'QUIET']) expect(out).toContain(`EARSHOT_${name}`)
  })

  it.each(VERBS)('of %s has examples that begin with the command', async (verb) => {
    const { code, out } = await runInside(['help', verb])
    expect(code).toBe(ExitCode.ok)
    expect(out).toMatch(/\nExamples:\n {2}.*earshot /)
    expect((await runInside([verb, '--help'])).out).toBe(out)
  })

  it('fits a terminal of 80 columns, but for examples', async () => {
    for (const args of [['--help'], ...VERBS.map((verb) => ['help', verb])]) {
      const { out } = await runInside(args)
      const [text = ''] = out.split('\nExamples:')
      expect(Math.max(...text.split('\n').map((line) => line.length)), text).toBeLessThanOrEqual(80)
    }
  })

  it('is coloured on a terminal only', async () => {
    expect((await runInside(['--help'], { terminal: true })).out).toContain('\u001b[1mUsage:')
    expect((await runInside(['--help'])).out).not.toContain('\u001b')
  })

  it('shows the short host name as the default name', async () => {
    expect((await runInside(['--help'])).out).toMatch(/\(default:\s+"kitchen"/)
  })
})

it('--version prints the version alone', async () => {
  expect(await runInside(['--version'])).toEqual({ code: ExitCode.ok, out: '1.2.3\n', err: '' })
})

describe('a mistake on the command line', () => {
  it.each([
    ['an unknown verb', ['shuot'], "unknown command 'shuot' (did you mean shout?)", ''],
    ['an unknown option', ['sub', 'g', '--cuont', '5'], '(did you mean --count?)', ' sub'],
    ['an unknown common option', ['run', '--nmae', 'x'], '(did you mean --name?)', ' run'],
    ['a missing argument', ['sub'], "missing required argument 'group'", ' sub'],
    ['a port', ['peers', '--port', '0'], 'Expected a port from 1 to 65535.', ''],
    ['a count', ['sub', 'g', '--count', '0'], 'Expected a whole number, 1 or more.', ' sub'],
    ['a time', ['run', '--timeout', 'soon'], 'Expected a time such as', ''],
    ['an empty group', ['shout', '', 'hi'], 'Expected a group name', ' shout'],
    ['too many arguments', ['chat', 'a', 'b'], 'too many arguments', ' chat'],
    ['an unknown shell', ['completion', 'tcsh'], 'Allowed choices are bash, zsh', ' completion'],
  ])('%s is exit code 2 and one line with what to try', async (_title, args, text, topic) => {
    const { code, out, err } = await runInside(args)
    expect(code).toBe(ExitCode.usage)
    expect(out).toBe('')
    const [message = '', advice = '', ...more] = err.split('\n')
    expect(message).toMatch(/^earshot: /)
    expect(message).toContain(text)
    expect(advice).toBe(`Try: earshot help${topic}`)
    expect(more).toEqual([''])
  })

  it.each([
    ['a header without =', ['run', '--header', 'x'], "header 'x' is invalid: expected NAME=VALUE"],
    ['an empty name', ['run', '--name', ''], 'option name: expected 1 to 255 bytes of UTF-8'],
    ['two sources of text', ['shout', 'g', '--lines', 'hi'], '--lines reads stdin: leave TEXT out'],
    ['an empty peer', ['whisper', '', 'hi', '--port', '9999'], 'PEER is empty'],
  ])('%s is exit code 2 and one line', async (_title, args, text) => {
    const { code, err } = await runInside(args)
    expect({ code, err }).toEqual({ code: ExitCode.usage, err: `earshot: ${text}\n` })
  })

  it('in an error text is shown without its control characters', async () => {
    const { err } = await runInside(['run', '--header', 'a\u001b[31m'])
    expect(err).toContain("header 'a\\x1b[31m' is invalid")
  })
})

describe('a completion script', () => {
  const script = async (shell: string): Promise<string> => {
    return (await runInside(['completion', shell])).out
  }

  it.each(['bash', 'zsh', 'fish'])('for %s knows every verb and every option', async (shell) => {
    const text = await script(shell)
    const { command } = createProgram(new FakeHost())
    for (const verb of [command, ...command.commands]) {
      if (verb !== command) expect(text).toMatch(new RegExp(`\\b${verb.name()}\\b`))
      for (const { long } of verb.options) {
        expect(text, `${verb.name()} ${long}`).toContain(shell === 'fish' ? long?.slice(2) : long)
      }
    }
  })

  it.each([
    [
      ['earshot', ''],
      [...VERBS, 'help'],
    ],
    [
      ['earshot', 's'],
      ['scan', 'shout', 'sub', 'sim'],
    ],
    [['earshot', 'sub', 'chat', '--cou'], ['--count']],
    [['earshot', '--name', 'run', 'pi'], ['ping']],
    [['earshot', 'sub', '--name', ''], []],
    [
      ['earshot', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['earshot', 'help', 'pe'], ['peers']],
    [['earshot', 'peers', '--jso'], ['--json']],
    [
      ['earshot', 'graph', '-f', ''],
      ['text', 'dot', 'mermaid', 'json'],
    ],
    [['earshot', 'logs', '-f', '--fo'], ['--follow']],
    [['earshot', 'logs', '--level', 'wa'], ['warn']],
    [['earshot', '--port', '7', 'log', '--level', 'wa'], ['warn']],
    [['earshot', 'replay', '--view', 'g'], ['graph']],
    [['earshot', 'replay', '--start', ''], []],
    [['earshot', 'top', '--from', 'package.'], ['package.json']],
    [['earshot', 'graph', '--from', 'tsconfig.j'], ['tsconfig.json']],
    [['earshot', 'sim', 'churn', '--log', 'knip.'], ['knip.json']],
    [['earshot', 'record', 'package.j'], ['package.json']],
    [['earshot', 'logs', '--zre-log', '--foll'], ['--follow']],
  ])('for bash completes %j', async (words, completions) => {
    const program = `${await script('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _earshot; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', program, 'bash', ...words], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n').filter(Boolean)).toEqual(completions)
  })
})

async function runBare(args: readonly string[]): Promise<{ code: ExitCode; out: string }> {
  const host = new FakeHost()
  return { code: await runProgram(host, args, host.env), out: host.out }
}
