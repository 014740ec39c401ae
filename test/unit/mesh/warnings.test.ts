import { describe, expect, it } from 'vitest'
import { MESH_WARNING_CODES } from '../../../src/mesh/warning-codes.ts'
import { WarningLedger } from '../../../src/mesh/warnings.ts'
import { Mesh } from '../../support/mesh.ts'

describe('warnings', () => {
  it('are reported up to the rate, per code, and counted in full', () => {
    const ledger = new WarningLedger<'x' | 'y'>(3)
    const reported = Array.from({ length: 10 }, () => ledger.note('x', 'why', {}, 5))
    expect(reported.filter((event) => event !== undefined)).toHaveLength(3)
    expect(ledger.note('y', 'why', {}, 5)).toBeDefined()
    expect(ledger.counts()).toEqual({ x: 10, y: 1 })
  })

  it('say how many of their code were left out since the last one', () => {
    const ledger = new WarningLedger<'x'>(1)
    for (let i = 0; i < 5; i++) ledger.note('x', 'why', {}, 100)
    expect(ledger.note('x', 'why', {}, 1_099)).toBeUndefined()
    expect(ledger.note('x', 'why', {}, 1_100)?.suppressed).toBe(5)
    expect(ledger.note('x', 'why', {}, 2_200)?.suppressed).toBe(0)
  })

  it('name the peer and the address when they are known, and else have no such field', () => {
    const ledger = new WarningLedger<'x'>(9)
    expect(ledger.note('x', 'why', {}, 0)).toEqual({
      type: 'warning',
      code: 'x',
      reason: 'why',
      suppressed: 0,
    })
    expect(ledger.note('x', 'why', { peer: 'P', address: 'A' }, 0)).toMatchObject({
      peer: 'P',
      address: 'A',
    })
  })

  it('are a trickle of events in a flood of bad datagrams', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    for (let i = 0; i < 10_000; i++) {
      mesh.datagram(new Uint8Array(5), { address: '10.0.0.66', port: 1 }, a!)
      if (i % 10 === 0) mesh.run(3)
    }
    mesh.run(1_000)
    mesh.datagram(new Uint8Array(5), { address: '10.0.0.66', port: 1 }, a!)
    mesh.run(10)
    expect(a!.warnings().length).toBeLessThanOrEqual(41)
    expect(a!.engine.metrics().warnings).toEqual({ 'beacon-signature': 10_001 })
    const told = a!.log.flatMap(({ event }) => (event.type === 'warning' ? [event.suppressed] : []))
    expect(told.reduce((sum, each) => sum + each, told.length)).toBe(10_001)
  })

  it('have codes that are unique, and in lower case with dashes', () => {
    expect(new Set(MESH_WARNING_CODES).size).toBe(MESH_WARNING_CODES.length)
    for (const code of MESH_WARNING_CODES) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })
})
