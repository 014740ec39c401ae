import { expect, it } from 'vitest'
import type { PeerId } from '../../../src/base/peer-id.ts'
import { Followed } from '../../../src/log/followed.ts'
import type { Batch } from '../../../src/log/wire.ts'

const ID = 'A'.repeat(32) as PeerId

function batchOf(batch: number, echo: number, next = batch + 1): Batch {
  const rest = { lost: 0, upTo: 0, caughtUp: true, wall: 0, keptMs: 0, records: [] }
  return { kind: 'batch', id: 1, batch, echo, next, ...rest }
}

function subscribedAt(now: number, next = 0): Followed {
  const source = new Followed(ID, 'a', now, 1_000, next)
  source.subscribed(now, true)
  return source
}

it('takes the batches of the present subscription, one after the other', () => {
  const source = subscribedAt(100)
  expect(source.admits(batchOf(2, 100))).toBe(false)
  expect(source.admits(batchOf(1, 100))).toBe(true)
  source.received(batchOf(1, 100), 0)
  expect(source.admits(batchOf(1, 100))).toBe(false)
  expect(source.admits(batchOf(2, 100))).toBe(true)
  source.subscribed(200, true)
  // Left over from before.
  expect(source.admits(batchOf(2, 150))).toBe(false)
  expect(source.admits(batchOf(1, 150))).toBe(false)
  expect(source.admits(batchOf(1, 200))).toBe(true)
})

it('takes no more than four that are not acknowledged', () => {
  const source = subscribedAt(0)
  for (let batch = 1; batch <= 4; batch++) {
    expect(source.admits(batchOf(batch, 0))).toBe(true)
    source.received(batchOf(batch, 0), 0)
  }
  expect(source.admits(batchOf(5, 0))).toBe(false)
  expect(source.admits({ ...batchOf(5, 0), final: true })).toBe(true)
  expect(source.admits({ ...batchOf(6, 0), final: true })).toBe(false)
  source.acked(2)
  expect(source.admits(batchOf(5, 0))).toBe(true)
})

it('is silent three seconds after it was heard, but not while it waits for an ack', () => {
  const source = subscribedAt(0)
  expect(source.silentAt).toBe(3_000)
  source.received(batchOf(1, 0), 0)
  expect(source.silentAt).toBe(Number.POSITIVE_INFINITY)
  source.acked(5_000)
  expect(source.silentAt).toBe(8_000)
})

it('is asked less and less often while it does not answer', () => {
  const source = subscribedAt(0)
  const patience: number[] = []
  for (let i = 0; i < 5; i++) {
    patience.push(source.silentAt)
    source.subscribed(0, true)
  }
  expect(patience).toEqual([3_000, 6_000, 12_000, 24_000, 48_000])
})

it('goes on where it was, also when nothing before that was wanted', () => {
  const source = subscribedAt(0)
  source.received(batchOf(1, 0, 500), 0)
  expect([source.next, source.lastSeq]).toEqual([500, 0])
  expect(new Followed(ID, 'a', 20, 1_000, source.next)).toMatchObject({ next: 500, lastSeq: 499 })
})
