import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../../src/base/bytes.ts'
import {
  Subscriptions,
  TOPIC_BYTES_MAX,
  TOPICS_BYTES_MAX,
  TOPICS_MAX,
} from '../../../src/zmtp/subscriptions.ts'

function subscribedTo(...topics: string[]): Subscriptions {
  const subscriptions = new Subscriptions()
  for (const topic of topics) expect(subscriptions.subscribe(utf8Encode(topic))).toBeUndefined()
  return subscriptions
}

describe('subscriptions', () => {
  it.each([
    [[], '', false],
    [[], 'a', false],
    [[''], '', true],
    [[''], 'anything', true],
    [['a'], 'a', true],
    [['a'], 'ab', true],
    [['a'], 'b', false],
    [['a'], '', false],
    [['ab'], 'a', false],
    [['a', 'bc'], 'bcd', true],
    [['a', 'bc'], 'bd', false],
    [['a', ''], 'b', true],
  ])('to %j, a message "%s": %s', (topics, message, wanted) => {
    expect(subscribedTo(...topics).matches(utf8Encode(message))).toBe(wanted)
  })

  it('are counted: who subscribed twice cancels twice', () => {
    const subscriptions = subscribedTo('a', 'a', 'b')
    expect(subscriptions.size).toBe(2)
    subscriptions.cancel(utf8Encode('a'))
    expect(subscriptions.matches(utf8Encode('a'))).toBe(true)
    subscriptions.cancel(utf8Encode('a'))
    expect(subscriptions.matches(utf8Encode('a'))).toBe(false)
    expect(subscriptions.matches(utf8Encode('b'))).toBe(true)
    expect(subscriptions.topicBytes).toBe(1)
  })

  it('that are not there can be cancelled', () => {
    const subscriptions = subscribedTo('a')
    subscriptions.cancel(utf8Encode('b'))
    subscriptions.cancel(new Uint8Array(TOPIC_BYTES_MAX + 1))
    expect(subscriptions.size).toBe(1)
  })

  it('hold bytes of their own', () => {
    const subscriptions = new Subscriptions()
    const topic = utf8Encode('a')
    subscriptions.subscribe(topic)
    topic[0] = 0x62
    expect(subscriptions.matches(utf8Encode('a'))).toBe(true)
  })

  it('are bounded in number, and those that are there can still be added to', () => {
    const subscriptions = new Subscriptions()
    const topicOf = (i: number): Uint8Array => Uint8Array.of(i >> 8, i)
    for (let i = 0; i < TOPICS_MAX; i++) expect(subscriptions.subscribe(topicOf(i))).toBeUndefined()
    expect(subscriptions.subscribe(topicOf(TOPICS_MAX))?.code).toBe('zmtp-subscriptions')
    expect(subscriptions.subscribe(topicOf(0))).toBeUndefined()
    subscriptions.cancel(topicOf(1))
    expect(subscriptions.subscribe(topicOf(TOPICS_MAX))).toBeUndefined()
    expect(subscriptions.size).toBe(TOPICS_MAX)
  })

  it('are bounded in bytes, each and together', () => {
    const subscriptions = new Subscriptions()
    const topicOf = (i: number, length: number): Uint8Array => new Uint8Array(length).fill(i)
    expect(subscriptions.subscribe(topicOf(0, TOPIC_BYTES_MAX + 1))?.code).toBe(
      'zmtp-subscriptions',
    )
    const full = Math.floor(TOPICS_BYTES_MAX / TOPIC_BYTES_MAX)
    for (let i = 0; i < full; i++) subscriptions.subscribe(topicOf(i, TOPIC_BYTES_MAX))
    expect(subscriptions.size).toBe(full)
    expect(subscriptions.subscribe(topicOf(full, TOPIC_BYTES_MAX))?.code).toBe('zmtp-subscriptions')
    expect(subscriptions.topicBytes).toBeLessThanOrEqual(TOPICS_BYTES_MAX)
    subscriptions.clear()
    expect(subscriptions.topicBytes).toBe(0)
  })

  it('agree with a plain list, whatever comes and goes', () => {
    const bytes = fc.uint8Array({ maxLength: 3, max: 2 })
    const step = fc.tuple(fc.constantFrom('subscribe', 'cancel', 'match'), bytes)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const subscriptions = new Subscriptions()
        const list: string[] = []
        for (const [what, topic] of steps) {
          const text = String(topic)
          if (what === 'subscribe') {
            subscriptions.subscribe(topic)
            list.push(text)
          } else if (what === 'cancel') {
            subscriptions.cancel(topic)
            if (list.includes(text)) list.splice(list.indexOf(text), 1)
          }
          const wanted = list.some((each) => each === '' || `${text},`.startsWith(`${each},`))
          expect(subscriptions.matches(topic)).toBe(wanted)
          expect(subscriptions.size).toBe(new Set(list).size)
        }
      }),
    )
  })
})
