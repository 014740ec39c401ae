import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isContent, Outbox, type Outgoing, type WhenFull } from '../../../src/mesh/outbox.ts'
import { content } from '../../support/content.ts'

const LIMITS = { outboxMessages: 8, outboxBytes: 2_000 }
const OVERHEAD = 64

const message = fc.record({
  size: fc.nat(400),
  whenFull: fc.constantFrom<WhenFull>('wait', 'drop-oldest', 'drop-oldest', 'drop-newest'),
})
const operation = fc.oneof(
  message,
  fc.constantFrom('join' as const, 'shift' as const, 'hello' as const),
)
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never

/** An array, and an outbox beside it that has to do the same. */
class Twins {
  readonly outbox = new Outbox(LIMITS)
  readonly model: Outgoing[] = []
  /** Messages that made room for newer ones. */
  replaced = 0

  apply(each: Operation): void {
    if (typeof each === 'object') this.#offer(each.size, each.whenFull)
    else if (each === 'shift') expect(this.outbox.shift()).toBe(this.model.shift())
    else if (each === 'hello') this.#sayHello()
    else this.#push({ kind: 'join', group: 'g', status: 1, byteLength: 1 })
  }

  expectSame(): void {
    this.outbox.invariants()
    expect(this.outbox.length).toBe(this.model.length)
    expect(this.outbox.contentLength).toBe(this.model.filter(isContent).length)
    expect(this.outbox.byteLength).toBe(this.#bytes)
  }

  #offer(size: number, whenFull: WhenFull): void {
    expect(this.outbox.hasRoom(size, 0, 0)).toBe(this.#hasRoom(size))
    if (!this.#hasRoom(size) && whenFull === 'drop-oldest') this.#makeRoom(size)
    if (this.#hasRoom(size)) this.#push(content('g', [new Uint8Array(size)], whenFull))
  }

  #makeRoom(size: number): void {
    const before = [...this.model]
    while (!this.#hasRoom(size) && this.model.some(isOld)) {
      this.model.splice(this.model.findIndex(isOld), 1)
    }
    // All or nothing: none is dropped in vain.
    const suffices = this.#hasRoom(size)
    if (!suffices) this.model.splice(0, this.model.length, ...before)
    const dropped = before.length - this.model.length
    this.replaced += dropped
    expect(this.outbox.makeRoom(size, [])).toBe(suffices ? dropped : undefined)
  }

  #sayHello(): void {
    this.outbox.dropMemberships()
    this.model.splice(0, this.model.length, ...this.model.filter(isContent))
  }

  #push(outgoing: Outgoing): void {
    this.outbox.push(outgoing)
    this.model.push(outgoing)
  }

  get #bytes(): number {
    return this.model.reduce((sum, { byteLength }) => sum + byteLength + OVERHEAD, 0)
  }

  #hasRoom(size: number): boolean {
    if (this.model.length === 0) return true
    const fits = this.#bytes + size + OVERHEAD <= LIMITS.outboxBytes
    return fits && this.model.length < LIMITS.outboxMessages
  }
}

const isOld = (each: Outgoing): boolean => isContent(each) && each.whenFull === 'drop-oldest'

it('an outbox is a queue from which the oldest messages of drop-oldest go first, and no others', () => {
  let replaced = 0
  const operations = fc.array(operation, { minLength: 50, maxLength: 300, size: 'max' })
  const property = fc.property(operations, (all) => {
    const twins = new Twins()
    for (const each of all) {
      twins.apply(each)
      twins.expectSame()
    }
    while (twins.model.length > 0) twins.apply('shift')
    twins.expectSame()
    replaced += twins.replaced
  })
  fc.assert(property, { numRuns: 200 })
  expect(replaced).toBeGreaterThan(1_000)
})

it('places of dropped messages take no lasting memory, even behind one that stays', () => {
  const outbox = new Outbox({ outboxMessages: 10, outboxBytes: 1_000_000 })
  outbox.push(content('', ['stays']))
  let dropped = 0
  for (let i = 0; i < 100_000; i++) {
    dropped += outbox.makeRoom(10, [])!
    outbox.push(content('g', [new Uint8Array(10)], 'drop-oldest'))
  }
  expect(dropped).toBe(100_000 - 9)
  outbox.invariants()
  expect(outbox.length).toBe(10)
})
