/** What is Node's own about byte streams; the rest is in the platform contract. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { dialStream, NodeByteStream } from '../../../src/platform-node/byte-stream.ts'
import type { StreamEnd, StreamHandlers } from '../../../src/runtime/platform.ts'

const HOST = '127.0.0.1'
const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

/** A server that accepts and then does nothing at all, not even read. */
async function openSilentServer(): Promise<{ address: string; port: number }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  servers.push(server)
  server.listen(0, HOST)
  await once(server, 'listening')
  return { address: HOST, port: (server.address() as AddressInfo).port }
}

/** Handlers that note how the stream ended. */
class Ending implements StreamHandlers {
  isOpen = false
  end: StreamEnd | undefined
  readonly chunks: Uint8Array[] = []
  drains = 0

  opened(): void {
    this.isOpen = true
  }

  bytes(chunk: Uint8Array): void {
    this.chunks.push(chunk)
  }

  drained(): void {
    this.drains++
  }

  ended(end: StreamEnd): void {
    this.end = end
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

describe('a closing stream', () => {
  test('fails with timeout when the other side takes nothing', async () => {
    const to = await openSilentServer()
    const ending = new Ending()
    const stream = dialStream({ to }, ending, { closeIdleMsMax: 20 })
    await until(() => ending.isOpen)
    stream.write([new Uint8Array(32 * 1024 * 1024)])
    stream.close()
    await until(() => ending.end !== undefined)
    expect(ending.end).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } })
  })

  test('fails with timeout when the other side never ends its half', async () => {
    const to = await openSilentServer()
    const ending = new Ending()
    const stream = dialStream({ to }, ending, { closeIdleMsMax: 20 })
    await until(() => ending.isOpen)
    stream.close()
    await until(() => ending.end !== undefined)
    expect(ending.end).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } })
  })

  test('fails with timeout when the other side ended its half and takes nothing', async () => {
    const to = await openSilentServer()
    const ending = new Ending()
    const stream = dialStream({ to }, ending, { closeIdleMsMax: 20 })
    await until(() => ending.isOpen && sockets.length === 1)
    stream.write([new Uint8Array(32 * 1024 * 1024)])
    sockets[0]!.end()
    await until(() => ending.end !== undefined)
    expect(ending.end).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } })
  })
})

test('several writes of one turn are answered by one drained', async () => {
  const to = await openSilentServer()
  const ending = new Ending()
  const stream = dialStream({ to }, ending)
  await until(() => ending.isOpen)
  for (let i = 0; i < 5; i++) stream.write([new Uint8Array(10)])
  for (let i = 0; i < 5; i++) await turn()
  expect(ending.drains).toBe(1)
  stream.destroy()
})

describe('a destroyed stream', () => {
  const countDescriptors = () => readdirSync('/proc/self/fd').length

  // Linux only: no other system lists a process's descriptors as files.
  test.runIf(process.platform === 'linux').each([
    ['while it is connecting', (stream: NodeByteStream) => stream.destroy(), 'connecting'],
    ['while it is open', (stream: NodeByteStream) => stream.destroy(), 'open'],
    [
      'in the turn of its close()',
      (stream: NodeByteStream) => {
        stream.close()
        stream.destroy()
      },
      'open',
    ],
    [
      'with bytes stuck behind its close()',
      (stream: NodeByteStream) => {
        stream.write([new Uint8Array(32 * 1024 * 1024)])
        stream.close()
        stream.destroy()
      },
      'open',
    ],
  ] as const)('leaves no file descriptor when destroyed %s', async (_when, end, from) => {
    const to = await openSilentServer()
    const before = countDescriptors()
    for (let i = 0; i < 10; i++) {
      const ending = new Ending()
      const stream = dialStream({ to }, ending)
      if (from === 'open') await until(() => ending.isOpen)
      end(stream)
    }
    for (let i = 0; i < 20; i++) await turn()
    for (const socket of sockets) socket.destroy()
    await until(() => countDescriptors() <= before)
  })
})

describe('a dialled stream', () => {
  test('gives up connecting at once when it is destroyed', async () => {
    const to = await openSilentServer()
    const socket = connect(to.port, HOST)
    const stream = new NodeByteStream(socket, 'connecting', to, to)
    stream.destroy()
    expect(socket.destroyed).toBe(true)
  })

  // Linux only: elsewhere a dial to one's own port is simply refused.
  test.runIf(process.platform === 'linux')(
    'that reached itself is refused, for nobody listens there',
    async () => {
      const { port } = await openSilentServer()
      const server = servers.pop()!
      server.close()
      await once(server, 'close')
      const to = { address: HOST, port }
      const socket = connect({ ...to, host: HOST, localAddress: HOST, localPort: port })
      sockets.push(socket)
      const ending = new Ending()
      new NodeByteStream(socket, 'connecting', to, to).attach(ending)
      await until(() => ending.end !== undefined)
      expect(ending.isOpen).toBe(false)
      expect(ending.end).toMatchObject({ kind: 'failed', failure: { kind: 'refused' } })
    },
  )

  test('gets chunks that hold on to no memory but their own', async () => {
    const to = await openSilentServer()
    const ending = new Ending()
    const stream = dialStream({ to }, ending)
    await until(() => sockets.length > 0)
    for (let i = 1; i <= 10; i++) {
      sockets[0]!.write(new Uint8Array(10))
      await until(() => ending.chunks.length === i)
    }
    expect(ending.chunks.map((chunk) => chunk.buffer.byteLength)).toEqual(Array(10).fill(10))
    stream.destroy()
  })
})
