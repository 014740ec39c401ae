import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/bytes.ts'
import { LARGE_FRAME_BYTES, type ZmtpConnection } from '../../../src/zmtp/connection.ts'
import { Multipart } from '../../../src/zmtp/multipart.ts'
import {
  bytesOf,
  drain,
  feed,
  feedBytewise,
  framesOf,
  readyAcceptor,
  readyDialler,
  summaryOf,
  takeOutput,
} from './helpers.ts'

/** `length` bytes that tell their places apart. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
}

function size8(length: number): string {
  return length.toString(16).padStart(16, '0')
}

interface FrameVector {
  readonly title: string
  readonly frames: readonly Uint8Array[]
  readonly hex: string
}

const HUNDRED = toHex(pattern(100))
const LONGEST_SHORT = toHex(pattern(255))
const SHORTEST_LONG = toHex(pattern(256))

const VECTORS: readonly FrameVector[] = [
  { title: 'an empty frame', frames: [pattern(0)], hex: '00 00' },
  { title: 'one byte', frames: [bytesOf('aa')], hex: '00 01 aa' },
  { title: '255 bytes', frames: [pattern(255)], hex: `00 ff ${LONGEST_SHORT}` },
  { title: '256 bytes', frames: [pattern(256)], hex: `02 ${size8(256)} ${SHORTEST_LONG}` },
  { title: 'two frames', frames: [bytesOf('aa'), bytesOf('bbcc')], hex: '01 01 aa 00 02 bbcc' },
  { title: 'two empty frames', frames: [pattern(0), pattern(0)], hex: '01 00 00 00' },
  {
    title: 'an empty frame between two',
    frames: [bytesOf('aa'), pattern(0), bytesOf('bb')],
    hex: '01 01 aa 01 00 00 01 bb',
  },
  {
    title: 'short and long frames',
    frames: [pattern(256), pattern(100), pattern(256)],
    hex: `03 ${size8(256)} ${SHORTEST_LONG} 01 64 ${HUNDRED} 02 ${size8(256)} ${SHORTEST_LONG}`,
  },
  {
    title: '64 frames',
    frames: Array.from({ length: 64 }, (_, i) => Uint8Array.of(i)),
    hex: Array.from(
      { length: 64 },
      (_, i) => `${i < 63 ? '01' : '00'} 01 ${toHex(Uint8Array.of(i))}`,
    ).join(' '),
  },
]

function write(connection: ZmtpConnection, frames: readonly Uint8Array[]): void {
  frames.forEach((frame, i) => {
    connection.writeFrame(frame, i < frames.length - 1)
  })
}

describe.each(VECTORS)('$title', ({ frames, hex }) => {
  const bytes = bytesOf(hex)
  const expected = frames.map(toHex)

  it('decodes', () => {
    expect(summaryOf(feed(readyAcceptor(), bytes))).toEqual([expected])
  })

  it('encodes to the same bytes', () => {
    const connection = readyDialler()
    write(connection, frames)
    expect(toHex(takeOutput(connection))).toBe(toHex(bytes))
  })

  it('encodes to the same bytes through reserved frames', () => {
    const connection = readyDialler()
    frames.forEach((frame, i) => {
      connection.reserveFrame(frame.length, i < frames.length - 1).raw(frame)
    })
    expect(toHex(takeOutput(connection))).toBe(toHex(bytes))
  })

  it('decodes from single bytes, between others of its kind', () => {
    const thrice = bytesOf(`${hex} ${hex} ${hex}`)
    expect(summaryOf(feedBytewise(readyAcceptor(), thrice))).toEqual([expected, expected, expected])
  })

  it('decodes when split anywhere, with nothing held afterwards', () => {
    const twice = bytesOf(`${hex} ${hex}`)
    const connection = readyAcceptor()
    for (let split = 0; split <= twice.length; split++) {
      const inputs = feed(connection, twice.subarray(0, split))
      inputs.push(...feed(connection, twice.subarray(split)))
      expect(summaryOf(inputs), `split at ${split}`).toEqual([expected, expected])
      expect(connection.bufferedBytes).toBe(0)
    }
  })
})

describe('decoding', () => {
  it('takes a short body in a long frame', () => {
    expect(summaryOf(feed(readyAcceptor(), `02 ${size8(1)} aa`))).toEqual([['aa']])
  })

  it('hands out views of the chunk when a message lies in it as a whole', () => {
    const chunk = bytesOf(`01 01 aa 00 02 bbcc 02 ${size8(256)} ${SHORTEST_LONG} 00 01 dd`)
    const connection = readyAcceptor()
    connection.handleBytes(chunk)
    const messages = drain(connection)
    expect(messages).toHaveLength(3)
    for (const message of messages) expect(message).toHaveProperty('bytes', chunk)
  })

  it('hands out plain views even of a subclass, such as Node’s Buffer', () => {
    const connection = readyAcceptor()
    const chunk = Buffer.from(bytesOf('00 02 aabb'))
    connection.handleBytes(chunk)
    const message = connection.poll() as Multipart
    expect(message.bytes.buffer).toBe(chunk.buffer)
    expect(message.frame(0).constructor).toBe(Uint8Array)
    expect(framesOf(message)).toEqual(['aabb'])
  })

  it('keeps nothing of a chunk it has read, not even for the start of a message', () => {
    const connection = readyAcceptor()
    feed(connection, `${'00 01 aa'.repeat(1000)} 01 03 bb`)
    expect(connection.bufferedBytes).toBeLessThan(16)
  })

  it('reads on with chunks that came before the last one was polled', () => {
    const connection = readyAcceptor()
    const bytes = bytesOf(VECTORS[7]!.hex)
    for (let i = 0; i < bytes.length; i += 50) {
      connection.handleBytes(bytes.slice(i, i + 50))
    }
    expect(summaryOf(drain(connection))).toEqual([VECTORS[7]!.frames.map(toHex)])
  })

  it('gives views that later bytes never change', () => {
    const connection = readyAcceptor()
    const messages: Multipart[] = []
    for (let i = 0; i < 200; i++) {
      connection.handleBytes(Uint8Array.of(0, 3, i))
      connection.handleBytes(Uint8Array.of(i, i, 0, 1))
      connection.handleBytes(Uint8Array.of(i))
      for (const input of drain(connection)) if (input.kind === 'message') messages.push(input)
    }
    const expected = Array.from({ length: 400 }, (_, i) =>
      new Uint8Array(i % 2 ? 1 : 3).fill(i >> 1),
    )
    expect(messages.map((message) => framesOf(message)[0])).toEqual(expected.map(toHex))
  })

  it('ends a large message that came in pieces in memory of nearly its own size', () => {
    const connection = readyAcceptor()
    const bytes = bytesOf(`01 64 ${HUNDRED} 02 ${size8(500_000)}`)
    feed(connection, bytes)
    const inputs = []
    for (let i = 0; i < 500; i++) inputs.push(...feed(connection, pattern(1000)))
    expect(summaryOf(inputs)).toEqual([[HUNDRED, toHex(pattern(1000)).repeat(500)]])
    const [message] = inputs
    expect(message).toBeInstanceOf(Multipart)
    expect((message as Multipart).bytes.buffer.byteLength).toBe(500_100)
  })

  it('ends a message of many middling frames in memory of nearly its own size, too', () => {
    const frame = `03 ${size8(300)} ${toHex(pattern(300))}`
    for (let count = 1; count < 64; count += 3) {
      const [message] = feedBytewise(readyAcceptor(), `${frame.repeat(count)} 00 00`) as Multipart[]
      expect(message!.byteLength).toBe(count * 300)
      const memory = message!.bytes.buffer.byteLength
      expect(memory, `${count} frames`).toBeLessThanOrEqual(1.25 * count * 300)
    }
  })

  it.each([
    ['bit 3', '08 00'],
    ['bit 7', '80 00'],
    ['all bits', 'ff 00'],
    ['bit 4 behind MORE', '01 00 10 00'],
    ['MORE on a command', '05 05 04 50494e47'],
    ['MORE on a long command', '07 0000000000000005'],
  ])('is invalid with %s in the flags', (_title, hex) => {
    const last = summaryOf(feed(readyAcceptor(), hex)).at(-1)
    expect(last).toBe('zmtp-frame-flags')
  })
})

describe('encoding', () => {
  it('copies a payload below LARGE_FRAME_BYTES: the caller may change it at once', () => {
    const connection = readyDialler()
    const payload = pattern(LARGE_FRAME_BYTES - 1)
    connection.writeFrame(payload, false)
    payload.fill(0)
    expect(toHex(takeOutput(connection).subarray(9))).toBe(toHex(pattern(LARGE_FRAME_BYTES - 1)))
  })

  it('sends a payload from there on by reference', () => {
    const connection = readyDialler()
    const payload = pattern(LARGE_FRAME_BYTES)
    connection.writeFrame(bytesOf('aa'), true)
    connection.writeFrame(payload, true)
    connection.writeFrame(bytesOf('bb'), false)
    const segments = connection.takeSegments()
    expect(segments).toHaveLength(3)
    expect(segments[1]).toBe(payload)
    expect(toHex(segments[0]!)).toBe(`0101aa03${size8(LARGE_FRAME_BYTES)}`)
    expect(toHex(segments[2]!)).toBe('0001bb')
  })

  it('asserts that a reserved frame was filled', () => {
    const early = readyDialler()
    early.reserveFrame(2, false).u8(1)
    expect(() => early.writeFrame(bytesOf('aa'), false)).toThrow('assertion')
    const late = readyDialler()
    late.reserveFrame(2, false).u8(1)
    expect(() => late.takeSegments()).toThrow('assertion')
  })
})

describe('a multipart message', () => {
  const message = new Multipart(bytesOf('01 02 aabb 00 01 cc'), [2, 4, 6, 7])

  it('knows its frames', () => {
    expect(message.kind).toBe('message')
    expect(message.frameCount).toBe(2)
    expect([message.frameStart(0), message.frameEnd(0)]).toEqual([2, 4])
    expect([message.frameStart(1), message.frameEnd(1)]).toEqual([6, 7])
    expect(framesOf(message)).toEqual(['aabb', 'cc'])
  })

  it('counts the bytes of its frames only', () => {
    expect(message.byteLength).toBe(3)
  })
})
