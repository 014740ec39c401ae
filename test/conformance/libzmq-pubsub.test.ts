/** PUB and SUB between us and libzmq: either way, whoever dials, with what is subscribed to and cancelled. */
import { afterEach, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import type { PubConnection } from '../../src/zmtp/pub-connection.ts'
import { newPub, newSub, type Role } from '../support/pubsub.ts'
import {
  type Acceptor,
  Changes,
  closeAll,
  dial,
  type Link,
  type LinkOptions,
  listen,
  opened,
  type Speaker,
} from './links.ts'

afterEach(closeAll)

const ANY_PORT = 'tcp://127.0.0.1:0'

/** A link of ours, as a PUB or a SUB, whose handshake with `peer` is complete, and what is behind it. */
async function linkTo<C extends Speaker>(
  peer: zmq.Socket,
  ourRole: Role,
  speaker: (role: Role) => C,
): Promise<{ link: Link; ours: C }> {
  const made: C[] = []
  const { links, until } = await meet(peer, ourRole, {
    speaker: (role) => {
      made.push(speaker(role))
      return made.at(-1)!
    },
  })
  await until(() => links[0]?.connection.state === 'ready')
  return { link: links[0]!, ours: made[0]! }
}

/** Has us and a socket of libzmq's dial each other, as our role says. */
async function meet(
  peer: zmq.Socket,
  ourRole: Role,
  options: LinkOptions,
): Promise<Pick<Acceptor, 'links' | 'until'>> {
  if (ourRole === 'acceptor') {
    const acceptor = await listen(options)
    peer.connect(acceptor.endpoint)
    return acceptor
  }
  await peer.bind(ANY_PORT)
  const link = dial(peer.lastEndpoint!, options)
  return { links: [link], until: (isTrue) => link.until(isTrue) }
}

/** Publishes texts; gives back which of them the subscriber wanted. */
function publish({ link, ours }: { link: Link; ours: PubConnection }, texts: string[]): string[] {
  const wanted = texts.filter((text) => ours.publish(Buffer.from(text)))
  link.flush()
  return wanted
}

/**
 * Everything that a libzmq subscriber hears. It listens from the beginning: a libzmq SUB that was bound says what it
 * wants only when its application asks for messages.
 */
class Ear {
  readonly texts: string[] = []
  readonly #changes = new Changes()

  constructor(socket: zmq.Subscriber | zmq.XSubscriber) {
    void this.#listen(socket)
  }

  until(count: number): Promise<void> {
    return this.#changes.until(() => this.texts.length >= count)
  }

  /** Until the socket is closed. */
  async #listen(socket: zmq.Subscriber | zmq.XSubscriber): Promise<void> {
    for await (const frames of socket) {
      this.texts.push(String(frames))
      this.#changes.happened()
    }
  }
}

const textsOf = (link: Link): string[] => link.messages.map(String)

describe.each(['dialler', 'acceptor'] as const)('our PUB as %s', (role) => {
  it('is heard by a libzmq SUB of everything', async () => {
    const subscriber = opened(new zmq.Subscriber())
    subscriber.subscribe()
    const ear = new Ear(subscriber)
    const pub = await linkTo(subscriber, role, newPub)
    await pub.link.until(() => pub.ours.topicCount === 1)
    const texts = Array.from({ length: 1_000 }, (_, i) => `text ${i}`)
    expect(publish(pub, texts)).toHaveLength(1_000)
    await ear.until(1_000)
    expect(ear.texts).toEqual(texts)
    expect(pub.link.connection.ignoredCommands).toBe(0)
  })

  it('sends a libzmq SUB only what starts with one of its topics', async () => {
    const subscriber = opened(new zmq.Subscriber())
    subscriber.subscribe('a', 'bc')
    const ear = new Ear(subscriber)
    const pub = await linkTo(subscriber, role, newPub)
    await pub.link.until(() => pub.ours.topicCount === 2)
    expect(publish(pub, ['a', 'ab', 'b', 'bc', 'bcd', 'c', ''])).toEqual(['a', 'ab', 'bc', 'bcd'])
    await ear.until(4)
    subscriber.unsubscribe('a')
    await pub.link.until(() => pub.ours.topicCount === 1)
    expect(publish(pub, ['ab', 'bcx'])).toEqual(['bcx'])
    subscriber.subscribe('')
    await pub.link.until(() => pub.ours.topicCount === 2)
    expect(publish(pub, ['x'])).toEqual(['x'])
    await ear.until(6)
    expect(ear.texts).toEqual(['a', 'ab', 'bc', 'bcd', 'bcx', 'x'])
  })

  it('understands the older form, which a libzmq XSUB sends', async () => {
    const subscriber = opened(new zmq.XSubscriber())
    const ear = new Ear(subscriber)
    const pub = await linkTo(subscriber, role, newPub)
    await subscriber.send(Buffer.from('\x01topic'))
    await subscriber.send(Buffer.from('\x01other'))
    await pub.link.until(() => pub.ours.topicCount === 2)
    expect(publish(pub, ['topic 1', 'nothing', 'other 2'])).toEqual(['topic 1', 'other 2'])
    await ear.until(2)
    await subscriber.send(Buffer.from('\x00topic'))
    await pub.link.until(() => pub.ours.topicCount === 1)
    expect(publish(pub, ['topic 1', 'other 3'])).toEqual(['other 3'])
    await ear.until(3)
    expect(ear.texts).toEqual(['topic 1', 'other 2', 'other 3'])
  })

  it('does not talk with a libzmq DEALER', async () => {
    const verdict = await verdictOf(opened(new zmq.Dealer()), role, newPub)
    expect(verdict).toBe(role === 'dialler' ? 'closed' : 'zmtp-socket-type')
  })
})

describe.each(['dialler', 'acceptor'] as const)('our SUB as %s', (role) => {
  it('hears a libzmq PUB, from the topics that it subscribed to before it was linked', async () => {
    const publisher = opened(new zmq.XPublisher())
    const { link } = await linkTo(publisher, role, (ours) => {
      const sub = newSub(ours)
      sub.subscribe(Buffer.from('a'))
      sub.subscribe(Buffer.from('bc'))
      return sub
    })
    expect(await receiveSubscriptions(publisher, 2)).toEqual(['\x01a', '\x01bc'])
    for (const text of ['a', 'b', 'bcd', 'c', 'ax']) await publisher.send(text)
    await link.until(() => link.messages.length === 3)
    expect(textsOf(link)).toEqual(['a', 'bcd', 'ax'])
  })

  it('hears no more of what it cancelled', async () => {
    const publisher = opened(new zmq.XPublisher())
    const { link, ours } = await linkTo(publisher, role, newSub)
    ours.subscribe(Buffer.from('a'))
    ours.subscribe(Buffer.from('b'))
    link.flush()
    expect(await receiveSubscriptions(publisher, 2)).toEqual(['\x01a', '\x01b'])
    ours.cancel(Buffer.from('a'))
    link.flush()
    expect(await receiveSubscriptions(publisher, 1)).toEqual(['\x00a'])
    for (const text of ['a', 'b', 'ab', 'ba']) await publisher.send(text)
    await link.until(() => link.messages.length === 2)
    expect(textsOf(link)).toEqual(['b', 'ba'])
  })

  it('hears everything of a libzmq PUB, in order, messages of several frames included', async () => {
    // Without a mark: a PUB drops what is over it.
    const publisher = opened(new zmq.Publisher({ sendHighWaterMark: 0 }))
    const sub = await linkTo(publisher, role, newSub)
    sub.ours.subscribe(Buffer.alloc(0))
    sub.link.flush()
    // A PUB does not tell when it knows of a subscription: it is asked until it answers.
    await repeat(
      () => publisher.send('begin'),
      () => sub.link.messages.length > 0,
    )
    for (let i = 0; i < 1_000; i++) await publisher.send([`text ${i}`, 'more'])
    const received = (): string[] => textsOf(sub.link).filter((text) => text !== 'begin')
    await sub.link.until(() => received().length === 1_000)
    expect(received()).toEqual(Array.from({ length: 1_000 }, (_, i) => `text ${i},more`))
  })

  it('is understood in the older form, too', async () => {
    const publisher = opened(new zmq.XPublisher())
    const { link } = await linkTo(publisher, role, newSub)
    await link.send([Buffer.from('\x01old')])
    expect(await receiveSubscriptions(publisher, 1)).toEqual(['\x01old'])
    await publisher.send('news')
    await publisher.send('old news')
    await link.until(() => link.messages.length === 1)
    expect(textsOf(link)).toEqual(['old news'])
  })

  it('does not talk with a libzmq SUB', async () => {
    const verdict = await verdictOf(opened(new zmq.Subscriber()), role, newSub)
    expect(verdict).toBe(role === 'dialler' ? 'closed' : 'zmtp-socket-type')
  })
})

async function receiveSubscriptions(publisher: zmq.XPublisher, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) texts.push(String(await publisher.receive()))
  return texts
}

/** Does something once per turn of the event loop until the condition holds. */
async function repeat(action: () => Promise<void>, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    await action()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * What our link with a socket of a wrong type comes to. Where we dial, libzmq has our READY first, and just closes.
 */
async function verdictOf(
  peer: zmq.Socket,
  role: Role,
  speaker: (role: Role) => Speaker,
): Promise<string> {
  const { links, until } = await meet(peer, role, { speaker })
  await until(() => links[0]?.connection.state === 'invalid' || links[0]?.socket.destroyed === true)
  const last = links[0]!.events.at(-1)
  return last?.kind === 'invalid' ? last.code : 'closed'
}
