/** What a libzmq DEALER does when we end a connection: it comes back, by itself, and keeps its queue. */
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, listen, newDealer } from './links.ts'

afterEach(closeAll)

describe('a libzmq DEALER', () => {
  it('redials when its connection is cut, and goes on', async () => {
    const acceptor = await listen()
    const dealer = newDealer()
    dealer.connect(acceptor.endpoint)
    for (let round = 0; round < 3; round++) {
      await acceptor.until(() => acceptor.links[round]?.connection.state === 'ready')
      await dealer.send(`round ${round}`)
      await acceptor.until(() => acceptor.links[round]!.messages.length === 1)
      expect(String(acceptor.links[round]!.messages[0])).toBe(`round ${round}`)
      acceptor.links[round]!.socket.destroy()
    }
  })

  it('keeps its queue while its offer is refused, and delivers all of it once accepted', async () => {
    let offers = 0
    const acceptor = await listen({ admit: () => ++offers > 3 })
    const dealer = newDealer()
    dealer.connect(acceptor.endpoint)
    for (let i = 0; i < 100; i++) await dealer.send([`queued ${i}`, 'content'])
    await acceptor.until(() => acceptor.links.some(({ messages }) => messages.length === 100))
    expect(acceptor.links).toHaveLength(4)
    const texts = acceptor.links[3]!.messages.map(String)
    expect(texts).toEqual(Array.from({ length: 100 }, (_, i) => `queued ${i},content`))
    for (const link of acceptor.links.slice(0, 3)) expect(link.messages).toEqual([])
  })
})
