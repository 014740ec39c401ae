/** Properties over random input: any messages in any pieces come through, and no bytes whatever throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, EMPTY_BYTES, toHex } from '../../../src/base/bytes.ts'
import type { ConnectionInput, ZmtpConnection } from '../../../src/zmtp/connection.ts'
import {
  bytesOf,
  drain,
  framesOf,
  GREETING_OF_DEALER,
  newAcceptor,
  newDialler,
  READY_OF_DEALER,
  readyAcceptor,
  readyDialler,
  takeOutput,
} from './helpers.ts'

/** Sizes around every edge: short and long headers, chunk sizes, by copy and by reference. */
const frame = fc
  .oneof(
    { weight: 8, arbitrary: fc.nat(40) },
    { weight: 2, arbitrary: fc.constantFrom(254, 255, 256, 257, 1022, 1024, 8191, 8192, 20_000) },
  )
  .chain((length) => fc.nat(255).map((seed) => new Uint8Array(length).map((_, i) => seed + i)))
const messages = fc.array(fc.array(frame, { minLength: 1, maxLength: 5 }), { maxLength: 30 })
/** Lengths of the pieces, used in turn over and over. */
const cuts = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })),
  {
    minLength: 1,
    maxLength: 8,
  },
)

function piecesOf(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = lengths[pieces.length % lengths.length]!
    pieces.push(bytes.slice(at, at + length))
    at += length
  }
  return pieces
}

function feedAll(connection: ZmtpConnection, pieces: readonly Uint8Array[]): ConnectionInput[] {
  return pieces.flatMap((piece) => {
    connection.handleBytes(piece)
    return drain(connection)
  })
}

describe('any messages', () => {
  it('come out as they went in, in any pieces, and nothing stays behind', () => {
    fc.assert(
      fc.property(messages, cuts, fc.nat(10), (sent, lengths, takeEvery) => {
        const sender = readyDialler()
        const taken: Uint8Array[] = []
        sent.forEach((frames, n) => {
          frames.forEach((payload, i) => {
            const more = i < frames.length - 1
            if ((n + i) % 2 === 0) sender.writeFrame(payload, more)
            else sender.reserveFrame(payload.length, more).raw(payload)
            sender.invariants()
          })
          if (takeEvery > 0 && n % takeEvery === 0) taken.push(...sender.takeSegments())
        })
        taken.push(...sender.takeSegments())
        const receiver = readyAcceptor()
        const received = feedAll(receiver, piecesOf(concatBytes(taken), lengths))
        const texts = received.map((input) => (input.kind === 'message' ? framesOf(input) : []))
        expect(texts).toEqual(sent.map((frames) => frames.map(toHex)))
        expect(receiver.bufferedBytes).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  it('of any size come out as they went in when most pieces are large', () => {
    const size = fc.constantFrom(0, 10, 5_000, 70_000, 300_000, 900_000)
    const largeCuts = fc.array(fc.constantFrom(9, 700, 4_095, 4_096, 20_000, 65_536), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 6 }), largeCuts, (sizes, lengths) => {
        const sent = sizes.map((bytes, i) => new Uint8Array(bytes).map((_, at) => at * 31 + i))
        const sender = readyDialler()
        sent.forEach((payload, i) => void sender.writeFrame(payload, i % 3 !== 2))
        if (sent.length % 3 !== 0) sender.writeFrame(EMPTY_BYTES, false)
        const receiver = readyAcceptor({ messageBytes: 2 ** 24 })
        const pieces = piecesOf(takeOutput(sender), [70_000, ...lengths])
        const frames = feedAll(receiver, pieces).flatMap((input) =>
          input.kind === 'message'
            ? Array.from({ length: input.frameCount }, (_, i) => input.frame(i))
            : [],
        )
        sent.forEach((payload, i) => {
          expect(Buffer.compare(frames[i]!, payload), `frame ${i}`).toBe(0)
        })
        expect(receiver.bufferedBytes).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('may have PINGs anywhere between their frames', () => {
    const ping = bytesOf('04 08 04 50494e47 0000 aa')
    fc.assert(
      fc.property(messages, cuts, fc.infiniteStream(fc.boolean()), (sent, lengths, pings) => {
        const parts: Uint8Array[] = []
        const sender = readyDialler()
        for (const frames of sent) {
          frames.forEach((payload, i) => {
            if (pings.next().value) parts.push(ping)
            sender.writeFrame(payload, i < frames.length - 1)
            parts.push(takeOutput(sender))
          })
        }
        const receiver = readyAcceptor()
        const received = feedAll(receiver, piecesOf(concatBytes(parts), lengths))
        const texts = received.map((input) => (input.kind === 'message' ? framesOf(input) : []))
        expect(texts).toEqual(sent.map((frames) => frames.map(toHex)))
        expect(receiver.outputBytes).toBeLessThanOrEqual(8)
      }),
      { numRuns: 80 },
    )
  })
})

/** Bytes with some sense in them: flags and small sizes are likelier than the rest. */
const noise = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 0x7f, 0xff), fc.nat(255)), {
  maxLength: 400,
})
const STARTS: readonly (readonly [string, () => ZmtpConnection, string])[] = [
  ['a new acceptor', newAcceptor, ''],
  ['a new dialler', newDialler, ''],
  ['a greeted acceptor', newAcceptor, GREETING_OF_DEALER],
  ['a greeted dialler', newDialler, GREETING_OF_DEALER],
  ['an acceptor within READY', newAcceptor, `${GREETING_OF_DEALER} 04 40 05 5245414459`],
  ['an acceptor behind READY', newAcceptor, GREETING_OF_DEALER + READY_OF_DEALER],
  ['a ready acceptor', readyAcceptor, ''],
  ['a ready dialler within a message', readyDialler, '01 01 aa 00 05 bb'],
]

describe('any bytes', () => {
  it.each(STARTS)(
    'never make %s throw, nor hold more than was received',
    (_title, start, prefix) => {
      fc.assert(
        fc.property(noise, cuts, (bytes, lengths) => {
          const connection = start()
          const whole = concatBytes([bytesOf(prefix), Uint8Array.from(bytes)])
          feedAll(connection, piecesOf(whole, lengths))
          expect(connection.bufferedBytes).toBeLessThanOrEqual(16 * 1024)
          expect(connection.outputBytes).toBeLessThan(300)
        }),
        { numRuns: 300 },
      )
    },
  )

  it('mean the same in one piece and in many', () => {
    fc.assert(
      fc.property(noise, cuts, fc.nat(STARTS.length - 1), (bytes, lengths, n) => {
        const [, start, prefix] = STARTS[n]!
        const whole = concatBytes([bytesOf(prefix), Uint8Array.from(bytes)])
        const [one, many] = [[whole], piecesOf(whole, lengths)].map((pieces) => {
          const connection = start()
          const inputs = feedAll(connection, pieces).filter(({ kind }) => kind !== 'invalid')
          const { state, ignoredCommands } = connection
          const last = connection.poll()
          return {
            inputs: inputs.map((input) => (input.kind === 'message' ? framesOf(input) : input)),
            last: last.kind === 'invalid' ? last.code : last.kind,
            state,
            ignoredCommands,
          }
        })
        expect(many).toEqual(one)
      }),
      { numRuns: 500 },
    )
  })
})
