import { existsSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

const canHaveTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')

/** Lines as a person sees them, when nothing was drawn over. */
function seen(text: string): string[] {
  return stripVTControlCharacters(text).split(/\r?\n/)
}

// `script` gives a process a terminal; other systems have it with other options, or not at all.
describe.skipIf(!canHaveTerminal)('on a terminal', () => {
  it('peers is a table with a heading, in colour', async ({ scene }) => {
    await scene.node({ name: 'ada', groups: ['x'] })
    const { code, stdout } = await scene.run(['peers', '--wait', '1'], { terminal: true })
    expect(code).toBe(ExitCode.ok)
    expect(seen(stdout)[0]).toBe('NAME  ID        ENDPOINT         PRESENCE  ROUND TRIP  GROUPS')
    expect(seen(stdout)[1]).toMatch(
      /^ada {3}[0-9A-F]{8} {2}127\.0\.0\.1:\d+ {2}alive {5}.* ms {2}x$/,
    )
    expect(stdout).toContain('\u001b[32malive')
  })

  it('NO_COLOR leaves the table and takes the colours', async ({ scene }) => {
    await scene.node({ name: 'ada' })
    const env = { NO_COLOR: '1' }
    const { stdout } = await scene.run(['peers', '--wait', '1'], { terminal: true, env })
    expect(stdout).toMatch(/^NAME {2}ID/)
    expect(stdout).not.toContain('\u001b[')
  })

  it('chat has a prompt that comes back, with what is typed, below every line of others', async ({
    scene,
  }) => {
    const chat = scene.start(['chat', 'lobby', '--name', 'ben'], { terminal: true })
    await chat.until('the introduction', () => {
      return seen(chat.stdout).includes('* you are ben in lobby; /help lists commands')
    })
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    await ada.next('join')
    chat.write('half ty')
    await chat.until('the typing', () => seen(chat.stdout).at(-1) === 'ben: half ty')
    await ada.shout('lobby', 'an interruption')
    await chat.until('the prompt again', () => {
      return seen(chat.stdout).slice(-2).join('|').endsWith('ada: an interruption|ben: half ty')
    })
    const heard = ada.next('shout')
    chat.write('ped\r')
    expect((await heard).message.text()).toBe('half typed')
    chat.write('/w ad\tpsst\r')
    await chat.line('* only ada hears that')
  })

  it('Ctrl-D leaves a chat with 0, Ctrl-C with 130', async ({ scene }) => {
    for (const [key, code] of [
      ['\u0004', ExitCode.ok],
      ['\u0003', ExitCode.interrupted],
    ] as const) {
      const chat = scene.start(['chat', 'lobby', '--name', 'ben'], { terminal: true })
      await chat.until('the prompt', () => seen(chat.stdout).at(-1) === 'ben: ')
      chat.write(key)
      expect((await chat.ended()).code).toBe(code)
    }
  })

  it('whisper says that it reads the message from there, and whom it reached', async ({
    scene,
  }) => {
    const ada = await scene.node({ name: 'ada' })
    const heard = ada.next('whisper')
    const whisper = scene.start(['whisper', 'ada'], { terminal: true })
    await whisper.line('type the message; Ctrl-D ends it')
    whisper.write('hello\n\u0004')
    expect((await heard).message.text()).toBe('hello\n')
    await whisper.line(`whispered to ada (${ada.id})`)
    expect((await whisper.ended()).code).toBe(ExitCode.ok)
  })
})
