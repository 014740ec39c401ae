/**
 * WebSockets by the `ws` package, without compression: the sender is a client of every peer. A client masks what it
 * sends (RFC 6455 §5.3), which is part of the price.
 */
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import type { Contender, Receiver, Sender, Sink, Task } from '../contender.ts'
import { payloadOf } from '../contender.ts'
import { fanOut } from './fan-out.ts'

const WAITING_BYTES_MAX = 1024 * 1024

export const ws: Contender = {
  name: 'ws',

  async receive(_task: Task, sink: Sink): Promise<Receiver> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    server.on('connection', (socket) => {
      socket.on('message', (payload: Buffer) => {
        if (sink.echo) socket.send(payload)
        else sink.count(payload.length)
      })
    })
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return {
      address: `ws://127.0.0.1:${port}`,
      close: async () => {
        server.close()
        for (const socket of server.clients) socket.terminate()
      },
    }
  },

  async connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender> {
    const payload = payloadOf(task)
    const sockets: WebSocket[] = []
    for (let i = 0; i < task.peers; i++) {
      const socket = new WebSocket(address, { perMessageDeflate: false })
      await once(socket, 'open')
      socket.on('message', ({ length }: Buffer) => onReply(length))
      sockets.push(socket)
    }
    return {
      send: fanOut(sockets.map((socket) => () => sendOn(socket, payload))),
      close: async () => {
        for (const socket of sockets) socket.terminate()
      },
    }
  },
}

/** `ws` has no event for room; the callback of a message says that all before it is written. */
function sendOn(socket: WebSocket, payload: Buffer): Promise<void> | undefined {
  if (socket.bufferedAmount > WAITING_BYTES_MAX) {
    return new Promise((resolve) => socket.send(payload, () => resolve()))
  }
  socket.send(payload)
  return undefined
}
