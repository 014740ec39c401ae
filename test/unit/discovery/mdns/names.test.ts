/** Names: what a node is called on the network, and whose names are usable. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  foldName,
  hostName,
  instanceLabel,
  instanceName,
  isInstanceName,
  isUsableName,
} from '../../../../src/discovery/mdns/names.ts'

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** Halves of surrogate pairs included. */
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 100 })
  .map((units) => String.fromCharCode(...units))

/** 244 bytes. */
const LONG = `${'x'.repeat(60)}.`.repeat(4)

describe('the label of an instance', () => {
  it.each([
    ['kitchen', 1, 'kitchen'],
    ['kitchen', 2, 'kitchen (2)'],
    ['kitchen', 1_234, 'kitchen (1234)'],
    ['pi.local', 1, 'pi-local'],
    [' a\u0000b\nc\u007f ', 1, 'abc'],
    ['a\u2028.b\u2029', 1, 'a-b'],
    ['', 1, 'earshot'],
    ['\t', 2, 'earshot (2)'],
    ['Ku\u0308che', 1, 'K\u00fcche'],
    ['\ud800', 1, '\ufffd'],
    ['x'.repeat(70), 1, 'x'.repeat(63)],
    ['x'.repeat(70), 2, `${'x'.repeat(59)} (2)`],
    ['ü'.repeat(40), 1, 'ü'.repeat(31)],
    ['🦊'.repeat(40), 2, `${'🦊'.repeat(14)} (2)`],
  ])('of %j at attempt %i is %j', (name, attempt, label) => {
    expect(instanceLabel(name, attempt)).toBe(label)
  })

  it('is always one usable label of 1 to 63 bytes', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 1e6 }), (name, n) => {
        const label = instanceLabel(name, n)
        expect(bytesOf(label)).toBeLessThanOrEqual(63)
        expect(label).not.toContain('.')
        expect(isUsableName(instanceName(label))).toBe(true)
      }),
    )
  })
})

describe('names', () => {
  it('are equal whatever the case of ASCII letters, and of no others', () => {
    expect(foldName('Küche._ZRE._tcp.LOCAL')).toBe('küche._zre._tcp.local')
    expect(foldName('Ü')).not.toBe(foldName('ü'))
  })

  it('of instances end with the service', () => {
    expect(isInstanceName('a.b._ZRE._tcp.local')).toBe(true)
    expect(isInstanceName('_zre._tcp.local')).toBe(false)
    expect(isInstanceName('a._http._tcp.local')).toBe(false)
  })

  it('of our hosts are made of the id', () => {
    expect(hostName('0123456789ABCDEF0123456789ABCDEF')).toBe('earshot-0123456789ab.local')
  })

  it.each([
    ['a.local', true],
    ['ä b (2)._zre._tcp.local', true],
    [`${'x'.repeat(63)}.local`, true],
    [`${'x'.repeat(64)}.local`, false],
    [`${'\ufffd'.repeat(22)}.local`, false],
    ['a..local', false],
    ['.', false],
    ['', false],
    ['a\nb.local', false],
    ['a\u2028.local', false],
    ['a.\u2029b.local', false],
    [`${LONG}local`, true],
    [`${LONG}local-domain`, false],
  ])('of strangers: %j is usable: %s', (name, isUsable) => {
    expect(isUsableName(name)).toBe(isUsable)
  })
})
