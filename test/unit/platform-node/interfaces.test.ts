import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodeInterfaces, prefixLengthOf } from '../../../src/platform-node/interfaces.ts'

afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

test('the loopback address is listed with its prefix', () => {
  expect(nodeInterfaces()).toContainEqual(
    expect.objectContaining({
      family: 'IPv4',
      address: '127.0.0.1',
      prefixLength: 8,
      loopback: true,
    }),
  )
})

test.each([
  ['linux', 'fe80::7%eth0'],
  ['darwin', 'fe80::7%eth0'],
  ['win32', 'fe80::7%12'],
] as const)('the zone of an address is as sockets on %s tell it', (platform, address) => {
  const entry = { address: 'fe80::7', netmask: 'ffff:ffff:ffff:ffff::', mac: '', internal: false }
  const listed = { ...entry, family: 'IPv6' as const, scopeid: 12, cidr: null }
  vi.spyOn(os, 'networkInterfaces').mockReturnValue({ eth0: [listed] })
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform)
  syncBuiltinESMExports()
  expect(nodeInterfaces().map((each) => each.address)).toEqual([address])
})

test('all that os.networkInterfaces lists is there, in its order, link-local ones with their zone', () => {
  const listed = Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, family, cidr, internal, scopeid }) => ({
      name,
      family,
      address: scopeid ? `${address}%${name}` : address,
      prefixLength: Number(cidr?.split('/')[1]),
      loopback: internal,
    })),
  )
  expect(nodeInterfaces()).toEqual(listed)
})

describe('the prefix length of a netmask', () => {
  test.each([
    ['255.255.255.255', 'IPv4', 32],
    ['255.255.255.254', 'IPv4', 31],
    ['255.255.255.0', 'IPv4', 24],
    ['255.255.240.0', 'IPv4', 20],
    ['255.128.0.0', 'IPv4', 9],
    ['255.0.0.0', 'IPv4', 8],
    ['0.0.0.0', 'IPv4', 0],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'IPv6', 128],
    ['ffff:ffff:ffff:ffff::', 'IPv6', 64],
    ['ffff:ffff:ffff:fffe::', 'IPv6', 63],
    ['ffc0::', 'IPv6', 10],
    ['::', 'IPv6', 0],
  ] as const)('%s (%s) is %i', (netmask, family, length) => {
    expect(prefixLengthOf(netmask, family)).toBe(length)
  })
})
