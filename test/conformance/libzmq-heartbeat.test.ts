/** ZMTP heartbeats between us and libzmq, either way. */
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, dial, type Link, listen, newDealer, newRouter } from './links.ts'

afterEach(closeAll)

/** Frame header, name length, name: a PONG without context, as libzmq's PINGs have none. */
const PONG = Buffer.from('040504504f4e47', 'hex')
const INTERVAL_MS = 40
/** Generous beside the interval: two cores are shared with other tests. */
const TIMEOUT_MS = 1000

function pongsOf(link: Link | undefined): number {
  return link === undefined ? 0 : link.sent.filter((bytes) => bytes.equals(PONG)).length
}

describe('a libzmq DEALER with heartbeats', () => {
  it('is answered, and stays connected for longer than its timeout', async () => {
    const acceptor = await listen()
    const dealer = newDealer()
    dealer.heartbeatInterval = INTERVAL_MS
    dealer.heartbeatTimeout = TIMEOUT_MS
    dealer.heartbeatTimeToLive = TIMEOUT_MS
    dealer.connect(acceptor.endpoint)
    const pongs = Math.ceil((1.5 * TIMEOUT_MS) / INTERVAL_MS)
    await acceptor.until(() => pongsOf(acceptor.links[0]) >= pongs)
    await dealer.send('still here')
    await acceptor.until(() => acceptor.links[0]!.messages.length === 1)
    expect(acceptor.links).toHaveLength(1)
    expect(acceptor.links[0]!.connection.ignoredCommands).toBe(0)
  })

  it('gives a connection up that does not answer: so the answer is what keeps the other one', async () => {
    const acceptor = await listen({ speaks: false })
    const dealer = newDealer()
    dealer.heartbeatInterval = INTERVAL_MS
    dealer.heartbeatTimeout = 2 * INTERVAL_MS
    dealer.connect(acceptor.endpoint)
    await acceptor.until(() => acceptor.links.length >= 2)
    expect(acceptor.links[0]!.socket.readableEnded || acceptor.links[0]!.socket.destroyed).toBe(
      true,
    )
  })

  it('is answered between and within the messages that it sends', async () => {
    const acceptor = await listen()
    const dealer = newDealer()
    dealer.heartbeatInterval = 1
    dealer.heartbeatTimeout = 10 * TIMEOUT_MS
    dealer.connect(acceptor.endpoint)
    const frames = Array.from({ length: 1000 }, (_, i) => Buffer.alloc(2000, i))
    for (let i = 0; i < 50; i++) await dealer.send(frames)
    await acceptor.until(() => acceptor.links[0]?.messages.length === 50)
    await acceptor.until(() => pongsOf(acceptor.links[0]) > 0)
    const isWhole = (message: readonly Buffer[]) =>
      message.length === 1000 && message.every((frame, i) => frame.equals(frames[i]!))
    expect(acceptor.links[0]!.messages.every(isWhole)).toBe(true)
  })
})

describe('a libzmq ROUTER', () => {
  it('answers our PING with its context', async () => {
    const { endpoint } = await newRouter()
    const link = dial(endpoint)
    await link.until(() => link.connection.state === 'ready')
    const context = Buffer.from('0123456789abcdef')
    link.connection.writePing(0, context)
    link.flush()
    await link.until(() => link.events.length === 2)
    expect(link.events[1]).toEqual({ kind: 'pong', context: Uint8Array.from(context) })
  })

  it('closes the connection when our TTL passes in silence', async () => {
    const { endpoint } = await newRouter()
    const link = dial(endpoint)
    await link.until(() => link.connection.state === 'ready')
    link.connection.writePing(1, new Uint8Array(0))
    link.flush()
    await link.until(() => link.socket.destroyed)
    expect(link.events.map(({ kind }) => kind)).toEqual(['ready', 'pong'])
  })
})
