import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, utf8Encode } from '../../../src/base/bytes.ts'
import { encodeCommand } from '../../../src/zmtp/command.ts'
import type { ConnectionInput } from '../../../src/zmtp/connection.ts'
import { encodeMetadata } from '../../../src/zmtp/metadata.ts'
import type { PubConnection } from '../../../src/zmtp/pub-connection.ts'
import { TOPIC_BYTES_MAX, TOPICS_MAX } from '../../../src/zmtp/subscriptions.ts'
import { newPub, newSub, type Role } from '../../support/pubsub.ts'
import {
  bytesOf,
  drain,
  GREETING_OF_ROUTER,
  type Pattern,
  summaryOf,
  takeOutput,
} from './helpers.ts'

const ROLES = ['dialler', 'acceptor'] as const

const GREETING_31 = GREETING_OF_ROUTER
const GREETING_30 = GREETING_31.replace('7f 03 01', '7f 03 00')
const GREETING_40 = GREETING_31.replace('7f 03 01', '7f 04 00')

/** READY of a libzmq SUB or PUB, which announces no identity. */
function readyOf(type: string): string {
  const data = bytesOf(`0b 536f636b65742d54797065 000000${hexByte(type.length)} ${hexOf(type)}`)
  const body = encodeCommand('READY', data)
  return `04 ${hexByte(body.length)} ${toHex(body)}`
}

const hexOf = (text: string): string => toHex(utf8Encode(text))
const hexByte = (value: number): string => value.toString(16).padStart(2, '0')

/** A SUBSCRIBE or CANCEL as libzmq sends it. */
function command(name: 'SUBSCRIBE' | 'CANCEL', topic: string): string {
  const body = encodeCommand(name, utf8Encode(topic))
  return `04 ${hexByte(body.length)} ${toHex(body)}`
}

/** The form of ZMTP 3.0. */
function message(octet: '00' | '01', topic: string): string {
  return `00 ${hexByte(1 + topic.length)} ${octet} ${hexOf(topic)}`
}

function feed(pattern: Pattern, hex: string, step = Number.POSITIVE_INFINITY): ConnectionInput[] {
  const bytes = bytesOf(hex)
  const inputs: ConnectionInput[] = []
  for (let at = 0; at < bytes.length; at += step) {
    pattern.zmtp.handleBytes(bytes.slice(at, at + step))
    inputs.push(...drain(pattern))
  }
  return inputs
}

/** Ready, with its output taken. */
function readyPub(role: Role = 'dialler', greeting: string = GREETING_31): PubConnection {
  const pub = newPub(role)
  feed(pub, greeting + readyOf('SUB'))
  expect(pub.zmtp.state).toBe('ready')
  pub.zmtp.takeSegments()
  return pub
}

describe.each(ROLES)('the handshake of a PUB or SUB as %s', (role) => {
  it.each([
    ['PUB', newPub, 'SUB'],
    ['PUB', newPub, 'XSUB'],
    ['SUB', newSub, 'PUB'],
    ['SUB', newSub, 'XPUB'],
  ] as const)('%s takes: %s %s', (type, make, theirs) => {
    const pattern = make(role)
    feed(pattern, GREETING_31 + readyOf(theirs))
    expect(pattern.zmtp.state).toBe('ready')
    const ready = encodeCommand('READY', encodeMetadata(type, new Uint8Array(0)))
    expect(toHex(takeOutput(pattern.zmtp))).toContain(toHex(ready))
  })

  it.each([
    [newPub, 'PUB'],
    [newPub, 'DEALER'],
    [newPub, 'ROUTER'],
    [newPub, 'sub'],
    [newSub, 'SUB'],
    [newSub, 'ROUTER'],
    [newSub, 'PULL'],
    [newSub, ''],
  ] as const)('refuses with an ERROR: %s %s', (make, theirs) => {
    const pattern = make(role)
    const inputs = feed(pattern, GREETING_31 + readyOf(theirs))
    expect(summaryOf(inputs)).toEqual(['zmtp-socket-type'])
    expect(toHex(takeOutput(pattern.zmtp))).toContain(hexOf('\x05ERROR\x13Invalid socket type'))
  })

  it.each([
    ['3.1', GREETING_31],
    ['3.0', GREETING_30],
    ['3.1', GREETING_40],
  ])('tells the version that both speak: %s', (version, greeting) => {
    for (const step of [1, 11, 12, 64, 1_000]) {
      const [input] = feed(newSub(role), greeting + readyOf('PUB'), step)
      expect(input).toMatchObject({ kind: role === 'dialler' ? 'ready' : 'offer', version })
    }
  })
})

describe('a PUB', () => {
  it.each([
    ['commands', command('SUBSCRIBE', 'a'), command('SUBSCRIBE', 'bc'), command('CANCEL', 'a')],
    ['messages', message('01', 'a'), message('01', 'bc'), message('00', 'a')],
    ['both', command('SUBSCRIBE', 'a'), message('01', 'bc'), message('00', 'a')],
  ])('understands subscriptions in %s, in any split', (_title, first, second, cancel) => {
    for (const greeting of [GREETING_31, GREETING_30]) {
      for (let step = 1; step < 30; step++) {
        const pub = readyPub('acceptor', greeting)
        expect(feed(pub, first + second, step)).toEqual([])
        expect(pub.topicCount).toBe(2)
        expect(['a', 'b', 'bcd'].map((text) => pub.isWanted(utf8Encode(text)))).toEqual([
          true,
          false,
          true,
        ])
        feed(pub, cancel, step)
        expect(pub.isWanted(utf8Encode('a'))).toBe(false)
        expect([pub.topicCount, pub.ignoredMessages, pub.zmtp.ignoredCommands]).toEqual([1, 0, 0])
        expect(pub.zmtp.bufferedBytes).toBe(0)
      }
    }
  })

  it('sends what is wanted, and nothing else', () => {
    const pub = readyPub()
    expect(pub.publish(utf8Encode('a'))).toBe(false)
    feed(pub, command('SUBSCRIBE', 'a'))
    expect(pub.publish(utf8Encode('b'))).toBe(false)
    expect(pub.publish(utf8Encode('ab'))).toBe(true)
    expect(toHex(takeOutput(pub.zmtp))).toBe('00026162')
  })

  it('drops and counts what is no subscription', () => {
    const pub = readyPub()
    expect(feed(pub, '00 00  00 01 02  00 02 4141  04 02 01 58')).toEqual([])
    expect([pub.ignoredMessages, pub.zmtp.ignoredCommands, pub.topicCount]).toEqual([3, 1, 0])
  })

  it('answers a PING', () => {
    const pub = readyPub()
    feed(pub, '04 07 04 50494e47 0000')
    expect(toHex(takeOutput(pub.zmtp))).toBe('040504504f4e47')
  })

  it.each([
    ['two frames', '01 01 01 00 01 61', 'zmtp-message-frames'],
    ['a message that is too large', '02 0000000000001000', 'zmtp-message-size'],
    ['a command that is too large', '06 0000000000001001', 'zmtp-command-size'],
  ])('does not stand %s', (_title, hex, code) => {
    const pub = readyPub()
    feed(pub, command('SUBSCRIBE', 'a'))
    expect(summaryOf(feed(pub, hex))).toEqual([code])
    expect(pub.topicCount).toBe(0)
  })

  it('takes the longest topic in either form', () => {
    const size = (value: number): string => value.toString(16).padStart(16, '0')
    const topic = '61'.repeat(TOPIC_BYTES_MAX)
    const pub = readyPub()
    feed(pub, `06 ${size(10 + TOPIC_BYTES_MAX)} 09 ${hexOf('SUBSCRIBE')} ${topic}`)
    feed(pub, `02 ${size(1 + TOPIC_BYTES_MAX)} 01 ${topic}`)
    expect(pub.topicCount).toBe(1)
  })

  it.each([
    ['commands', (topic: string) => command('SUBSCRIBE', topic)],
    ['messages', (topic: string) => message('01', topic)],
  ])('ends with who wants too much, in %s', (_title, subscribe) => {
    const pub = readyPub()
    for (let i = 0; i < TOPICS_MAX; i++) feed(pub, subscribe(String(i)))
    expect(pub.topicCount).toBe(TOPICS_MAX)
    expect(summaryOf(feed(pub, `${subscribe('too much')} 00 01 61`))).toEqual([
      'zmtp-subscriptions',
    ])
    expect([pub.zmtp.state, pub.topicCount, pub.zmtp.bufferedBytes]).toEqual(['invalid', 0, 0])
    expect(pub.poll()).toMatchObject({ kind: 'invalid', code: 'zmtp-subscriptions' })
  })

  it('survives any bytes, and holds little', () => {
    const part = fc.oneof(
      fc.constantFrom(command('SUBSCRIBE', 'x'), command('CANCEL', 'x'), message('01', 'y')),
      fc.uint8Array({ maxLength: 12 }).map(toHex),
      fc.constantFrom('00', '01', '02', '04', '06', '0409', '04 07 04 50494e47 0000'),
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }),
        fc.integer({ min: 1, max: 90 }),
        (parts, step) => {
          const pub = readyPub()
          feed(pub, parts.join(''), step)
          expect(pub.zmtp.bufferedBytes).toBeLessThanOrEqual(16 * 1024)
          expect(pub.zmtp.outputBytes).toBeLessThan(100)
          if (pub.zmtp.state === 'invalid') expect(pub.topicCount).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('a SUB', () => {
  it.each([
    ['commands', GREETING_31, command('SUBSCRIBE', 'a'), command('CANCEL', 'b')],
    ['messages to who speaks 3.0', GREETING_30, message('01', 'a'), message('00', 'b')],
    ['commands to who speaks more', GREETING_40, command('SUBSCRIBE', 'a'), command('CANCEL', 'b')],
  ])('says what it wants in %s', (_title, greeting, subscribe, cancel) => {
    for (const role of ROLES) {
      const sub = newSub(role)
      sub.subscribe(utf8Encode('a'))
      feed(sub, greeting + readyOf('PUB'))
      sub.cancel(utf8Encode('b'))
      const said = toHex(takeOutput(sub.zmtp))
      expect(said.endsWith(toHex(bytesOf(subscribe + cancel)))).toBe(true)
    }
  })

  it('gives messages out as they come', () => {
    const sub = newSub()
    expect(summaryOf(feed(sub, `${GREETING_31 + readyOf('PUB')} 01 01 aa 00 01 bb 00 00`))).toEqual(
      ['ready', ['aa', 'bb'], ['']],
    )
  })

  it('counts subscriptions that it is asked for, and ignores them', () => {
    const sub = newSub()
    feed(sub, GREETING_31 + readyOf('PUB') + command('SUBSCRIBE', 'a'))
    expect(sub.zmtp.ignoredCommands).toBe(1)
  })

  it('asserts that a topic fits', () => {
    expect(() => newSub().subscribe(new Uint8Array(TOPIC_BYTES_MAX + 1))).toThrow('assertion')
  })
})

it.each(ROLES)('our PUB as %s and our SUB understand each other', (role) => {
  const pub = newPub(role)
  const sub = newSub(role === 'dialler' ? 'acceptor' : 'dialler')
  sub.subscribe(utf8Encode('a'))
  const heard: ConnectionInput[] = []
  const move = (): void => {
    for (;;) {
      const bytes = takeOutput(pub.zmtp)
      const back = takeOutput(sub.zmtp)
      if (bytes.length + back.length === 0) return
      pub.zmtp.handleBytes(back)
      drain(pub)
      sub.zmtp.handleBytes(bytes)
      heard.push(...drain(sub).filter(({ kind }) => kind === 'message'))
    }
  }
  move()
  for (const text of ['a', 'b', 'ab']) pub.publish(utf8Encode(text))
  move()
  expect(summaryOf(heard)).toEqual([['61'], ['6162']])
  sub.cancel(utf8Encode('a'))
  move()
  expect(pub.topicCount).toBe(0)
})
