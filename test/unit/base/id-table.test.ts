import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdTable } from '../../../src/base/id-table.ts'
import { type PeerId, peerIdToBytes } from '../../../src/base/peer-id.ts'

interface Item {
  readonly id: PeerId
}

function find(table: IdTable<Item>, id: PeerId): Item | undefined {
  return table.find(new Uint8Array([1, 2, 3, ...peerIdToBytes(id), 4]), 3)
}

const idOf = (n: number): PeerId => n.toString(16).toUpperCase().padStart(32, '0')

describe('a table of ids', () => {
  it('finds by bytes what was added, and nothing else', () => {
    const table = new IdTable<Item>()
    expect(find(table, idOf(1))).toBeUndefined()
    const items = Array.from({ length: 3_000 }, (_, i) => ({ id: idOf(i * 7) }))
    for (const item of items) table.add(item)
    for (const item of items) expect(find(table, item.id)).toBe(item)
    expect([table.size, find(table, idOf(1)), find(table, 'F'.repeat(32))]).toEqual([
      3_000,
      undefined,
      undefined,
    ])
  })

  it('does what a Map does, whatever comes', () => {
    const step = fc.record({ add: fc.boolean(), n: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const table = new IdTable<Item>()
        const model = new Map<PeerId, Item>()
        for (const { add, n } of steps) {
          const id = idOf(n)
          const known = model.get(id)
          if (add && known === undefined) {
            const item = { id }
            model.set(id, item)
            table.add(item)
          } else if (!add && known !== undefined) {
            model.delete(id)
            table.delete(known)
          }
        }
        expect(table.size).toBe(model.size)
        for (let n = 0; n <= 40; n++) expect(find(table, idOf(n))).toBe(model.get(idOf(n)))
      }),
      { seed: 5, numRuns: 300 },
    )
  })

  it('takes the removal of what it does not hold in its stride', () => {
    const table = new IdTable<Item>()
    table.delete({ id: idOf(1) })
    expect(table.size).toBe(0)
  })
})
