import { describe, expect, it } from 'vitest'
import { eventRecord, peerRecord, recordOf, sentRecord } from '../../cli/json.ts'
import { jsonLine } from '../../sim/recording/lines.ts'
import type { NodeEvent } from '../../src/index.ts'
import { madeMessage, madePeer } from './made.ts'

const peer = madePeer({ name: 'kitchen', headers: { 'X-ROLE': 'display' }, groups: ['chat'] })
const brief = { id: peer.id, name: 'kitchen' }

const EVENTS: readonly (readonly [NodeEvent, Readonly<Record<string, unknown>>])[] = [
  [{ type: 'enter', peer }, { peer: { ...peer } }],
  [
    { type: 'exit', peer, reason: 'goodbye', lost: 0 },
    { peer: brief, reason: 'goodbye', lost: 0 },
  ],
  [
    { type: 'join', peer, group: 'chat' },
    { peer: brief, group: 'chat' },
  ],
  [
    { type: 'leave', peer, group: 'chat' },
    { peer: brief, group: 'chat' },
  ],
  [{ type: 'evasive', peer }, { peer: brief }],
  [{ type: 'silent', peer }, { peer: brief }],
  [{ type: 'alive', peer }, { peer: brief }],
  [
    { type: 'shout', peer, group: 'chat', message: madeMessage('hi\n') },
    { peer: brief, group: 'chat', text: 'hi\n' },
  ],
  [
    { type: 'whisper', peer, message: madeMessage('') },
    { peer: brief, text: '' },
  ],
  [
    { type: 'warning', code: 'dial-failed', reason: 'no', peer: peer.id, suppressed: 2 },
    { code: 'dial-failed', reason: 'no', peer: peer.id, suppressed: 2 },
  ],
  [{ type: 'stop' }, {}],
]

describe.each(EVENTS)('the event $type', (event, fields) => {
  it('is an object with a versioned type, a time, and its fields', () => {
    const { type, time, ...rest } = eventRecord(event)
    expect(type).toBe(`earshot.${event.type}/1`)
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(rest).toEqual(fields)
  })
})

describe('a message', () => {
  const whisper = (...frames: readonly (string | Uint8Array)[]): Record<string, unknown> => {
    const {
      type,
      time,
      peer: from,
      ...rest
    } = eventRecord({
      type: 'whisper',
      peer,
      message: madeMessage(...frames),
    })
    return rest
  }

  it('of valid UTF-8 is text, exactly, a byte order mark included', () => {
    expect(whisper('\ufeffgrüß\u0000')).toEqual({ text: '\ufeffgrüß\u0000' })
  })

  it('of other bytes is base64', () => {
    expect(whisper(new Uint8Array([1, 2, 255, 254]))).toEqual({ base64: 'AQL//g==' })
  })

  it('of several frames is an array of these', () => {
    expect(whisper('a', new Uint8Array([255]), '')).toEqual({
      frames: [{ text: 'a' }, { base64: '/w==' }, { text: '' }],
    })
  })

  it('without frames is an empty array', () => {
    expect(whisper()).toEqual({ frames: [] })
  })
})

describe('a line', () => {
  it('is one line whatever is in it', () => {
    expect(jsonLine(recordOf('x', { text: 'a\nb\r\u2028c' }))).not.toMatch(/[\n\r\u2028]/)
  })

  it('holds nothing that a terminal would obey, and says the same', () => {
    const text = '\u001b[31m\u009b31m\u007f\u202e'
    const line = jsonLine(recordOf('x', { text }))
    expect(line).toContain('\\u001b[31m\\u009b31m\\u007f\\u202e')
    expect(JSON.parse(line)).toMatchObject({ text })
  })
})

describe('other records', () => {
  it('list a peer with its round trip, or null', () => {
    expect(peerRecord(peer, 1.23456)).toMatchObject({ type: 'earshot.peer/1', roundTripMs: 1.235 })
    expect(peerRecord(peer, undefined)).toMatchObject({ ...peer, roundTripMs: null })
  })

  it('tell what was sent, and to whom', () => {
    expect(sentRecord([peer], 'chat', 5)).toMatchObject({
      type: 'earshot.sent/1',
      to: [brief],
      group: 'chat',
      bytes: 5,
    })
    expect(sentRecord([peer], undefined, 5)).not.toHaveProperty('group')
  })
})
