/**
 * What one subscriber wants of a PUB: topics, each a prefix of the messages that match.
 *
 * RFC 37 "The Publish-Subscribe Pattern": "A subscription of "A" SHALL match all messages starting with "A". An
 * empty subscription SHALL match all messages." And they "SHALL be additive and SHALL NOT be idempotent": who
 * subscribed to a topic twice has to cancel it twice.
 */
import { startsWith, toHex } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import type { ZmtpInvalid } from './codes.ts'
import { COMMAND_BYTES_MAX } from './command.ts'

const SUBSCRIBE_BYTES = 1 + 'SUBSCRIBE'.length

/** Bytes of one topic: what a SUBSCRIBE command can carry here. The older form is held to the same. */
export const TOPIC_BYTES_MAX: number = COMMAND_BYTES_MAX - SUBSCRIBE_BYTES
/** Different topics of one subscriber. Each message is held against all of them. */
export const TOPICS_MAX: number = 1_024
/** Bytes of one subscriber's topics together: what matching one message may have to look at. */
export const TOPICS_BYTES_MAX: number = 64 * 1024

interface Subscription {
  readonly topic: Uint8Array
  /** How often it was subscribed to and not cancelled. */
  count: number
}

export class Subscriptions {
  /** By the topic in hexadecimal, so that finding one takes no longer the more there are. */
  readonly #byTopic = new Map<string, Subscription>()
  #topicBytes = 0

  /** Different topics. */
  get size(): number {
    return this.#byTopic.size
  }

  /** Bytes of all topics. */
  get topicBytes(): number {
    return this.#topicBytes
  }

  /** Copies the topic. An invalid one has changed nothing. */
  subscribe(topic: Uint8Array): ZmtpInvalid | undefined {
    if (topic.length > TOPIC_BYTES_MAX) {
      return invalid('zmtp-subscriptions', `a topic of ${topic.length} bytes`)
    }
    const key = toHex(topic)
    const known = this.#byTopic.get(key)
    if (known !== undefined) {
      known.count++
      return undefined
    }
    if (this.size >= TOPICS_MAX) {
      return invalid('zmtp-subscriptions', `more than ${TOPICS_MAX} topics`)
    }
    if (this.#topicBytes + topic.length > TOPICS_BYTES_MAX) {
      return invalid('zmtp-subscriptions', `topics of more than ${TOPICS_BYTES_MAX} bytes`)
    }
    this.#byTopic.set(key, { topic: new Uint8Array(topic), count: 1 })
    this.#topicBytes += topic.length
    return undefined
  }

  /** Takes one subscription back. One that is not there is nothing to complain of: libzmq passes it over, too. */
  cancel(topic: Uint8Array): void {
    if (topic.length > TOPIC_BYTES_MAX) return
    const key = toHex(topic)
    const known = this.#byTopic.get(key)
    if (known === undefined) return
    known.count--
    if (known.count > 0) return
    this.#byTopic.delete(key)
    this.#topicBytes -= known.topic.length
  }

  /** Whether a message that starts with these bytes is wanted. Only its first frame counts. */
  matches(bytes: Uint8Array): boolean {
    for (const { topic } of this.#byTopic.values()) if (startsWith(bytes, topic)) return true
    return false
  }

  clear(): void {
    this.#byTopic.clear()
    this.#topicBytes = 0
  }
}
