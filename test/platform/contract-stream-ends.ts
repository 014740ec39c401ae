/** How byte streams end: refused, closed, destroyed, reset. */
import { describe, expect, test } from 'vitest'
import { bytesEqual } from '../../src/base/bytes.ts'
import { type Bench, FOREIGN_ADDRESS, pattern } from './harness.ts'

const MIB = 1024 * 1024

export function describeStreamEnds(bench: () => Bench): void {
  describe('a dial that fails', () => {
    test('is refused where nobody listens, with ended as the only callback', async () => {
      const listening = await bench().listen()
      const to = listening.address
      listening.listener.close()
      const near = bench().dial({ to })
      near.write(pattern(10))
      await bench().waitFor(() => near.has('ended'), 'ended')
      await bench().harness.quiet()
      expect(near.calls).toEqual(['ended'])
      expect(near.failure).toBe('refused')
      expect(near.stream.pendingBytes).toBe(0)
    })

    test('says address-unavailable for a local address that is not the host\u2019s', async () => {
      const listening = await bench().listen()
      const near = bench().dial({ to: listening.address, from: FOREIGN_ADDRESS })
      await bench().waitFor(() => near.has('ended'), 'ended')
      expect(near.calls).toEqual(['ended'])
      expect(near.failure).toBe('address-unavailable')
    })

    test.each([
      { what: 'a host name', address: 'localhost', port: 50_000 },
      { what: 'an empty address', address: '', port: 50_000 },
      { what: 'port 0', address: '127.0.0.1', port: 0 },
      { what: 'port 65536', address: '127.0.0.1', port: 65_536 },
      { what: 'port 1.5', address: '127.0.0.1', port: 1.5 },
    ])('ends for $what', async (to) => {
      const near = bench().dial({ to })
      await bench().waitFor(() => near.has('ended'), 'ended')
      expect(near.calls).toEqual(['ended'])
      expect(near.failure).toBe('other')
    })
  })

  describe('close', () => {
    test('delivers everything pending, and then ends both ends', async () => {
      const { near, far } = await bench().connect()
      near.write(pattern(10 * MIB))
      near.do('close')
      await bench().waitFor(() => near.has('ended') && far.has('ended'), 'both ends ended')
      expect(bytesEqual(far.received, pattern(10 * MIB))).toBe(true)
      expect(far.order).toEqual(['bytes', 'ended'])
      expect(near.calls).toEqual(['opened', 'ended'])
      expect([near.endedWith, far.endedWith]).toEqual([{ kind: 'ended' }, { kind: 'ended' }])
    })

    test('before opened still delivers what was written', async () => {
      const listening = await bench().listen()
      const near = bench().dial(listening)
      near.write(pattern(1_000))
      near.do('close')
      await bench().waitFor(() => near.has('ended'), 'ended')
      await bench().waitFor(() => listening.ends[0]?.has('ended') === true, 'the other end ended')
      expect(listening.ends[0]?.received).toEqual(pattern(1_000))
      expect(near.calls).toEqual(['ended'])
      expect(near.endedWith).toEqual({ kind: 'ended' })
    })

    test('lets only ended follow: what still arrives is dropped, and so are writes', async () => {
      const { near, far } = await bench().connect()
      far.write(pattern(MIB))
      near.do('close')
      near.do('pause')
      near.write(pattern(10))
      await bench().waitFor(() => near.has('ended') && far.has('ended'), 'both ends ended')
      expect(near.calls).toEqual(['opened', 'ended'])
      expect(far.receivedBytes).toBe(0)
    })

    test('of a paused stream ends too', async () => {
      const { near, far } = await bench().connect()
      near.do('pause')
      far.write(pattern(1_000))
      await bench().harness.quiet()
      near.do('close')
      await bench().waitFor(() => near.has('ended') && far.has('ended'), 'both ends ended')
      expect(near.receivedBytes).toBe(0)
    })

    test('by both sides at once ends both', async () => {
      const { near, far } = await bench().connect()
      near.do('close')
      far.do('close')
      near.do('close')
      await bench().waitFor(() => near.has('ended') && far.has('ended'), 'both ends ended')
      expect([near.endedWith, far.endedWith]).toEqual([{ kind: 'ended' }, { kind: 'ended' }])
    })

    test('by the other side ends a paused stream only after its bytes', async () => {
      const { near, far } = await bench().connect()
      far.do('pause')
      near.write(pattern(1_000))
      near.do('close')
      await bench().harness.quiet()
      expect(far.calls).toEqual([])
      far.do('resume')
      await bench().waitFor(() => far.has('ended'), 'ended')
      expect(far.order).toEqual(['bytes', 'ended'])
      expect(far.receivedBytes).toBe(1_000)
    })

    test('frees the stream: nothing it is asked for afterwards does anything', async () => {
      const { near, far } = await bench().connect()
      near.do('close')
      await bench().waitFor(() => near.has('ended') && far.has('ended'), 'both ends ended')
      for (const end of [near, far]) {
        end.write(pattern(10))
        expect(end.stream.pendingBytes).toBe(0)
        for (const action of ['pause', 'resume', 'close', 'destroy'] as const) end.do(action)
      }
      await bench().harness.quiet()
      expect(near.calls).toEqual(['opened', 'ended'])
      expect(far.calls).toEqual(['ended'])
    })
  })

  describe('destroy', () => {
    test('calls nothing back, and the other side sees a reset', async () => {
      const { near, far } = await bench().connect()
      far.write(pattern(10))
      near.do('destroy')
      await bench().waitFor(() => far.has('ended'), 'the other end ended')
      await bench().harness.quiet()
      expect(near.calls).toEqual(['opened'])
      expect(far.failure).toBe('reset')
    })

    test('drops what is pending, and the other side ends', async () => {
      const { near, far } = await bench().connect()
      far.do('pause')
      near.write(pattern(32 * MIB))
      await bench().harness.quiet()
      near.do('destroy')
      expect(near.stream.pendingBytes).toBe(0)
      far.do('resume')
      await bench().waitFor(() => far.has('ended'), 'the other end ended')
      expect(far.receivedBytes).toBeLessThan(32 * MIB)
    })

    test('before opened calls nothing back, and leaves no connection', async () => {
      const listening = await bench().listen()
      const near = bench().dial(listening)
      near.write(pattern(10))
      near.do('destroy')
      await bench().harness.quiet()
      expect(near.calls).toEqual([])
      expect(listening.ends.every((end) => end.has('ended'))).toBe(true)
    })

    test('within bytes makes that chunk the last call', async () => {
      const { near, far } = await bench().connect()
      far.onBytes = () => far.do('destroy')
      near.write(pattern(MIB))
      await bench().waitFor(() => near.has('ended'), 'the other end ended')
      await bench().harness.quiet()
      expect(far.calls).toEqual(['bytes'])
      expect(near.failure).toBe('reset')
    })

    test('after close, with bytes stuck, calls nothing back', async () => {
      const { near, far } = await bench().connect()
      far.do('pause')
      near.write(pattern(32 * MIB))
      near.do('close')
      await bench().harness.quiet()
      near.do('destroy')
      near.do('destroy')
      far.do('resume')
      await bench().waitFor(() => far.has('ended'), 'the other end ended')
      await bench().harness.quiet()
      expect(near.calls).toEqual(['opened'])
    })

    test('at once after close, with nothing stuck, ends the other side', async () => {
      const { near, far } = await bench().connect()
      near.do('close')
      near.do('destroy')
      await bench().waitFor(() => far.has('ended'), 'the other end ended')
      await bench().harness.quiet()
      expect(near.calls).toEqual(['opened'])
    })
  })
}
