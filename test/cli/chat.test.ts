import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

describe.concurrent('chat with piped stdin', () => {
  it('shouts its lines to those who are there, and leaves when stdin ends', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    const texts: string[] = []
    ada.on('shout', ({ message }) => texts.push(message.text()))
    const exit = ada.next('exit')
    const { code, stdout } = await scene.run(['chat', 'lobby'], { input: 'one\n\n//two\nthree' })
    expect(code).toBe(ExitCode.ok)
    expect((await exit).reason).toBe('goodbye')
    expect(texts).toEqual(['one', '/two', 'three'])
    expect(stdout).toBe('* ada joined\n')
  })

  it('prints what others say, and who joins and leaves', async ({ scene }) => {
    const chat = scene.start(['chat', 'lobby', '--name', 'ben'])
    const ada = await scene.node({ name: 'ada', groups: ['lobby', 'other'] })
    const { peer } = await ada.next('join')
    await ada.shout('lobby', 'hello \u001b[31mred')
    await ada.whisper(peer, 'psst')
    await chat.line('psst')
    ada.leave('lobby')
    await chat.line('* ada left')
    ada.join('lobby')
    await chat.until('a second join', () => chat.lines.at(-1) === '* ada joined')
    await ada.stop()
    await chat.until('a second leave', () => chat.lines.at(-1) === '* ada left')
    expect(chat.lines).toEqual([
      '* ada joined',
      'ada: hello \\x1b[31mred',
      'ada (whispers): psst',
      '* ada left',
      '* ada joined',
      '* ada left',
    ])
  })

  it('obeys its commands', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    const chat = scene.start(['chat', 'lobby'])
    await chat.line('* ada joined')
    const whisper = ada.next('whisper')
    chat.write('/w ad only you\n')
    expect((await whisper).message.text()).toBe('only you')
    chat.write('/peers\n')
    expect((await chat.line(ada.id)).split('\t')[0]).toBe('ada')
    chat.write('/help\n')
    await chat.line('/whisper PEER TEXT')
    chat.write('/w nobody hi\n')
    await chat.stderrHas("earshot: no peer 'nobody'; those who are there: ada\n")
    chat.write('/foo\n')
    await chat.stderrHas('earshot: there is no command /foo; /help lists them\n')
    chat.write('/quit\n')
    expect((await chat.ended()).code).toBe(ExitCode.ok)
  })

  it('says so when nobody hears a line', async ({ scene }) => {
    const chat = scene.start(['chat', 'lobby'])
    chat.write('anybody?\n')
    await chat.stderrHas('earshot: nobody else is here: nobody hears it\n')
  })

  it('with --json prints all events, and no prompt', async ({ scene }) => {
    const chat = scene.start(['chat', 'lobby', '--json', '--name', 'bot'])
    expect(await chat.record('node')).toMatchObject({ name: 'bot', groups: ['lobby'] })
    const ada = await scene.node({ name: 'ada', groups: ['lobby'] })
    await chat.record('join')
    const heard = ada.next('shout')
    chat.write('hello\n')
    expect((await heard).message.text()).toBe('hello')
    chat.write('/peers\n')
    expect(await chat.record('peer')).toMatchObject({ id: ada.id, groups: ['lobby'] })
    await ada.stop()
    expect(await chat.record('exit')).toMatchObject({ reason: 'goodbye' })
    expect(chat.records.map(({ type }) => type)).toEqual(
      ['node', 'enter', 'join', 'peer', 'exit'].map((kind) => `earshot.${kind}/1`),
    )
  })
})
