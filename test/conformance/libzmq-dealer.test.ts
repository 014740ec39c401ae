/** A libzmq DEALER dials us: what it sends arrives, and what we refuse does not. */
import { afterEach, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import { closeAll, IDENTITY, type Link, listen, newDealer, opened } from './links.ts'
import { MATRIX } from './matrix.ts'

afterEach(closeAll)

/** The code of the verdict that a link came to. */
function verdictOf(link: Link | undefined): string | undefined {
  const last = link?.events.at(-1)
  return last?.kind === 'invalid' ? last.code : undefined
}

describe('a libzmq DEALER that dials our acceptor', () => {
  it('offers its identity and socket type, and no message before it is accepted', async () => {
    const seen: number[] = []
    const acceptor = await listen({
      admit: (link) => {
        seen.push(link.messages.length)
        return true
      },
    })
    const dealer = newDealer()
    dealer.connect(acceptor.endpoint)
    await dealer.send('hello')
    await acceptor.until(() => acceptor.links[0]?.messages.length === 1)
    expect(seen).toEqual([0])
    const [offer] = acceptor.links[0]!.events
    expect(offer).toMatchObject({
      kind: 'offer',
      peer: { socketType: 'DEALER', identity: IDENTITY },
    })
  })

  it.each(MATRIX)('sends $title', async ({ messages }) => {
    const acceptor = await listen()
    const dealer = newDealer()
    dealer.connect(acceptor.endpoint)
    for (const frames of messages) await dealer.send([...frames])
    await acceptor.until(() => acceptor.links[0]?.messages.length === messages.length)
    const [link] = acceptor.links
    expect(acceptor.links).toHaveLength(1)
    expect(equalMessages(link!.messages, messages)).toBe(true)
    expect(link!.connection.bufferedBytes).toBe(0)
  })

  it('hears what we send on the same connection', async () => {
    const acceptor = await listen()
    const dealer = newDealer()
    dealer.connect(acceptor.endpoint)
    await acceptor.until(() => acceptor.links[0]?.connection.state === 'ready')
    await acceptor.links[0]!.send([Buffer.from('back'), Buffer.from('to you')])
    expect((await dealer.receive()).map(String)).toEqual(['back', 'to you'])
  })
})

describe('our acceptor refuses', () => {
  it('a libzmq socket of another type', async () => {
    const acceptor = await listen()
    const subscriber = opened(new zmq.Subscriber())
    subscriber.connect(acceptor.endpoint)
    await acceptor.until(() => verdictOf(acceptor.links[0]) !== undefined)
    expect(verdictOf(acceptor.links[0])).toBe('zmtp-socket-type')
  })

  it('a libzmq socket with CURVE', async () => {
    const acceptor = await listen()
    const dealer = newDealer()
    const { publicKey, secretKey } = zmq.curveKeyPair()
    dealer.curvePublicKey = publicKey
    dealer.curveSecretKey = secretKey
    dealer.curveServerKey = publicKey
    dealer.connect(acceptor.endpoint)
    await acceptor.until(() => verdictOf(acceptor.links[0]) !== undefined)
    expect(verdictOf(acceptor.links[0])).toBe('zmtp-mechanism')
  })
})

/** Compares in one go: an assertion for each of 10,000 messages takes longer than sending them. */
function equalMessages(
  actual: readonly (readonly Buffer[])[],
  expected: readonly (readonly Buffer[])[],
): boolean {
  return (
    actual.length === expected.length &&
    expected.every(
      (frames, n) =>
        actual[n]!.length === frames.length &&
        frames.every((frame, i) => frame.equals(actual[n]![i]!)),
    )
  )
}
