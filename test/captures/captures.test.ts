/**
 * Traffic of two real C Zyre nodes (see README.md): everything in it decodes, and encodes to the bytes
 * that C wrote. The frame splitter is this file's own, so that a mistake in `src/zmtp` cannot hide one here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ByteWriter, concatBytes, fromHex, toHex } from '../../src/base/bytes.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { decodeBeacon, encodeBeacon } from '../../src/zre/beacon.ts'
import { decodeZre } from '../../src/zre/decode.ts'
import { encodeZre, zreLength } from '../../src/zre/encode.ts'
import { parseEndpoint } from '../../src/zre/endpoint.ts'
import type { Hello, ZreMessage } from '../../src/zre/message.ts'
import { checkSequence } from '../../src/zre/sequence.ts'

interface Capture {
  readonly nodes: Record<string, { name: string; headers: Record<string, string>; address: string }>
  readonly beacons: readonly { from: string; hex: string }[]
  readonly streams: readonly {
    dealer: string
    router: string
    mailboxPort: number
    segments: readonly { from: string; hex: string }[]
  }[]
}

interface Frame {
  readonly isCommand: boolean
  readonly hasMore: boolean
  readonly body: Uint8Array
}

const FOLDER = new URL('./', import.meta.url)
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'))

// RFC 23: the greeting has 64 bytes; the bits of a frame's flags.
const GREETING_BYTES = 64
const MORE = 1
const LONG = 2
const COMMAND = 4

function load(file: string): Capture {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
}

/** All frames of one direction; throws when the bytes do not end with a frame. */
function splitFrames(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: Frame[] = []
  let offset = GREETING_BYTES
  while (offset < bytes.length) {
    const flags = view.getUint8(offset)
    const isLong = (flags & LONG) !== 0
    const length = isLong ? Number(view.getBigUint64(offset + 1)) : view.getUint8(offset + 1)
    const start = offset + (isLong ? 9 : 2)
    offset = start + length
    const body = bytes.subarray(start, offset)
    frames.push({ isCommand: (flags & COMMAND) !== 0, hasMore: (flags & MORE) !== 0, body })
  }
  expect(offset).toBe(bytes.length)
  return frames
}

/** The messages of one direction: frames without the commands, grouped by MORE. */
function messagesOf(bytes: Uint8Array): Uint8Array[][] {
  const messages: Uint8Array[][] = []
  let isOpen = false
  for (const frame of splitFrames(bytes)) {
    if (frame.isCommand) continue
    if (isOpen) messages.at(-1)!.push(frame.body)
    else messages.push([frame.body])
    isOpen = frame.hasMore
  }
  expect(isOpen).toBe(false)
  return messages
}

function decode(bytes: Uint8Array): ZreMessage {
  const message = decodeZre(bytes, 0, bytes.length, DEFAULT_LIMITS)
  if (message.kind === 'invalid') throw new Error(`${message.reason}: ${toHex(bytes)}`)
  return message
}

function encode(message: ZreMessage): Uint8Array {
  const bytes = new Uint8Array(zreLength(message))
  encodeZre(message, new ByteWriter(bytes))
  return bytes
}

function messagesBetween(file: string, dealer: string): Uint8Array[][] {
  const stream = load(file).streams.find((candidate) => candidate.dealer === dealer)!
  const sent = stream.segments.filter((segment) => segment.from === dealer)
  return messagesOf(concatBytes(sent.map((segment) => fromHex(segment.hex)!)))
}

function kindsBetween(file: string, dealer: string): string[] {
  return messagesBetween(file, dealer).map((message) => decode(message[0]!).kind)
}

it('the three captures are here', () => {
  expect(FILES.sort()).toEqual(['basic.json', 'elect.json', 'idle.json'])
})

describe.each(FILES)('%s', (file) => {
  const capture = load(file)

  it('every beacon decodes, and encodes to the same bytes', () => {
    expect(capture.beacons.length).toBeGreaterThan(0)
    for (const { hex } of capture.beacons) {
      const beacon = decodeBeacon(fromHex(hex)!)
      if (beacon.kind === 'invalid') throw new Error(`${beacon.reason}: ${hex}`)
      expect(toHex(encodeBeacon(beacon))).toBe(hex)
    }
  })

  it('each node sends one id in all its beacons, and port 0 only in the last', () => {
    for (const node of Object.keys(capture.nodes)) {
      const own = capture.beacons.filter((beacon) => beacon.from === node)
      const beacons = own.map((beacon) => decodeBeacon(fromHex(beacon.hex)!))
      const ids = beacons.map((beacon) => (beacon.kind === 'beacon' ? beacon.id : beacon.code))
      const ports = beacons.map((beacon) => (beacon.kind === 'beacon' ? beacon.port : beacon.code))
      expect(new Set(ids).size).toBe(1)
      expect(ports).toEqual([...new Array(ports.length - 1).fill(49_152), 0])
    }
  })

  describe.each(capture.streams)(
    '$dealer to $router',
    ({ dealer, router, segments, mailboxPort }) => {
      const messages = messagesBetween(file, dealer)

      it('every ZRE frame decodes, and encodes to the same bytes', () => {
        expect(messages.length).toBeGreaterThan(0)
        for (const [header] of messages) expect(toHex(encode(decode(header!)))).toBe(toHex(header!))
      })

      it('only whispers and shouts have content', () => {
        for (const [header, ...content] of messages) {
          const { kind } = decode(header!)
          expect(content.length > 0).toBe(kind === 'whisper' || kind === 'shout')
        }
      })

      it('HELLO comes first, with what the node is', () => {
        const hello = decode(messages[0]![0]!) as Hello
        const node = capture.nodes[dealer]!
        expect(hello).toMatchObject({ kind: 'hello', sequence: 1, name: node.name })
        expect(Object.fromEntries(hello.headers)).toEqual(node.headers)
        expect(parseEndpoint(hello.endpoint)).toEqual({ address: node.address, port: mailboxPort })
        expect(hello.status).toBe(hello.groups.length)
      })

      it('the sequence has no gap', () => {
        const sequences = messages.map(([header]) => decode(header!).sequence)
        for (let i = 1; i < sequences.length; i++) {
          expect(checkSequence(sequences[i - 1]!, sequences[i]!)).toBe('next')
        }
      })

      it('the listener sends no message', () => {
        const sent = segments.filter((segment) => segment.from === router)
        expect(messagesOf(concatBytes(sent.map((segment) => fromHex(segment.hex)!)))).toEqual([])
      })
    },
  )
})

it('alice whispers, shouts, joins and leaves as the description of "basic" says', () => {
  const kinds = ['hello', 'whisper', 'whisper', 'whisper', 'shout', 'join', 'leave']
  expect(kindsBetween('basic.json', 'alice')).toEqual(kinds)
  const messages = messagesBetween('basic.json', 'alice')
  expect(messages[2]!.slice(1).map(toHex)).toEqual(['70617274206f6e65', '', '000102ff'])
  expect(decode(messages[4]![0]!)).toMatchObject({ group: 'CHAT' })
  expect(decode(messages[5]![0]!)).toMatchObject({ group: 'EXTRA', status: 2 })
  expect(decode(messages[6]![0]!)).toMatchObject({ group: 'CHAT', status: 3 })
})

it('"idle" has PING and PING-OK', () => {
  const kinds = [...kindsBetween('idle.json', 'alice'), ...kindsBetween('idle.json', 'bob')]
  expect(kinds).toContain('ping')
  expect(kinds).toContain('ping-ok')
})

it('"elect" has ELECT and LEADER', () => {
  const kinds = kindsBetween('elect.json', 'alice')
  expect(kinds).toContain('elect')
  expect(kinds).toContain('leader')
})
