/** We dial a libzmq ROUTER: it sees our identity, and all that we send. */
import { afterEach, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import { closeAll, dial, IDENTITY, newRouter, opened } from './links.ts'
import { MATRIX } from './matrix.ts'

afterEach(closeAll)

describe('our dialler at a libzmq ROUTER', () => {
  it('is ready with the ROUTER’s metadata', async () => {
    const { endpoint } = await newRouter()
    const link = dial(endpoint)
    await link.until(() => link.connection.state === 'ready')
    expect(link.events).toMatchObject([{ kind: 'ready', peer: { socketType: 'ROUTER' } }])
  })

  it.each(MATRIX)('sends $title', async ({ messages }) => {
    const { router, endpoint } = await newRouter()
    const link = dial(endpoint)
    await link.until(() => link.connection.state === 'ready')
    const sending = (async () => {
      for (const frames of messages) await link.send(frames)
    })()
    let different = 0
    for (const frames of messages) {
      const [identity, ...received] = await router.receive()
      const isEqual =
        Buffer.compare(identity!, IDENTITY) === 0 &&
        received.length === frames.length &&
        frames.every((frame, i) => frame.equals(received[i]!))
      if (!isEqual) different++
    }
    await sending
    expect(different).toBe(0)
  })

  it('hears what the ROUTER sends to its identity', async () => {
    const { router, endpoint } = await newRouter()
    const link = dial(endpoint)
    await link.until(() => link.connection.state === 'ready')
    await link.send([Buffer.from('hello')])
    await router.receive()
    await router.send([Buffer.from(IDENTITY), 'back', Buffer.alloc(100_000, 7)])
    await link.until(() => link.messages.length === 1)
    expect(link.messages[0]!.map(({ length }) => length)).toEqual([4, 100_000])
  })

  it('refuses a libzmq DEALER that listens', async () => {
    const dealer = opened(new zmq.Dealer())
    await dealer.bind('tcp://127.0.0.1:0')
    const link = dial(dealer.lastEndpoint!)
    await link.until(() => link.connection.state === 'invalid')
    expect(link.events).toMatchObject([{ kind: 'invalid', code: 'zmtp-socket-type' }])
  })
})
