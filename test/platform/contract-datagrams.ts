/** Datagrams: to one, to all that share a port, and those that cannot be sent. */
import { describe, expect, test } from 'vitest'
import { type Bench, FOREIGN_ADDRESS, type Port, pattern } from './harness.ts'

/** RFC 768 and RFC 791: 65,535 bytes less 20 of IP and 8 of UDP header. */
const DATAGRAM_BYTES_MAX = 65_507

export function describeDatagrams(bench: () => Bench): void {
  const broadcast = (port: Port) => ({
    address: bench().harness.broadcastAddress,
    port: port.port.port,
  })

  describe('a datagram port', () => {
    test('receives what another sends to it, with the address to answer to', async () => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      a.send(pattern(22), b.address)
      await bench().waitFor(() => b.received.length === 1, 'a datagram')
      expect(b.received).toEqual([{ bytes: expect.anything(), from: a.address }])
      expect([...b.received[0]!.bytes]).toEqual([...pattern(22)])
      b.send(pattern(54), b.received[0]!.from)
      await bench().waitFor(() => a.received.length === 1, 'an answer')
      expect(a.received[0]!.from).toEqual(b.address)
    })

    test('shares its port with others, and each of them gets every broadcast', async () => {
      const first = await bench().openPort()
      const second = await bench().openPort(first.port.port)
      const third = await bench().openPort(first.port.port)
      const sender = await bench().openPort()
      sender.send(pattern(22), broadcast(first))
      const all = [first, second, third]
      await bench().waitFor(() => all.every((port) => port.received.length === 1), 'a broadcast')
      for (const port of all) expect(port.received[0]!.from).toEqual(sender.address)
      expect(sender.received).toEqual([])
    })

    test('hears its own broadcast', async () => {
      const port = await bench().openPort()
      port.send(pattern(22), broadcast(port))
      await bench().waitFor(() => port.received.length === 1, 'its own broadcast')
      expect(port.received[0]!.from).toEqual(port.address)
    })

    test.each([0, 1, DATAGRAM_BYTES_MAX])('carries a datagram of %i bytes', async (length) => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      a.send(pattern(length), b.address)
      await bench().waitFor(() => b.received.length === 1, 'a datagram')
      expect(b.received[0]!.bytes.length).toBe(length)
      expect(Buffer.compare(b.received[0]!.bytes, pattern(length))).toBe(0)
    })

    test('fails with too-large over that, and goes on', async () => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      a.send(pattern(DATAGRAM_BYTES_MAX + 1), b.address)
      a.send(pattern(10), b.address)
      await bench().waitFor(() => a.failures.length === 1 && b.received.length === 1, 'both')
      expect(a.failures).toEqual(['too-large'])
      expect(b.received[0]!.bytes.length).toBe(10)
    })

    test('fails for an address or a port that is none, and goes on', async () => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      a.send(pattern(1), { address: 'localhost', port: 5_670 })
      a.send(pattern(1), { address: bench().host, port: 0 })
      a.send(pattern(1), { address: bench().host, port: 65_536 })
      a.send(pattern(10), b.address)
      await bench().waitFor(() => a.failures.length === 3 && b.received.length === 1, 'all')
      expect(a.failures).toEqual(['other', 'other', 'other'])
    })

    test('gives bytes that are the receiver\u2019s to keep and to change', async () => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      for (let i = 1; i <= 10; i++) {
        a.send(pattern(22, i), b.address)
        await bench().waitFor(() => b.received.length === i, 'a datagram')
        expect([...b.received[i - 1]!.bytes]).toEqual([...pattern(22, i)])
        for (const { bytes } of b.received) bytes.fill(0)
      }
      expect(b.received.every(({ bytes }) => bytes.every((byte) => byte === 0))).toBe(true)
    })

    test.each([-1, 65_536, 1.5])(
      'rejects with ERR_EARSHOT_BAD_OPTION for port %d',
      async (port) => {
        await expect(bench().openPort(port)).rejects.toMatchObject({
          name: 'EarshotError',
          code: 'ERR_EARSHOT_BAD_OPTION',
        })
      },
    )

    test('with an address sends from there, broadcasts too', async () => {
      const { host } = bench()
      const [sender, receiver] = [await bench().openPort(0, host), await bench().openPort()]
      sender.send(pattern(22), receiver.address)
      sender.send(pattern(22), broadcast(receiver))
      await bench().waitFor(() => receiver.received.length === 2, 'both')
      for (const { from } of receiver.received) expect(from).toEqual(sender.address)
    })

    test('with an address is not shared', async () => {
      const { port } = (await bench().openPort(0, bench().host)).port
      for (const address of [bench().host, undefined]) {
        await expect(bench().openPort(port, address)).rejects.toMatchObject({
          name: 'EarshotError',
          code: 'ERR_EARSHOT_PORT_IN_USE',
        })
      }
    })

    test('rejects with ERR_EARSHOT_NO_INTERFACE for an address of another host', async () => {
      await expect(bench().openPort(0, FOREIGN_ADDRESS)).rejects.toMatchObject({
        name: 'EarshotError',
        code: 'ERR_EARSHOT_NO_INTERFACE',
      })
    })

    test('that is closed calls nothing back, sends nothing, and is free again', async () => {
      const [a, b] = [await bench().openPort(), await bench().openPort()]
      const address = b.address
      a.send(pattern(22), address)
      b.port.close()
      b.port.close()
      b.send(pattern(22), a.address)
      b.send(pattern(22), { address: 'localhost', port: 0 })
      await bench().harness.quiet()
      expect([a.received, b.received, a.failures, b.failures]).toEqual([[], [], [], []])
      const again = await bench().openPort(address.port)
      a.send(pattern(22), address)
      await bench().waitFor(() => again.received.length === 1, 'a datagram')
    })

    test('has nothing to do with a listener of the same number', async () => {
      const { port } = (await bench().listen()).listener
      expect((await bench().openPort(port)).port.port).toBe(port)
    })
  })
}
