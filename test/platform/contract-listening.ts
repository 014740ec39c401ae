/** Listeners: ports, errors, accepting and closing. */
import { describe, expect, test } from 'vitest'
import { type Bench, FOREIGN_ADDRESS, pattern } from './harness.ts'

export function describeListening(bench: () => Bench): void {
  describe('a listener', () => {
    test('listens on the port that was asked for, or on one of the host\u2019s choice', async () => {
      const first = await bench().listen()
      expect(first.listener.port).toBeGreaterThan(0)
      const { port } = first.listener
      first.listener.close()
      const again = await bench().listen({ port })
      expect(again.listener.port).toBe(port)
    })

    test('at 0.0.0.0 is reached at an address of the host', async () => {
      const listening = await bench().listen({ address: '0.0.0.0' })
      const near = bench().dial(listening)
      await bench().waitFor(() => near.has('opened') && listening.ends.length > 0, 'opened')
      expect(listening.ends[0]?.stream.local).toEqual(listening.address)
    })

    test('rejects with ERR_EARSHOT_PORT_IN_USE for a port that is taken', async () => {
      const { port } = (await bench().listen()).listener
      await expect(bench().listen({ port })).rejects.toMatchObject({
        name: 'EarshotError',
        code: 'ERR_EARSHOT_PORT_IN_USE',
        message: expect.stringContaining(String(port)),
      })
    })

    test('rejects with ERR_EARSHOT_NO_INTERFACE for an address that is not the host\u2019s', async () => {
      await expect(bench().listen({ address: FOREIGN_ADDRESS })).rejects.toMatchObject({
        name: 'EarshotError',
        code: 'ERR_EARSHOT_NO_INTERFACE',
        message: expect.stringContaining(FOREIGN_ADDRESS),
      })
    })

    test.each([
      { what: 'a host name', address: 'localhost', port: 0 },
      { what: 'port 65536', address: '127.0.0.1', port: 65_536 },
    ])('rejects with ERR_EARSHOT_BAD_OPTION for $what', async ({ address, port }) => {
      await expect(bench().listen({ address, port })).rejects.toMatchObject({
        name: 'EarshotError',
        code: 'ERR_EARSHOT_BAD_OPTION',
      })
    })

    test('has a connection destroyed for which accepted gives no handlers', async () => {
      const listening = await bench().listen({ accept: () => 'refuse' })
      const near = bench().dial(listening)
      await bench().waitFor(() => near.has('ended'), 'ended')
      expect(near.failure).toBe('reset')
      expect(listening.ends[0]?.calls).toEqual([])
    })

    test('may destroy a stream within accepted', async () => {
      const listening = await bench().listen({ accept: (end) => end.do('destroy') })
      const near = bench().dial(listening)
      await bench().waitFor(() => near.has('ended'), 'ended')
      await bench().harness.quiet()
      expect(listening.ends[0]?.calls).toEqual([])
    })

    test('that is closed refuses dials, while accepted streams live on', async () => {
      const { near, far, listening } = await bench().connect()
      listening.listener.close()
      const late = bench().dial(listening)
      await bench().waitFor(() => late.has('ended'), 'ended')
      expect(late.failure).toBe('refused')
      near.write(pattern(10))
      await bench().waitFor(() => far.receivedBytes === 10, 'bytes')
      expect(listening.ends).toHaveLength(1)
      expect(listening.failures).toEqual([])
    })

    test('that is closed within accepted accepts no more', async () => {
      const listening = await bench().listen({ accept: () => listening.listener.close() })
      const ends = [bench().dial(listening), bench().dial(listening), bench().dial(listening)]
      await bench().waitFor(() => ends.filter((end) => end.has('ended')).length === 2, 'two ended')
      expect(listening.ends).toHaveLength(1)
    })

    test('may be closed twice', async () => {
      const listening = await bench().listen()
      listening.listener.close()
      listening.listener.close()
      await bench().harness.quiet()
      expect(listening.failures).toEqual([])
    })
  })
}
