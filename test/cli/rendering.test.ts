import { describe, expect, it } from 'vitest'
import { escapeText } from '../../cli/render/escape.ts'
import { EventLines, headerWords, timeOfDay } from '../../cli/render/event-lines.ts'
import { messageText } from '../../cli/render/message-text.ts'
import { peerFields, peerTable } from '../../cli/render/peer-table.ts'
import { pingLine, pingSummary, RoundTrips } from '../../cli/render/ping-lines.ts'
import { nameStyle, painter, wantsColour } from '../../cli/render/style.ts'
import { padEnd, padStart, textWidth, truncate } from '../../cli/render/width.ts'
import type { NodeEvent } from '../../src/index.ts'
import { madeMessage, madePeer } from './made.ts'

const plain = painter(false)
const at = new Date('2026-11-21T14:02:31.120Z')

describe('a text of a peer', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['an 8-bit escape sequence', '\u009b31m', '\\x9b31m'],
    ['a bell and a title', '\u001b]0;pwned\u0007', '\\x1b]0;pwned\\x07'],
    ['line ends and tabs', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['a delete', '\u007f', '\\x7f'],
    ['a NUL', '\u0000', '\\x00'],
    ['a bidirectional override', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ])('has %s written out', (_title, text, shown) => {
    expect(escapeText(text)).toBe(shown)
  })

  it.each(['plain', 'Ünïcödé', '台所', '👩‍🍳', 'C:\\new', 'שלום'])('keeps %s as it is', (text) => {
    expect(escapeText(text)).toBe(text)
  })
})

describe('a message', () => {
  it('is shown as its text, without a final line end', () => {
    expect(messageText(madeMessage('hello\n'))).toBe('hello')
    expect(messageText(madeMessage('two\nlines\r\n'))).toBe('two\\nlines')
    expect(messageText(madeMessage(''))).toBe('')
  })

  it('that is no UTF-8 is shown as bytes, the first sixteen', () => {
    expect(messageText(madeMessage(new Uint8Array([0xff])))).toBe('<1 byte: ff>')
    expect(messageText(madeMessage(new Uint8Array([0, 255, 16])))).toBe('<3 bytes: 00 ff 10>')
    const long = messageText(madeMessage(new Uint8Array(100).fill(0xfe)))
    expect(long).toBe(`<100 bytes: ${Array(16).fill('fe').join(' ')} …>`)
  })

  it('of several frames is shown frame by frame', () => {
    expect(messageText(madeMessage('a', new Uint8Array([0xff]), ''))).toBe('a | <1 byte: ff> | ')
  })
})

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['ü', 1],
    ['u\u0308', 1],
    ['台所', 4],
    ['🍳', 2],
    ['한', 2],
    ['…', 1],
  ])('%s takes %i columns', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })

  it('decides padding and truncation', () => {
    expect(padEnd('台所', 6)).toBe('台所  ')
    expect(padStart('ab', 4)).toBe('  ab')
    expect(truncate('abcdef', 4)).toBe('abc…')
    expect(truncate('台所台所', 5)).toBe('台所…')
    expect(truncate('abc', 3)).toBe('abc')
  })
})

describe('colours', () => {
  const [terminal, pipe] = [{ isTTY: true }, { isTTY: false }]

  it.each([
    ['on a terminal', terminal, {}, true],
    ['not in a pipe', pipe, {}, false],
    ['not with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['with an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['in a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
    ['not with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['not with both', terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['not on a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ])('are used %s', (_title, stream, env, expected) => {
    expect(wantsColour(stream, env)).toBe(expected)
  })

  it('of a name are the same for the same peer', () => {
    expect(nameStyle('EAC209BB535640C2AB4E1831A89CCC60')).toBe(nameStyle('EAC2'))
  })
})

const peer = madePeer({
  name: 'kitchen',
  id: 'EAC209BB535640C2AB4E1831A89CCC60',
  endpoint: 'tcp://192.168.1.5:50123',
  headers: { 'X-EARSHOT': '1', 'X-ROLE': 'display' },
  groups: ['chat', 'ops'],
})

const EVENTS: readonly (readonly [NodeEvent, terminal: string, fields: string])[] = [
  [
    { type: 'enter', peer },
    'enter    kitchen   EAC209BB  192.168.1.5:50123  X-ROLE=display',
    'enter	kitchen	ID		tcp://192.168.1.5:50123',
  ],
  [{ type: 'join', peer, group: 'chat' }, 'join     kitchen   chat', 'join	kitchen	ID	chat	'],
  [{ type: 'leave', peer, group: 'chat' }, 'leave    kitchen   chat', 'leave	kitchen	ID	chat	'],
  [
    { type: 'shout', peer, group: 'chat', message: madeMessage('hi\tall') },
    'shout    kitchen   chat: hi\\tall',
    'shout	kitchen	ID	chat	hi\\tall',
  ],
  [
    { type: 'whisper', peer, message: madeMessage('psst') },
    'whisper  kitchen   psst',
    'whisper	kitchen	ID		psst',
  ],
  [
    { type: 'evasive', peer },
    'evasive  kitchen   not heard for a while',
    'evasive	kitchen	ID		',
  ],
  [{ type: 'silent', peer }, 'silent   kitchen   not heard for long', 'silent	kitchen	ID		'],
  [{ type: 'alive', peer }, 'alive    kitchen   heard again', 'alive	kitchen	ID		'],
  [
    { type: 'blocked', peer, messages: 3_000, bytes: 61_000 },
    'blocked  kitchen   reads too slowly: 3000 messages wait (61000 bytes)',
    'blocked	kitchen	ID		3000',
  ],
  [
    { type: 'unblocked', peer, blockedMs: 1_234.5 },
    'unblocked  kitchen   reads again, after 1.2 s',
    'unblocked	kitchen	ID		1235 ms',
  ],
  [
    { type: 'drop', peer, oldest: 12, newest: 1 },
    'drop     kitchen   messages dropped while it was blocked: 12 old, 1 new',
    'drop	kitchen	ID		13',
  ],
  [
    { type: 'exit', peer, reason: 'closed', lost: 0 },
    'exit     kitchen   closed: its process ended without a goodbye',
    'exit	kitchen	ID		closed',
  ],
  [
    { type: 'warning', code: 'dial-failed', reason: 'no\nway', suppressed: 0 },
    'warning  [dial-failed] no\\nway',
    'warning				[dial-failed] no\\nway',
  ],
  [{ type: 'stop' }, 'stop', 'stop				'],
]

describe.each(EVENTS)('the event $type', (event, terminal, fields) => {
  it('is a line of words on a terminal', () => {
    const line = new EventLines(true, plain).line(event, at)
    expect(line).toBe(`${timeOfDay(at)}  ${terminal}`)
  })

  it('is six fields in a pipe', () => {
    const line = new EventLines(false, plain).line(event, at)
    expect(line.split('\t')).toHaveLength(6)
    expect(line).toBe(`2026-11-21T14:02:31.120Z\t${fields.replace('ID', peer.id)}`)
  })
})

describe('lines of events', () => {
  it('align names to the widest so far', () => {
    const lines = new EventLines(true, plain)
    const join = (name: string): string => {
      return lines.line({ type: 'join', peer: madePeer({ name }), group: 'g' }, at)
    }
    expect(join('a').slice(14)).toBe('join     a         g')
    expect(join('longer-name').slice(14)).toBe('join     longer-name  g')
    expect(join('b').slice(14)).toBe('join     b            g')
  })

  it('show a peer without a name by its id', () => {
    const line = new EventLines(true, plain).line(
      { type: 'alive', peer: { ...peer, name: '' } },
      at,
    )
    expect(line).toContain('EAC209BB')
  })

  it('are coloured where colours are wanted', () => {
    const line = new EventLines(true, painter(true)).line({ type: 'enter', peer }, at)
    expect(line).toContain('\u001b[32menter  \u001b[39m')
  })

  it('leave out the header by which earshot nodes know each other', () => {
    expect(headerWords({ 'X-EARSHOT': '1', A: '1', B: '\u0007' })).toBe('A=1, B=\\x07')
  })
})

describe('the list of peers', () => {
  const hall = madePeer({
    name: 'hall',
    id: '0123456789ABCDEF0123456789ABCDEF',
    endpoint: 'tcp://10.0.0.7:49152',
    presence: 'evasive',
  })
  const listed = [
    { peer: hall, roundTripMs: undefined },
    { peer, roundTripMs: 0.4123 },
  ]

  it('is an aligned table on a terminal', () => {
    expect(peerTable(listed, plain, 100)).toEqual([
      'NAME     ID        ENDPOINT           PRESENCE  ROUND TRIP  GROUPS     HEADERS',
      'hall     01234567  10.0.0.7:49152     evasive            -',
      'kitchen  EAC209BB  192.168.1.5:50123  alive       0.412 ms  chat, ops  X-ROLE=display',
    ])
  })

  it('cuts its last column to the width of the terminal', () => {
    expect(peerTable(listed, plain, 80)[2]).toBe(
      'kitchen  EAC209BB  192.168.1.5:50123  alive       0.412 ms  chat, ops  X-ROLE=d…',
    )
  })

  it('has no column for headers that nobody has', () => {
    expect(peerTable([listed[0]!], plain, 80)[0]).toMatch(/GROUPS$/)
  })

  it('is seven fields a line in a pipe', () => {
    expect(listed.map((each) => peerFields(each).split('\t'))).toEqual([
      ['hall', hall.id, 'tcp://10.0.0.7:49152', 'evasive', '', '', ''],
      [
        'kitchen',
        peer.id,
        'tcp://192.168.1.5:50123',
        'alive',
        '0.412',
        'chat,ops',
        'X-EARSHOT=1,X-ROLE=display',
      ],
    ])
  })
})

describe('round trips', () => {
  it('are summed up as ping does it', () => {
    const trips = new RoundTrips()
    for (const ms of [1, 3, undefined, 2]) trips.note(ms)
    expect(trips.summary()).toEqual({ sent: 4, answered: 3, minMs: 1, avgMs: 2, maxMs: 3 })
    expect(pingSummary(peer, trips.summary(), plain)).toEqual([
      '',
      '--- kitchen (EAC209BB) ---',
      '4 sent, 3 answered, 25% lost; min/avg/max = 1.000/2.000/3.000 ms',
    ])
  })

  it('without an answer have no times', () => {
    const trips = new RoundTrips()
    trips.note(undefined)
    expect(pingSummary(peer, trips.summary(), plain)[2]).toBe('1 sent, 0 answered, 100% lost')
    expect(pingSummary(peer, new RoundTrips().summary(), plain)[2]).toMatch(/^0 sent, .* 0% lost$/)
  })

  it('are a line each', () => {
    expect(pingLine(peer, 2, 0.4123, plain)).toBe('kitchen: seq=2 time=0.412 ms')
    expect(pingLine(peer, 3, undefined, plain)).toBe('kitchen: seq=3 no answer')
  })
})
