import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isContent, Outbox, type Outgoing, type WhenFull } from '../../../src/mesh/outbox.ts'
import { content } from '../../support/mesh.ts'

const LIMITS = { outboxMessages: 8, outboxBytes: 2_000 }
const OVERHEAD = 64

const operation = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    size: fc.nat(400),
    whenFull: fc.constantFrom<WhenFull>('wait', 'drop-oldest', 'drop-oldest', 'drop-newest'),
  }),
  fc.record({ kind: fc.constantFrom('join' as const, 'shift' as const, 'hello' as const) }),
)

const isOld = (each: Outgoing): boolean => isContent(each) && each.whenFull === 'drop-oldest'
const bytesOf = (queue: readonly Outgoing[]): number =>
  queue.reduce((sum, { byteLength }) => sum + byteLength + OVERHEAD, 0)
const hasRoom = (queue: readonly Outgoing[], size: number): boolean =>
  queue.length === 0 ||
  (queue.length < LIMITS.outboxMessages && bytesOf(queue) + size + OVERHEAD <= LIMITS.outboxBytes)

it('an outbox is a queue from which the oldest messages of drop-oldest go first, and no others', () => {
  let evicted = 0
  const property = fc.property(
    fc.array(operation, { minLength: 50, maxLength: 300, size: 'max' }),
    (operations) => {
      const outbox = new Outbox(LIMITS)
      const model: Outgoing[] = []
      for (const each of operations) {
        if (each.kind === 'message') {
          const { size, whenFull } = each
          let fits = outbox.hasRoom(size, 0, 0)
          expect(fits).toBe(hasRoom(model, size))
          if (!fits && whenFull === 'drop-oldest') {
            const before = model.length
            while (!hasRoom(model, size) && model.some(isOld))
              model.splice(model.findIndex(isOld), 1)
            fits = hasRoom(model, size)
            evicted += before - model.length
            expect(outbox.makeRoom(size)).toBe(fits ? before - model.length : undefined)
          }
          if (!fits) continue
          const message = content('g', [new Uint8Array(size)], whenFull)
          outbox.push(message)
          model.push(message)
        } else if (each.kind === 'shift') {
          expect(outbox.shift()).toBe(model.shift())
        } else if (each.kind === 'hello') {
          outbox.dropMemberships()
          model.splice(0, model.length, ...model.filter(isContent))
        } else {
          const join = { kind: 'join', group: 'g', status: 1, byteLength: 1 } as const
          outbox.push(join)
          model.push(join)
        }
        outbox.invariants()
        expect(outbox.length).toBe(model.length)
        expect(outbox.contentLength).toBe(model.filter(isContent).length)
        expect(outbox.byteLength).toBe(bytesOf(model))
      }
      while (model.length > 0) expect(outbox.shift()).toBe(model.shift())
      expect([outbox.shift(), outbox.length, outbox.byteLength]).toEqual([undefined, 0, 0])
    },
  )
  fc.assert(property, { numRuns: 200 })
  expect(evicted).toBeGreaterThan(1_000)
})

it('places of dropped messages take no lasting memory, even behind one that stays', () => {
  const outbox = new Outbox({ outboxMessages: 10, outboxBytes: 1_000_000 })
  outbox.push(content('', ['stays']))
  let dropped = 0
  for (let i = 0; i < 100_000; i++) {
    dropped += outbox.makeRoom(10)!
    outbox.push(content('g', [new Uint8Array(10)], 'drop-oldest'))
  }
  expect(dropped).toBe(100_000 - 9)
  outbox.invariants()
  expect(outbox.length).toBe(10)
})
