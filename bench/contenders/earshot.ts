/**
 * earshot through its public API: two nodes on the loopback interface, `whisper` and the `whisper` event.
 */
import { createNode } from '../../src/index.ts'
import type { Contender, Receiver, Sender } from '../contender.ts'

const LOOPBACK = '127.0.0.1'

export const earshot: Contender = {
  name: 'earshot',

  async receive(): Promise<Receiver> {
    // A beacon port of our own, so that benchmarks run at the same time do not meet.
    const port = 20_000 + (process.pid % 20_000)
    const node = await createNode({ name: 'receiver', interfaces: LOOPBACK, port })
    const receiver: Receiver = {
      address: String(port),
      onMessage: () => {},
      close: () => node.stop(),
    }
    node.on('whisper', ({ peer, message }) => {
      receiver.onMessage(message.bytes(), (payload) => void node.whisper(peer, payload))
    })
    return receiver
  },

  async connect(address: string): Promise<Sender> {
    const node = await createNode({ name: 'sender', interfaces: LOOPBACK, port: Number(address) })
    const { peer } =
      node.peers()[0] === undefined ? await node.next('enter') : { peer: node.peers()[0]! }
    const sender: Sender = {
      send: (payload) =>
        node.tryWhisper(peer.id, payload) ? undefined : node.whisper(peer.id, payload),
      onReply: () => {},
      close: () => node.stop(),
    }
    node.on('whisper', ({ message }) => sender.onReply(message.bytes()))
    return sender
  },
}
