import { describe, expect, it } from 'vitest'
import { completeInput, parseInputLine } from '../../cli/chat/input-line.ts'
import { ChatView } from '../../cli/chat/view.ts'
import { painter } from '../../cli/render/style.ts'
import type { NodeEvent, PeerInfo } from '../../src/index.ts'
import { madeMessage, madePeer } from './made.ts'

describe('a line typed into a chat', () => {
  it.each([
    ['hello all', { kind: 'say', text: 'hello all' }],
    ['  indented', { kind: 'say', text: '  indented' }],
    ['hello\r\n', { kind: 'say', text: 'hello' }],
    ['//etc/hosts', { kind: 'say', text: '/etc/hosts' }],
    ['', { kind: 'nothing' }],
    ['   ', { kind: 'nothing' }],
    ['/peers', { kind: 'peers' }],
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
    ['/quit ', { kind: 'quit' }],
    ['/w ben hi there', { kind: 'whisper', peer: 'ben', text: 'hi there' }],
    ['/whisper ben  hi ', { kind: 'whisper', peer: 'ben', text: 'hi ' }],
    ['/w "living room" hi', { kind: 'whisper', peer: 'living room', text: 'hi' }],
  ])('%j is understood', (line, meaning) => {
    expect(parseInputLine(line)).toEqual(meaning)
  })

  it.each(['/w', '/w ben', '/whisper ben   ', '/foo', '/', '/peersx'])(
    '%j is a mistake that says what to do',
    (line) => {
      expect(parseInputLine(line)).toMatchObject({ kind: 'mistake', reason: /\/help|\/whisper/ })
    },
  )
})

describe('the Tab key', () => {
  const names = ['ben', 'living room', 'liv']

  it.each([
    ['/p', ['/peers '], '/p'],
    ['/w b', ['ben '], 'b'],
    ['/whisper L', ['"living room" ', 'liv '], 'L'],
    ['/w "liv', ['"living room" ', 'liv '], '"liv'],
    ['/w ', ['ben ', '"living room" ', 'liv '], ''],
    ['hello', [], 'hello'],
  ])('completes %j', (line, completions, replaced) => {
    expect(completeInput(line, names)).toEqual([completions, replaced])
  })
})

describe('a chat shows', () => {
  const ben = madePeer({ name: 'ben', groups: ['lobby'] })
  const twin = madePeer({ name: 'ben', groups: ['lobby'] })
  const namesake = madePeer({ name: 'ada', groups: ['lobby'] })
  const viewOf = (...members: readonly PeerInfo[]): ChatView => {
    return new ChatView({
      group: 'lobby',
      ownName: 'ada',
      paint: painter(false),
      members: () => members,
    })
  }
  const view = viewOf(ben)
  const message = madeMessage('hi\u001b[31m\n')

  it.each<[NodeEvent, string | undefined]>([
    [{ type: 'shout', peer: ben, group: 'lobby', message }, 'ben: hi\\x1b[31m'],
    [{ type: 'whisper', peer: ben, message }, 'ben (whispers): hi\\x1b[31m'],
    [{ type: 'join', peer: ben, group: 'lobby' }, '* ben joined'],
    [{ type: 'leave', peer: ben, group: 'lobby' }, '* ben left'],
    [{ type: 'exit', peer: ben, reason: 'goodbye', lost: 0 }, '* ben left'],
    [
      { type: 'exit', peer: ben, reason: 'closed', lost: 0 },
      '* ben is gone: its process ended without a goodbye',
    ],
    [{ type: 'shout', peer: ben, group: 'other', message }, undefined],
    [{ type: 'join', peer: ben, group: 'other' }, undefined],
    [
      { type: 'exit', peer: madePeer({ groups: ['other'] }), reason: 'goodbye', lost: 0 },
      undefined,
    ],
    [{ type: 'enter', peer: ben }, undefined],
    [{ type: 'evasive', peer: ben }, undefined],
  ])('$type as it should', (event, line) => {
    expect(view.line(event)).toBe(line)
  })

  it('a bit of the id where two have the same name', () => {
    expect(viewOf(ben, twin).name(ben)).toBe(`ben#${ben.id.slice(0, 4)}`)
    expect(viewOf(namesake).name(namesake)).toBe(`ada#${namesake.id.slice(0, 4)}`)
    expect(viewOf(ben).name(ben)).toBe('ben')
  })
})
