/**
 * A bare `node:net` socket as the limit: a 4-byte length before each payload, writes coalesced per turn, no protocol,
 * no checks. What a message system adds to this is its cost.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { Contender, Receiver, Sender } from '../contender.ts'

const BATCH_BYTES = 64 * 1024

export const bareSocket: Contender = {
  name: 'bare socket',

  async receive(): Promise<Receiver> {
    const receiver: Receiver = { address: '', onMessage: () => {}, close: async () => {} }
    const server = createServer((socket) => {
      socket.setNoDelay(true)
      const send = batchedWriter(socket)
      readFrames(socket, (payload) => receiver.onMessage(payload, (reply) => void send(reply)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return Object.assign(receiver, {
      address: String(port),
      close: async () => {
        server.close()
      },
    })
  },

  async connect(address: string): Promise<Sender> {
    const socket = connect({ host: '127.0.0.1', port: Number(address), noDelay: true })
    await once(socket, 'connect')
    const sender: Sender = {
      send: batchedWriter(socket),
      onReply: () => {},
      close: async () => {
        socket.destroy()
      },
    }
    readFrames(socket, (payload) => sender.onReply(payload))
    return sender
  },
}

function batchedWriter(socket: Socket): (payload: Uint8Array) => Promise<void> | undefined {
  let batch = Buffer.allocUnsafe(BATCH_BYTES)
  let used = 0
  let planned = false
  const flush = (): void => {
    planned = false
    if (used === 0) return
    socket.write(batch.subarray(0, used))
    batch = Buffer.allocUnsafe(BATCH_BYTES)
    used = 0
  }
  return (payload) => {
    if (used + 4 + payload.length > BATCH_BYTES) flush()
    if (payload.length + 4 > BATCH_BYTES) {
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32BE(payload.length)
      socket.cork()
      socket.write(length)
      socket.write(payload)
      socket.uncork()
    } else {
      batch.writeUInt32BE(payload.length, used)
      batch.set(payload, used + 4)
      used += 4 + payload.length
      if (!planned) {
        planned = true
        setImmediate(flush)
      }
    }
    return socket.writableLength > 1024 * 1024 ? drained(socket) : undefined
  }
}

async function drained(socket: Socket): Promise<void> {
  await once(socket, 'drain')
}

function readFrames(socket: Socket, onFrame: (payload: Uint8Array) => void): void {
  let rest: Buffer[] = []
  let restLength = 0
  let needed = 4
  socket.on('data', (chunk: Buffer) => {
    rest.push(chunk)
    restLength += chunk.length
    if (restLength < needed) return
    const bytes = rest.length === 1 ? rest[0]! : Buffer.concat(rest)
    let offset = 0
    needed = 4
    while (bytes.length - offset >= 4) {
      const length = bytes.readUInt32BE(offset)
      if (bytes.length - offset - 4 < length) {
        needed = 4 + length
        break
      }
      onFrame(bytes.subarray(offset + 4, offset + 4 + length))
      offset += 4 + length
    }
    rest = offset === bytes.length ? [] : [bytes.subarray(offset)]
    restLength = bytes.length - offset
  })
}
