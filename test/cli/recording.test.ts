/** The format of recordings: what is written is what is read, and what others have damaged does no harm. */
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { eventRecord, recordOf } from '../../cli/json.ts'
import { readSnapshot } from '../../cli/monitor/snapshot.ts'
import type { EntryLine, RecordedLine } from '../../cli/recording/format.ts'
import {
  entryRecord,
  headerRecord,
  observedEvent,
  readRecordingLine,
  recordingLine,
  snapshotRecord,
} from '../../cli/recording/format.ts'
import { RecordingReader } from '../../cli/recording/reader.ts'
import { RecordingWriter } from '../../cli/recording/writer.ts'
import { messageText } from '../../cli/render/message-text.ts'
import { jsonLine } from '../../sim/recording/lines.ts'
import type { LogEntry, NodeEvent } from '../../src/index.ts'
import { madeMessage, madePeer } from './made.ts'
import { idOf, madeLine } from './made-snapshot.ts'

const AT = 1_800_000_000_000
const node = 'A'.repeat(32)
const name = 'kitchen'

const ENTRIES: readonly LogEntry[] = [
  { type: 'lost', node, name, count: 12 },
  { type: 'clock', node, name, offsetMs: -3_600_000 },
  { type: 'source', node, name },
  { type: 'gone', node, name },
  { type: 'refused', node, name },
]

const logEntry: LogEntry = {
  type: 'record',
  node,
  name,
  seq: 7,
  ticks: AT * 1_024,
  time: AT + 3_600_000,
  level: 40,
  msg: 'a\nb',
  fields: { port: 80, deep: { list: [1, null] } },
  late: true,
}

const EVENTS: readonly Exclude<NodeEvent, { type: 'shout' | 'whisper' }>[] = [
  { type: 'enter', peer: madePeer({ name, headers: { K: 'v' }, groups: ['x'] }) },
  { type: 'exit', peer: madePeer(), reason: 'goodbye', lost: 3 },
  { type: 'join', peer: madePeer(), group: 'x' },
  { type: 'leave', peer: madePeer(), group: 'x' },
  { type: 'evasive', peer: madePeer() },
  { type: 'silent', peer: madePeer() },
  { type: 'alive', peer: madePeer() },
  { type: 'blocked', peer: madePeer(), messages: 3, bytes: 9 },
  { type: 'unblocked', peer: madePeer(), blockedMs: 1_500.5 },
  { type: 'drop', peer: madePeer(), oldest: 1, newest: 2 },
  { type: 'warning', code: 'dial-failed', reason: 'no', peer: node, suppressed: 2 },
  { type: 'stop' },
]

function readBack(record: Parameters<typeof recordingLine>[0]): RecordedLine | undefined {
  return readRecordingLine(recordingLine(record)!)
}

const goneLine = (id: string): string => {
  return `{"type":"earshot.gone/1","at":1,"node":"${id}","name":""}`
}
const nested = (depth: number): string => {
  return `{"type":"earshot.hat/1","at":1,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`
}

describe('a line of a recording', () => {
  it.each(ENTRIES)('gives back the entry $type', (entry) => {
    const line: EntryLine = { kind: 'entry', at: AT, entry, offsetMs: 0 }
    expect(readBack(entryRecord(line))).toEqual(line)
  })

  it('gives back a log record, its time by our clock and by its own', () => {
    const line: EntryLine = { kind: 'entry', at: AT, entry: logEntry, offsetMs: 3_600_000 }
    const record = entryRecord(line)
    expect(record).toMatchObject({
      type: 'earshot.log/1',
      time: new Date(AT).toISOString(),
      nodeTime: new Date(AT + 3_600_000).toISOString(),
      at: AT,
      levelName: 'warn',
    })
    expect(readBack(record)).toEqual(line)
  })

  it.each(EVENTS)('gives back the event $type', (event) => {
    const line = readBack(observedEvent(eventRecord(event), AT))
    expect(line).toMatchObject({ kind: 'event', at: AT, event: { type: event.type } })
    const read = line?.kind === 'event' ? line.event : undefined
    // Of most peers no more than id and name is written.
    const { peer, ...rest } = { peer: undefined, ...event }
    expect(read).toMatchObject(rest)
    if (typeof peer === 'object') {
      expect(read).toMatchObject({ peer: { id: peer.id, name: peer.name } })
    }
    if (event.type === 'enter') expect(read).toEqual(event)
  })

  it.each([[['hi']], [[new Uint8Array([0, 255])]], [['a', new Uint8Array([255]), '']], [[]]])(
    'gives back a message of the frames %j',
    (frames) => {
      const message = madeMessage(...frames)
      const record = eventRecord({ type: 'shout', peer: madePeer(), group: 'x', message })
      const line = readBack(observedEvent(record, AT))
      const event = line?.kind === 'event' && line.event.type === 'shout' ? line.event : undefined
      expect(event?.group).toBe('x')
      expect(messageText(event!.message)).toBe(messageText(message))
    },
  )

  it('gives back the header and snapshots', () => {
    const header = headerRecord({ version: '1.2.3', node: { id: node, name } }, AT)
    expect(readBack(header)).toEqual({
      kind: 'header',
      at: AT,
      version: '1.2.3',
      observer: { id: node, name },
      simulation: undefined,
    })
    const bare = readBack(headerRecord({ version: '1.2.3' }, AT))
    expect(bare).toMatchObject({ observer: undefined })
    const data = { peers: [{ id: 'B'.repeat(32), name: 'b', presence: 'silent' }] }
    expect(readBack(snapshotRecord({ node, name, data }, AT))).toMatchObject({
      kind: 'snapshot',
      at: AT,
      snapshot: readSnapshot(node, AT, { ...data, name })!,
    })
  })

  it('is passed over where a later version wrote it', () => {
    expect(readRecordingLine(`{"type":"earshot.log/2","at":1}`)).toEqual({ kind: 'other', at: 1 })
    expect(readRecordingLine(`{"type":"earshot.hat/1","at":1}`)).toEqual({ kind: 'other', at: 1 })
  })

  it('may have a node that only ZRE/LOG knows', () => {
    const entry = { type: 'gone', node: 'ZRELOG-00ff', name: '' }
    expect(readRecordingLine(goneLine('ZRELOG-00ff'))).toMatchObject({ entry })
    expect(readRecordingLine(goneLine('ZRELOG-00f'))).toBeUndefined()
  })

  it('may hold any brackets in its texts, and some levels of its own', () => {
    expect(readRecordingLine(nested(79))).toEqual({ kind: 'other', at: 1 })
    const entry = { ...logEntry, msg: `\\"${'[{'.repeat(1_000)}\\\\"` }
    const line: EntryLine = { kind: 'entry', at: AT, entry, offsetMs: 0 }
    expect(readBack(entryRecord(line))).toEqual(line)
  })

  it('leaves out whom a warning is about where that is no id', () => {
    const line = '{"type":"earshot.warning/1","at":1,"code":"c","reason":"r","peer":"\\u001b"}'
    expect(readRecordingLine(line)).toMatchObject({ kind: 'event', event: { suppressed: 0 } })
    expect(readRecordingLine(line)).not.toMatchObject({ event: { peer: expect.anything() } })
  })

  it('may be what other verbs print with --json', () => {
    const line = readRecordingLine(jsonLine(recordOf('alive', { peer: { id: node, name } })))
    expect(line).toMatchObject({ kind: 'event', event: { type: 'alive' } })
  })

  it('is not written where strangers’ data is no JSON, or too deep', () => {
    expect(recordingLine(snapshotRecord({ node, name, data: 1n }, AT))).toBeUndefined()
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(recordingLine(snapshotRecord({ node, name, data: deep }, AT))).toBeUndefined()
  })

  it.each([
    ['no JSON', '{"type":"earshot.log/1"'],
    ['no object', '[1]'],
    ['of no type', '{"at":1}'],
    ['without a time', '{"type":"earshot.gone/1","node":"A","name":"a"}'],
    [
      'without fields',
      `{"type":"earshot.log/1","at":1,"time":"2026-01-01T00:00:00Z","node":"A","name":"a","level":30,"msg":"","seq":1,"ticks":1}`,
    ],
    ['of a level that is none', '{"type":"earshot.log/1","at":1,"level":"warn","fields":{}}'],
    ['a snapshot that is none', madeLine(1, 'b', {}).replace('"peers":[]', '"peers":7')],
    ['a snapshot of a node without an id', madeLine(1, 'b', {}).replace(idOf('b'), 'XYZ')],
    ['nested deeper than anything that is written', nested(80)],
    ['of nothing but brackets', `{"type":"earshot.hat/1","at":1,"x":${'['.repeat(1_000_000)}`],
    ['of a node whose id is none', goneLine('\\u001b[2J')],
    [
      'of a peer whose id is none',
      '{"type":"earshot.alive/1","at":1,"peer":{"id":"A","name":"a"}}',
    ],
    ['of no date', madeLine(1, 'b', {}).replace('"at":1', '"at":1e99')],
    ['of nobody', '{"type":"earshot.join/1","at":1,"group":"x"}'],
    [
      'of a reason that is none',
      '{"type":"earshot.exit/1","at":1,"peer":{"id":"A","name":"a"},"reason":"\\u001b"}',
    ],
    [
      'of a frame that is none',
      '{"type":"earshot.shout/1","at":1,"peer":{"id":"A","name":"a"},"group":"x","frames":[1]}',
    ],
  ])('%s is damaged', (_title, line) => {
    expect(readRecordingLine(line)).toBeUndefined()
  })
})

describe('a reader', () => {
  const gone = recordingLine(
    entryRecord({ kind: 'entry', at: AT, entry: ENTRIES[3]!, offsetMs: 0 }),
  )!

  async function read(text: string, size: number, max?: number): Promise<RecordingReader> {
    const bytes = Buffer.from(text)
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
    }
    const reader = new RecordingReader(chunks(), max)
    let count = 0
    for await (const _line of reader) count++
    expect(count).toBe(reader.lines)
    return reader
  }

  it.each([1, 7, 100_000])('counts what is damaged, in pieces of %i bytes', async (size) => {
    const text = `${gone}\n\nnonsense\n${gone}\n{"type":"earshot.gone/1","at":`
    expect(await read(text, size)).toMatchObject({ lines: 2, bad: 1, isCutShort: true })
    expect(await read(`${gone}\n${gone}`, size)).toMatchObject({ lines: 2, isCutShort: false })
    expect(await read('', size)).toMatchObject({ lines: 0, bad: 0, isCutShort: false })
  })

  it.each([1, 7, 100_000])(
    'keeps nothing of a line that is too long, in pieces of %i',
    async (size) => {
      const text = `${gone}\n${' '.repeat(5_000)}${gone}\n${gone}\n`
      expect(await read(text, size, 1_000)).toMatchObject({ lines: 2, bad: 1 })
    },
  )
})

describe('a writer', () => {
  const gone = entryRecord({ kind: 'entry', at: AT, entry: ENTRIES[3]!, offsetMs: 0 })

  it('drops what the stream has no room for, and tells how much once there is', async () => {
    const stuck: (() => void)[] = []
    const texts: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        texts.push(String(chunk))
        stuck.push(done)
      },
    })
    const writer = new RecordingWriter(stream, 1_000)
    const written = Array.from({ length: 50 }, () => writer.write(gone)).filter(Boolean).length
    expect(written).toBeLessThan(12)
    expect(writer).toMatchObject({ lines: written, dropped: 50 - written })
    for (let done = stuck.shift(); done !== undefined; done = stuck.shift()) done()
    await expect.poll(() => stream.writableLength).toBe(0)
    expect(writer.write(gone)).toBe(true)
    stuck.shift()!()
    await expect.poll(() => texts.length).toBe(written + 2)
    expect(JSON.parse(texts[written]!)).toMatchObject({
      type: 'earshot.dropped/1',
      count: 50 - written,
    })
  })

  it('lets those wait who can, until there is room', async () => {
    const stream = new PassThrough({ highWaterMark: 100 })
    const writer = new RecordingWriter(stream, 1_000)
    for (let i = 0; i < 6; i++) writer.write(gone)
    let hasRoom = false
    const room = writer.room(new AbortController().signal).then(() => {
      hasRoom = true
    })
    await new Promise(setImmediate)
    expect(hasRoom).toBe(false)
    stream.resume()
    await room
    const over = new AbortController()
    over.abort()
    await writer.room(over.signal)
  })
})
