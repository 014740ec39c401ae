/** Byte streams while they stand: opening, bytes, back-pressure. */
import { describe, expect, test } from 'vitest'
import { bytesEqual, concatBytes } from '../../src/base/bytes.ts'
import { type Bench, type End, pattern } from './harness.ts'

const MIB = 1024 * 1024

/** More than a host's buffers of one connection take, so that a paused reader stalls the sender. */
const STALLING_BYTES = 32 * MIB

export function describeStreams(bench: () => Bench): void {
  describe('a byte stream that opens', () => {
    test('tells both ends the same two addresses', async () => {
      const { near, far, listening } = await bench().connect()
      expect(near.stream.remote).toEqual(listening.address)
      expect(far.stream.local).toEqual(listening.address)
      expect(far.stream.remote).toEqual(near.stream.local)
      expect(near.stream.local.address).toBe(bench().host)
    })

    test('calls opened only for the end that dialled', async () => {
      const { near, far } = await bench().connect()
      near.write(pattern(1))
      await bench().waitFor(() => far.receivedBytes === 1, 'a byte')
      expect(near.calls.filter((call) => call === 'opened')).toHaveLength(1)
      expect(far.has('opened')).toBe(false)
    })

    test('keeps what is written before opened, in order', async () => {
      const listening = await bench().listen()
      const near = bench().dial(listening)
      near.write(pattern(100, 1))
      near.write(pattern(100, 2), pattern(100, 3))
      expect(near.stream.pendingBytes).toBe(300)
      const sent = concatBytes([pattern(100, 1), pattern(100, 2), pattern(100, 3)])
      await bench().waitFor(() => listening.ends[0]?.receivedBytes === 300, 'all bytes')
      expect(listening.ends[0]?.received).toEqual(sent)
      await bench().waitFor(() => near.has('drained'), 'drained')
      expect(near.order).toEqual(['opened', 'drained'])
    })

    test('can be written to from within accepted', async () => {
      const listening = await bench().listen({ accept: (end) => end.write(pattern(10)) })
      const near = bench().dial(listening)
      await bench().waitFor(() => near.receivedBytes === 10, 'bytes')
      expect(near.order).toEqual(['opened', 'bytes'])
      expect(near.received).toEqual(pattern(10))
    })

    test('can be dialled from an address of choice', async () => {
      const listening = await bench().listen()
      const near = bench().dial({ to: listening.address, from: bench().host })
      await bench().waitFor(() => near.has('opened'), 'opened')
      expect(near.stream.local.address).toBe(bench().host)
    })
  })

  describe('bytes on a byte stream', () => {
    test('arrive in the order of writes and of segments, empty ones being nothing', async () => {
      const { near, far } = await bench().connect()
      const sent: Uint8Array[] = []
      for (let i = 0; i < 50; i++) {
        const segments = [pattern(i, i), new Uint8Array(0), pattern(200 - i, i + 1)]
        near.write(...segments)
        sent.push(...segments)
      }
      near.write()
      await bench().waitFor(() => far.receivedBytes === 50 * 200, 'all bytes')
      expect(far.received).toEqual(concatBytes(sent))
    })

    test('arrive intact with 3,000 segments in one write', async () => {
      const { near, far } = await bench().connect()
      const segments = Array.from({ length: 3_000 }, (_, i) => pattern(1 + (i % 7), i))
      const sent = concatBytes(segments)
      near.write(...segments)
      await bench().waitFor(() => far.receivedBytes === sent.length, 'all bytes')
      expect(bytesEqual(far.received, sent)).toBe(true)
    })

    test('come as chunks that are the reader\u2019s to keep and to change', async () => {
      const { near, far } = await bench().connect()
      for (let i = 0; i < 20; i++) {
        near.write(pattern(50, i))
        await bench().waitFor(() => far.receivedBytes === 50 * (i + 1), 'the bytes of one write')
        expect(far.received.subarray(50 * i)).toEqual(pattern(50, i))
        for (const chunk of far.chunks) chunk.fill(0)
      }
      expect(far.received).toEqual(new Uint8Array(50 * 20))
    })

    test('flow both ways at once, 10 MiB each, through readers that pause', async () => {
      const { near, far } = await bench().connect()
      const [there, back] = [pattern(10 * MIB, 1), pattern(10 * MIB, 2)]
      for (const end of [near, far]) pauseAtEachMib(bench(), end)
      near.write(there)
      for (let i = 0; i < back.length; i += 100_000) far.write(back.subarray(i, i + 100_000))
      await bench().waitFor(
        () => near.receivedBytes === back.length && far.receivedBytes === there.length,
        'all bytes',
      )
      expect(bytesEqual(far.received, there)).toBe(true)
      expect(bytesEqual(near.received, back)).toBe(true)
    })

    test('do not mix between 50 connections', async () => {
      const listening = await bench().listen({
        accept: (end) => {
          end.onBytes = (chunk) => end.write(chunk)
        },
      })
      const ends = Array.from({ length: 50 }, () => bench().dial(listening))
      for (const [i, end] of ends.entries()) end.write(pattern(1_000, i))
      await bench().waitFor(() => ends.every((end) => end.receivedBytes === 1_000), 'all echoes')
      for (const [i, end] of ends.entries()) expect(end.received).toEqual(pattern(1_000, i))
    })
  })

  describe('pause', () => {
    test('lets no bytes through until resume, and stalls the sender', async () => {
      const { near, far } = await bench().connect()
      far.do('pause')
      near.write(pattern(STALLING_BYTES))
      await bench().harness.quiet()
      expect(far.receivedBytes).toBe(0)
      expect(near.stream.pendingBytes).toBeGreaterThan(0)
      expect(near.has('drained')).toBe(false)
      far.do('resume')
      await bench().waitFor(() => far.receivedBytes === STALLING_BYTES, 'all bytes')
      await bench().waitFor(() => near.has('drained'), 'drained')
      expect(near.stream.pendingBytes).toBe(0)
    })

    test('within bytes stops at that chunk', async () => {
      const { near, far } = await bench().connect()
      far.onBytes = () => far.do('pause')
      near.write(pattern(MIB))
      await bench().waitFor(() => far.receivedBytes > 0, 'the first chunk')
      await bench().harness.quiet()
      expect(far.chunks).toHaveLength(1)
      far.onBytes = () => {}
      far.do('resume')
      await bench().waitFor(() => far.receivedBytes === MIB, 'all bytes')
      expect(bytesEqual(far.received, pattern(MIB))).toBe(true)
    })

    test('holds from within accepted and from before opened', async () => {
      const listening = await bench().listen({
        accept: (end) => {
          end.do('pause')
          end.write(pattern(5))
        },
      })
      const near = bench().dial(listening)
      near.do('pause')
      near.write(pattern(5))
      await bench().waitFor(() => near.has('opened') && listening.ends.length === 1, 'opened')
      await bench().harness.quiet()
      const far = listening.ends[0]!
      expect([near.receivedBytes, far.receivedBytes]).toEqual([0, 0])
      near.do('resume')
      far.do('resume')
      await bench().waitFor(() => near.receivedBytes + far.receivedBytes === 10, 'all bytes')
    })
  })

  describe('drained', () => {
    test('follows a write when nothing is pending any more', async () => {
      const { near } = await bench().connect()
      const pending: number[] = []
      near.onDrained = () => pending.push(near.stream.pendingBytes)
      near.write(pattern(10))
      await bench().waitFor(() => pending.length === 1, 'drained')
      near.write(pattern(MIB))
      await bench().waitFor(() => pending.length === 2, 'drained again')
      expect(pending).toEqual([0, 0])
    })

    test('waits for the last of several writes', async () => {
      const { near, far } = await bench().connect()
      const pending: number[] = []
      near.onDrained = () => pending.push(near.stream.pendingBytes)
      far.do('pause')
      near.write(pattern(STALLING_BYTES))
      near.write(pattern(STALLING_BYTES))
      far.do('resume')
      await bench().waitFor(() => far.receivedBytes === 2 * STALLING_BYTES, 'all bytes')
      await bench().waitFor(() => pending.length > 0, 'drained')
      expect(pending.every((bytes) => bytes === 0)).toBe(true)
    })

    test('comes neither without a write nor after one of no bytes', async () => {
      const { near, far } = await bench().connect()
      near.write()
      near.write(new Uint8Array(0))
      far.write(pattern(10))
      await bench().waitFor(() => near.receivedBytes === 10, 'bytes')
      await bench().harness.quiet()
      expect(near.has('drained')).toBe(false)
    })

    test('may be answered by the next write, for as long as one likes', async () => {
      const { near, far } = await bench().connect()
      let writes = 1
      near.onDrained = () => {
        if (writes++ < 100) near.write(pattern(1_000))
      }
      near.write(pattern(1_000))
      await bench().waitFor(() => far.receivedBytes === 100_000, 'all bytes')
    })
  })
}

function pauseAtEachMib(bench: Bench, end: End): void {
  let pauseAt = MIB
  end.onBytes = () => {
    if (end.receivedBytes < pauseAt) return
    pauseAt += MIB
    end.do('pause')
    bench.platform.clock.setTimer(bench.platform.clock.now() + 1, () => end.do('resume'))
  }
}
