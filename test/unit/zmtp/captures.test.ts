/**
 * Traffic of two real C Zyre nodes (`test/captures/README.md`): our connections read every message of it,
 * wherever it is cut, and greet as libzmq greets.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concatBytes, toHex } from '../../../src/base/bytes.ts'
import { type ConnectionInput, ZmtpConnection } from '../../../src/zmtp/connection.ts'
import { NullMechanism } from '../../../src/zmtp/null-mechanism.ts'
import { bytesOf, drain, feed, feedBytewise, LIMITS, summaryOf, takeOutput } from './helpers.ts'

interface Stream {
  readonly dealer: string
  readonly router: string
  readonly segments: readonly { readonly from: string; readonly hex: string }[]
}

const FOLDER = new URL('../../captures/', import.meta.url)
const STREAMS = ['basic', 'elect', 'idle'].flatMap((name) => {
  const capture = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
  return (capture.streams as Stream[]).map((stream) => ({
    name: `${name}: ${stream.dealer} → ${stream.router}`,
    dealer: sentBy(stream, stream.dealer),
    router: sentBy(stream, stream.router),
  }))
})

function sentBy(stream: Stream, node: string): Uint8Array {
  const segments = stream.segments.filter(({ from }) => from === node)
  return concatBytes(segments.map(({ hex }) => bytesOf(hex)))
}

/** The Identity in the DEALER's READY: 17 bytes behind their length. */
function identityIn(dealer: Uint8Array): Uint8Array {
  const at = toHex(dealer).indexOf('4964656e746974790000001101') / 2
  expect(Number.isInteger(at)).toBe(true)
  return dealer.subarray(at + 12, at + 29)
}

function counterpartOf(side: 'dealer' | 'router', identity: Uint8Array): ZmtpConnection {
  const role = side === 'dealer' ? 'acceptor' : 'dialler'
  return new ZmtpConnection({
    role,
    identity: role === 'dialler' ? identity : new Uint8Array(0),
    mechanism: new NullMechanism(),
    limits: LIMITS,
  })
}

it('has streams to read', () => {
  expect(STREAMS.length).toBeGreaterThanOrEqual(6)
})

describe.each(STREAMS)('$name', ({ dealer, router }) => {
  const identity = identityIn(dealer)
  const whole = feed(counterpartOf('dealer', identity), dealer)

  it('offers the dialler, then gives ZRE messages, HELLO first', () => {
    const [offer, ...messages] = whole
    expect(offer).toMatchObject({ kind: 'offer', peer: { socketType: 'DEALER', identity } })
    expect(messages.length).toBeGreaterThan(0)
    messages.forEach((message: ConnectionInput, i: number) => {
      if (message.kind !== 'message') throw new Error(`a ${message.kind} among the messages`)
      const command = i === 0 ? '01' : '..'
      const sequence = (i + 1).toString(16).padStart(4, '0')
      expect(toHex(message.frame(0))).toMatch(new RegExp(`^aaa1${command}02${sequence}`))
    })
  })

  it('reads the same when split anywhere', () => {
    const expected = summaryOf(whole)
    for (let split = 0; split <= dealer.length; split++) {
      const connection = counterpartOf('dealer', identity)
      const inputs = feed(connection, dealer.subarray(0, split))
      inputs.push(...feed(connection, dealer.subarray(split)))
      expect(summaryOf(inputs), `split at ${split}`).toEqual(expected)
    }
    for (let split = 0; split <= router.length; split++) {
      const connection = counterpartOf('router', identity)
      const inputs = feed(connection, router.subarray(0, split))
      inputs.push(...feed(connection, router.subarray(split)))
      expect(summaryOf(inputs), `split at ${split}`).toEqual(['ready'])
    }
  })

  it('reads the same from single bytes', () => {
    const connection = counterpartOf('dealer', identity)
    expect(summaryOf(feedBytewise(connection, dealer))).toEqual(summaryOf(whole))
    expect(connection.bufferedBytes).toBe(0)
  })

  it('is greeted with the bytes that libzmq itself sent', () => {
    const dialler = counterpartOf('router', identity)
    feed(dialler, router)
    const acceptor = counterpartOf('dealer', identity)
    feed(acceptor, dealer)
    const ours = { dialler: takeOutput(dialler), acceptor: takeOutput(acceptor) }
    expect(toHex(ours.dialler)).toBe(toHex(dealer.subarray(0, ours.dialler.length)))
    expect(ours.dialler.length).toBeGreaterThan(64)
    expect(toHex(ours.acceptor)).toBe(toHex(router))
  })

  it('is written with the bytes that libzmq itself sent', () => {
    const dialler = counterpartOf('router', identity)
    feed(dialler, router)
    for (const message of whole) {
      if (message.kind !== 'message') continue
      for (let i = 0; i < message.frameCount; i++) {
        dialler.writeFrame(message.frame(i), i < message.frameCount - 1)
      }
    }
    expect(drain(dialler)).toEqual([])
    expect(toHex(takeOutput(dialler))).toBe(toHex(dealer))
  })
})
