/** IPv6: beside IPv4, at the same ports, and never in its place. Hosts without it say so. */
import { describe, expect, test } from 'vitest'
import { type Bench, pattern } from './harness.ts'

const HOST = '::1'

const refused = { name: 'EarshotError', code: 'ERR_EARSHOT_NO_INTERFACE' }

export function describeNoIpv6(bench: () => Bench): void {
  test.each(['::', HOST])('a host without IPv6 does not have the address %s', async (address) => {
    await expect(bench().listen({ address })).rejects.toMatchObject(refused)
    await expect(bench().openPort(0, address)).rejects.toMatchObject(refused)
  })
}

export function describeIpv6(bench: () => Bench): void {
  describe('IPv6', () => {
    test('has listeners that take no IPv4: both are at one port', async () => {
      const ipv6 = await bench().listen({ address: '::' })
      const { port } = ipv6.listener
      const ipv4 = await bench().listen({ address: '0.0.0.0', port })
      const ends = [
        bench().dial({ to: { address: HOST, port } }),
        bench().dial({ to: { address: bench().host, port } }),
      ]
      await bench().waitFor(() => ends.every((end) => end.has('opened')), 'both')
      await bench().waitFor(() => ipv6.ends.length + ipv4.ends.length === 2, 'both')
      expect([ipv6, ipv4].map(({ ends: [end] }) => end?.stream.remote.address)).toEqual([
        HOST,
        bench().host,
      ])
      expect(ends.map((end) => end.stream.remote)).toEqual([
        { address: HOST, port },
        { address: bench().host, port },
      ])
    })

    test('carries bytes from the address that was asked for', async () => {
      const listening = await bench().listen({ address: HOST })
      const to = { address: HOST, port: listening.listener.port }
      const near = bench().dial({ to, from: HOST })
      near.write(pattern(1_000))
      await bench().waitFor(() => listening.ends[0]?.receivedBytes === 1_000, 'all bytes')
      expect(listening.ends[0]!.stream.remote).toEqual(near.stream.local)
      expect(near.stream.local.address).toBe(HOST)
    })

    test('has datagram ports that are shared on ::, and have nothing to do with IPv4', async () => {
      const first = await bench().openPort(0, '::')
      const { port } = first.port
      const second = await bench().openPort(port, '::')
      const ipv4 = await bench().openPort(port)
      const sender = await bench().openPort(0, HOST)
      sender.send(pattern(22), { address: HOST, port })
      const ports = [first, second]
      await bench().waitFor(() => ports.some(({ received }) => received.length > 0), 'a datagram')
      const [heard] = ports.flatMap(({ received }) => received)
      expect(heard!.from).toEqual({ address: HOST, port: sender.port.port })
      expect(ipv4.received).toEqual([])
    })

    test('fails to send to IPv4, and goes on', async () => {
      const [sender, receiver] = [await bench().openPort(0, HOST), await bench().openPort(0, '::')]
      const { port } = receiver.port
      sender.send(pattern(1), { address: bench().host, port })
      sender.send(pattern(22), { address: HOST, port })
      await bench().waitFor(() => receiver.received.length === 1, 'a datagram')
      await bench().waitFor(() => sender.failures.length === 1, 'a failure')
      expect(sender.failures).toEqual(['other'])
    })

    test('joins a group of a link, once or again', async () => {
      const port = await bench().openPort(0, '::')
      const loopback = bench()
        .platform.interfaces()
        .find(({ address }) => address === HOST)!
      for (let i = 0; i < 2; i++) bench().call(() => port.port.join!(`ff02::1%${loopback.name}`))
      await bench().harness.quiet()
      expect(port.failures).toEqual([])
      port.port.close()
      bench().call(() => port.port.join!(`ff02::1%${loopback.name}`))
    })

    test('rejects with ERR_EARSHOT_NO_INTERFACE for a link that is not there', async () => {
      const address = 'fe80::1%nowhere'
      await expect(bench().listen({ address })).rejects.toMatchObject(refused)
      await expect(bench().openPort(0, address)).rejects.toMatchObject(refused)
    })
  })
}
