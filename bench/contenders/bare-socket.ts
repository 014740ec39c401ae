/**
 * A bare `node:net` socket as the limit: a 4-byte length before each payload, writes coalesced per turn, no protocol,
 * no checks. What a message system adds to this is its cost.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { Contender, Receiver, Sender, Sink, Task } from '../contender.ts'
import { payloadOf } from '../contender.ts'
import { fanOut } from './fan-out.ts'

const BLOCK_BYTES = 64 * 1024
const WAITING_BYTES_MAX = 1024 * 1024

export const bareSocket: Contender = {
  name: 'bare socket',

  async receive(_task: Task, sink: Sink): Promise<Receiver> {
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      const send = batchedWriter(socket)
      readFrames(socket, (payload) => {
        if (sink.echo) void send(payload)
        else sink.count(payload.length)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return {
      address: String(port),
      close: async () => {
        server.close()
        for (const socket of sockets) socket.destroy()
      },
    }
  },

  async connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender> {
    const payload = payloadOf(task)
    const sockets: Socket[] = []
    for (let i = 0; i < task.peers; i++) {
      const socket = connect({ host: '127.0.0.1', port: Number(address), noDelay: true })
      await once(socket, 'connect')
      readFrames(socket, ({ length }) => onReply(length))
      sockets.push(socket)
    }
    const writers = sockets.map(batchedWriter)
    return {
      send: fanOut(writers.map((write) => () => write(payload))),
      close: async () => {
        for (const socket of sockets) socket.destroy()
      },
    }
  },
}

/** Gives a promise when too much waits. What is written in one go is one write, made when the caller is done. */
function batchedWriter(socket: Socket): (payload: Uint8Array) => Promise<void> | undefined {
  let block = Buffer.allocUnsafe(BLOCK_BYTES)
  // Of the block: what the socket has, and what is to be written next.
  let written = 0
  let used = 0
  let planned = false
  const flush = (): void => {
    planned = false
    if (used > written) socket.write(block.subarray(written, used))
    written = used
  }
  return (payload) => {
    const bytes = 4 + payload.length
    if (used + bytes > BLOCK_BYTES) flush()
    if (bytes > BLOCK_BYTES) {
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32BE(payload.length)
      socket.cork()
      socket.write(length)
      socket.write(payload)
      socket.uncork()
    } else {
      if (used + bytes > BLOCK_BYTES) {
        block = Buffer.allocUnsafe(BLOCK_BYTES)
        written = used = 0
      }
      block.writeUInt32BE(payload.length, used)
      block.set(payload, used + 4)
      used += bytes
      if (!planned) {
        planned = true
        process.nextTick(flush)
      }
    }
    return socket.writableLength > WAITING_BYTES_MAX ? drained(socket) : undefined
  }
}

async function drained(socket: Socket): Promise<void> {
  await once(socket, 'drain')
}

/**
 * Every payload in one piece, as a message system gives it: one that came in one read is a view of it, any other is
 * put together in memory of its own.
 */
function readFrames(socket: Socket, onFrame: (payload: Uint8Array) => void): void {
  let payload: Buffer | undefined
  let filled = 0
  /** A length of which not all bytes are here. */
  let rest: Buffer | undefined
  socket.on('data', (data: Buffer) => {
    const chunk = rest === undefined ? data : Buffer.concat([rest, data])
    rest = undefined
    let offset = 0
    while (offset < chunk.length) {
      if (payload === undefined) {
        if (chunk.length - offset < 4) {
          rest = chunk.subarray(offset)
          return
        }
        const start = offset + 4
        const end = start + chunk.readUInt32BE(offset)
        offset = Math.min(end, chunk.length)
        if (end <= chunk.length) {
          onFrame(chunk.subarray(start, end))
        } else {
          payload = Buffer.allocUnsafeSlow(end - start)
          filled = chunk.copy(payload, 0, start)
        }
      } else {
        const copied = chunk.copy(payload, filled, offset)
        filled += copied
        offset += copied
      }
      if (payload === undefined || filled < payload.length) continue
      const whole = payload
      payload = undefined
      onFrame(whole)
    }
  })
}
