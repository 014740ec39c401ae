/**
 * The `zeromq` package (native libzmq) as ZRE uses it: one DEALER per peer, connected to the peer's ROUTER, two
 * frames a message. The package allows one send at a time per socket: each waits for the one before.
 */
import * as zmq from 'zeromq'
import type { Contender, Receiver, Sender, Sink, Task } from '../contender.ts'
import { payloadOf } from '../contender.ts'
import { fanOut } from './fan-out.ts'

/** As long as a WHISPER header. */
const HEADER = Buffer.from('aaa102020001', 'hex')

const WAITING_BYTES_MAX = 64 * 1024 * 1024

/** Messages that may wait at each end: libzmq counts messages, whatever their size. */
function highWaterMarks(task: Task): { receiveHighWaterMark: number; sendHighWaterMark: number } {
  const messages = Math.floor(WAITING_BYTES_MAX / task.bytes / task.peers)
  const mark = Math.min(10_000, Math.max(16, messages))
  return { receiveHighWaterMark: mark, sendHighWaterMark: mark }
}

export const zeromq: Contender = {
  name: 'zeromq',

  async receive(task: Task, sink: Sink): Promise<Receiver> {
    const routers: zmq.Router[] = []
    for (let i = 0; i < task.peers; i++) {
      const router = new zmq.Router(highWaterMarks(task))
      await router.bind('tcp://127.0.0.1:*')
      void readRouter(router, sink)
      routers.push(router)
    }
    return {
      address: routers.map(({ lastEndpoint }) => lastEndpoint).join(' '),
      close: async () => {
        for (const router of routers) router.close()
      },
    }
  },

  async connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender> {
    const dealers: zmq.Dealer[] = []
    for (const endpoint of address.split(' ')) {
      const dealer = new zmq.Dealer({ ...highWaterMarks(task), linger: 0 })
      const connected = new Promise((resolve) => dealer.events.on('handshake', resolve))
      dealer.connect(endpoint)
      await connected
      void readDealer(dealer, onReply)
      dealers.push(dealer)
    }
    const frames = [HEADER, payloadOf(task)]
    return {
      send: fanOut(dealers.map((dealer) => () => dealer.send(frames))),
      close: async () => {
        for (const dealer of dealers) dealer.close()
      },
    }
  },
}

async function readRouter(router: zmq.Router, sink: Sink): Promise<void> {
  for await (const [identity, header, payload] of router) {
    if (payload === undefined) continue
    if (sink.echo) void router.send([identity!, header!, payload])
    else sink.count(payload.length)
  }
}

async function readDealer(dealer: zmq.Dealer, onReply: (bytes: number) => void): Promise<void> {
  for await (const [, payload] of dealer) if (payload !== undefined) onReply(payload.length)
}
