/**
 * The `zeromq` package (native libzmq) as ZRE uses it: DEALER to ROUTER, two frames a message, one connection each way.
 */
import * as zmq from 'zeromq'
import type { Contender, Receiver, Sender } from '../contender.ts'

/** As long as a WHISPER header. */
const HEADER = Buffer.from('aaa102020001', 'hex')

export const zeromq: Contender = {
  name: 'zeromq',

  async receive(): Promise<Receiver> {
    const router = new zmq.Router({ receiveHighWaterMark: 10_000, sendHighWaterMark: 10_000 })
    await router.bind('tcp://127.0.0.1:*')
    const receiver: Receiver = {
      address: router.lastEndpoint ?? '',
      onMessage: () => {},
      close: async () => router.close(),
    }
    void (async () => {
      for await (const [identity, header, payload] of router) {
        if (payload === undefined) continue
        receiver.onMessage(payload, (reply) => void router.send([identity!, header!, reply]))
      }
    })()
    return receiver
  },

  async connect(address: string): Promise<Sender> {
    const dealer = new zmq.Dealer({
      receiveHighWaterMark: 10_000,
      sendHighWaterMark: 10_000,
      linger: 0,
    })
    const connected = new Promise((resolve) => dealer.events.on('handshake', resolve))
    dealer.connect(address)
    await connected
    const sender: Sender = {
      send: (payload) => dealer.send([HEADER, payload]),
      onReply: () => {},
      close: async () => dealer.close(),
    }
    void (async () => {
      for await (const [, payload] of dealer) if (payload !== undefined) sender.onReply(payload)
    })()
    return sender
  },
}
