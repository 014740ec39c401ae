import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Datagram,
  type DatagramStream,
  type DatagramStreamOptions,
  openDatagramStream,
} from '../../../src/platform-node/dgram-as-stream.ts'
import type { IoFailure } from '../../../src/runtime/platform.ts'

const HOST = '127.0.0.1'
const open: DatagramStream[] = []

afterEach(() => {
  for (const stream of open.splice(0)) stream.close()
})

async function openStream(options: Partial<DatagramStreamOptions> = {}): Promise<DatagramStream> {
  const stream = await openDatagramStream({ port: 0, address: HOST, ...options })
  open.push(stream)
  return stream
}

const at = (stream: DatagramStream) => ({ address: HOST, port: stream.port })
const numbered = (i: number) => new Uint8Array([i >> 8, i & 255])
const numberOf = ({ bytes }: Datagram) => bytes[0]! * 256 + bytes[1]!

/** Until the stream has been given (read, kept or dropped) so many datagrams. */
async function arrived(stream: DatagramStream, count: number): Promise<void> {
  while (stream.readableLength + stream.dropped < count) await turn()
}

describe('reading a datagram stream', () => {
  test('by for await gives datagrams in order, each with its sender', async () => {
    const [sender, receiver] = [await openStream(), await openStream()]
    for (let i = 0; i < 200; i++) sender.send(numbered(i), at(receiver))
    let next = 0
    for await (const datagram of receiver) {
      expect(numberOf(datagram)).toBe(next++)
      expect(datagram.from).toEqual(at(sender))
      if (next === 200) receiver.close()
    }
    expect([next, receiver.dropped]).toEqual([200, 0])
  })

  test('by data events gives the same, keeping nothing back', async () => {
    const [sender, receiver] = [await openStream(), await openStream({ capacity: 1 })]
    const numbers: number[] = []
    receiver.on('data', (datagram: Datagram) => numbers.push(numberOf(datagram)))
    for (let i = 0; i < 200; i++) sender.send(numbered(i), at(receiver))
    while (numbers.length < 200) await turn()
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect([receiver.dropped, receiver.readableLength]).toEqual([0, 0])
  })

  test('goes on after a pause with what waited, in order', async () => {
    const [sender, receiver] = [await openStream(), await openStream()]
    const numbers: number[] = []
    receiver.on('data', (datagram: Datagram) => numbers.push(numberOf(datagram)))
    receiver.pause()
    for (let i = 0; i < 10; i++) sender.send(numbered(i), at(receiver))
    await arrived(receiver, 10)
    expect(numbers).toEqual([])
    receiver.resume()
    sender.send(numbered(10), at(receiver))
    while (numbers.length < 11) await turn()
    expect(numbers).toEqual(Array.from({ length: 11 }, (_, i) => i))
  })

  test('by nobody keeps the first datagrams up to its capacity and counts the others', async () => {
    const [sender, receiver] = [await openStream(), await openStream({ capacity: 3 })]
    for (let i = 0; i < 10; i++) sender.send(numbered(i), at(receiver))
    await arrived(receiver, 10)
    expect([receiver.readableLength, receiver.dropped]).toEqual([3, 7])
    receiver.close()
    const kept: number[] = []
    for await (const datagram of receiver) kept.push(numberOf(datagram))
    expect(kept).toEqual([0, 1, 2])
  })

  test('leaves the bytes unconverted, and an empty datagram is one', async () => {
    const [sender, receiver] = [await openStream(), await openStream()]
    sender.send(new Uint8Array(0), at(receiver))
    const [{ bytes }] = (await once(receiver, 'data')) as [Datagram]
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect(bytes.length).toBe(0)
  })
})

describe('closing a datagram stream', () => {
  test('frees the port at once and ends the reading', async () => {
    const stream = await openStream()
    const { port } = stream
    stream.resume()
    stream.close()
    stream.close()
    await once(stream, 'close')
    const socket = createSocket('udp4').bind({ port, address: HOST })
    await once(socket, 'listening')
    socket.close()
  })

  test('happens when for await is left', async () => {
    const [sender, receiver] = [await openStream(), await openStream()]
    const { port } = receiver
    sender.send(numbered(1), at(receiver))
    for await (const datagram of receiver) {
      expect(numberOf(datagram)).toBe(1)
      break
    }
    expect(receiver.destroyed).toBe(true)
    const socket = createSocket('udp4').bind({ port, address: HOST })
    await once(socket, 'listening')
    socket.close()
  })

  test('silences it: no sending and no failures any more', async () => {
    const failures: IoFailure[] = []
    const stream = await openStream({ onFailure: (failure) => failures.push(failure) })
    stream.send(new Uint8Array(70_000), at(stream))
    stream.close()
    stream.send(new Uint8Array(70_000), { address: HOST, port: 9 })
    stream.send(new Uint8Array(1), { address: 'localhost', port: 0 })
    for (let i = 0; i < 5; i++) await turn()
    expect(failures).toEqual([])
  })
})

describe('sending on a datagram stream', () => {
  test('reports a failure later, and neither ends the stream nor stops the next datagram', async () => {
    const failures: IoFailure[] = []
    const stream = await openStream({ onFailure: (failure) => failures.push(failure) })
    stream.send(new Uint8Array(70_000), at(stream))
    stream.send(new Uint8Array(1), { address: 'localhost', port: 5_670 })
    stream.send(new Uint8Array(1), { address: HOST, port: 65_536 })
    stream.send(numbered(7), at(stream))
    expect(failures).toEqual([])
    const [datagram] = (await once(stream, 'data')) as [Datagram]
    expect(numberOf(datagram)).toBe(7)
    expect(failures.map(({ kind }) => kind).sort()).toEqual(['other', 'other', 'too-large'])
    expect(failures.map(({ message }) => message)).toContain('localhost is not an IPv4 address')
  })

  test('needs no listener for failures', async () => {
    const stream = await openStream()
    stream.send(new Uint8Array(70_000), at(stream))
    stream.send(numbered(1), at(stream))
    await once(stream, 'data')
  })
})

describe('opening a datagram stream', () => {
  test('rejects with ERR_EARSHOT_PORT_IN_USE for a port that another does not share', async () => {
    const socket = createSocket('udp4').bind({ port: 0, address: HOST })
    await once(socket, 'listening')
    const { port } = socket.address()
    await expect(openStream({ port })).rejects.toMatchObject({
      code: 'ERR_EARSHOT_PORT_IN_USE',
      message: `UDP port ${port} at ${HOST} is taken by a program that does not share it.`,
    })
    socket.close()
  })

  test.each([
    ['ERR_EARSHOT_BAD_OPTION', { port: 65_536 }],
    ['ERR_EARSHOT_BAD_OPTION', { address: 'localhost' }],
    ['ERR_EARSHOT_NO_INTERFACE', { address: '203.0.113.1' }],
  ])('rejects with %s for %o', async (code, options) => {
    await expect(openStream(options)).rejects.toMatchObject({ name: 'EarshotError', code })
  })
})
