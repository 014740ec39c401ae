import { describe, expect, it } from 'vitest'
import {
  addressAndPort,
  canonicalIpv6,
  isIpv6,
  isLinkLocalIpv6,
  sharesIpv6Prefix,
  withoutZone,
  zoneOf,
} from '../../../src/base/ipv6.ts'

describe('an address', () => {
  it.each([
    ['10.0.0.7', false, false, undefined, '10.0.0.7', '10.0.0.7:5'],
    ['::1', true, false, undefined, '::1', '[::1]:5'],
    ['fe80::7%eth0', true, true, 'eth0', 'fe80::7', '[fe80::7%eth0]:5'],
    ['fe80::7%12', true, true, '12', 'fe80::7', '[fe80::7%12]:5'],
    ['febf:1::7', true, true, undefined, 'febf:1::7', '[febf:1::7]:5'],
    ['fec0::7', true, false, undefined, 'fec0::7', '[fec0::7]:5'],
    ['fe8::7', true, false, undefined, 'fe8::7', '[fe8::7]:5'],
  ])('%s has its family, its zone, its text', (text, ipv6, linkLocal, zone, bare, both) => {
    expect(isIpv6(text)).toBe(ipv6)
    expect(isLinkLocalIpv6(text)).toBe(linkLocal)
    expect(zoneOf(text)).toBe(zone)
    expect(withoutZone(text)).toBe(bare)
    expect(addressAndPort(text, 5)).toBe(both)
  })
})

describe('the one spelling', () => {
  it.each([
    ['FE80:0:0:0:0:0:0:7%eth0', 'fe80::7%eth0'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7%eth0', '10.0.0.7'],
    ['fe80::7%', undefined],
    ['fe80::7::', undefined],
    ['10.0.0.7', undefined],
    ['eth0', undefined],
  ])('of %s is %s', (text, spelled) => {
    expect(canonicalIpv6(text)).toBe(spelled)
  })
})

describe('a shared prefix', () => {
  it.each([
    ['::', 'ffff::', 0, true],
    ['8000::', '::', 1, false],
    ['fe80::1', 'fe80::2', 126, true],
    ['fe80::1', 'fe80::2', 127, false],
    ['fe80::1%eth0', 'fe80::1%eth1', 128, true],
    ['fe80::1', 'fe80::1', 129, false],
    ['fe80::1', 'fe80::1', -1, false],
    ['fe80::1', 'fe80::1', Number.NaN, false],
    ['fe80::1', '10.0.0.1', 0, false],
  ])('of %s and %s in %d bits: %s', (one, other, length, shared) => {
    expect(sharesIpv6Prefix(one, other, length)).toBe(shared)
  })
})
