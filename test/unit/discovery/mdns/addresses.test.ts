/** Addresses as bytes, subnets, and what can be dialled. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressBytes,
  isDialable,
  isInSubnet,
  isLoopback,
  isOnLink,
  zoneOfInterface,
} from '../../../../src/discovery/mdns/addresses.ts'

const hex = (text: string): string | undefined => {
  const bytes = addressBytes(text)
  return bytes && Buffer.from(bytes).toString('hex')
}

describe('an address as bytes', () => {
  it.each([
    ['10.77.0.1', '0a4d0001'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['fe80::7%eth0', `fe80${'00'.repeat(13)}07`],
    ['::1.2.3.4', `${'00'.repeat(12)}01020304`],
    ['1::', `0001${'00'.repeat(14)}`],
    ['2001:DB8:0:1:2:3:4:5', '20010db8000000010002000300040005'],
  ])('%s', (text, expected) => {
    expect(hex(text)).toBe(expected)
  })

  it.each([
    ...['', '1.2.3', '1.2.3.256', 'a.local', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9'],
    ...['1::2::3', '1:2:3:4:5:6:7::8', '12345::', 'g::', ':1::', 'undefined.1.1.1'],
  ])('is nothing for %j', (text) => {
    expect(addressBytes(text)).toBeUndefined()
  })

  it('is the same for every spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((text) => !text.includes('.')),
        (text) => {
          const url = new URL(`http://[${text}]`).hostname.slice(1, -1)
          expect(hex(text)).toBe(hex(url))
        },
      ),
    )
  })
})

describe('a subnet', () => {
  it.each([
    ['10.77.0.200', '10.77.0.1', 24, true],
    ['10.77.1.200', '10.77.0.1', 24, false],
    ['10.77.1.200', '10.77.0.1', 23, true],
    ['10.77.0.1', '10.77.0.1', 32, true],
    ['10.77.0.2', '10.77.0.1', 32, false],
    ['1.2.3.4', '10.77.0.1', 0, true],
    ['fd00::1:2', 'fd00::1:1', 112, true],
    ['fd00::2:2', 'fd00::1:1', 112, false],
    ['fd00::1', '10.77.0.1', 0, false],
    ['nonsense', '10.77.0.1', 0, false],
  ])('holds %s in %s/%i: %s', (address, own, prefixLength, isIn) => {
    expect(isInSubnet(address, { address: own, prefixLength })).toBe(isIn)
  })
})

describe('an address', () => {
  it.each(['10.0.0.1', '169.254.3.4', '127.0.0.1', 'fe80::1', '2001:db8::1', '::1'])(
    '%s can be dialled',
    (address) => expect(isDialable(address)).toBe(true),
  )

  it.each(['0.0.0.0', '224.0.0.251', '255.255.255.255', '::', 'ff02::fb', '::ffff:a00:1', 'x'])(
    '%s cannot',
    (address) => expect(isDialable(address)).toBe(false),
  )

  it.each([
    ['10.77.0.9', true],
    ['10.78.0.9', false],
    ['fd00::9', true],
    ['fd01::9', false],
    ['fe80::9%eth0', true],
    ['fe80::9%eth1', false],
    ['fe80::9', false],
  ])('%s is on the link by its subnets or its zone: %s', (address, isOn) => {
    const addresses = [
      { address: '10.77.0.1', prefixLength: 24 },
      { address: 'fd00::1', prefixLength: 64 },
      { address: 'fe80::1', prefixLength: 64 },
    ]
    expect(isOnLink(address, { zone: 'eth0', addresses })).toBe(isOn)
  })

  it('that is link-local tells the zone of its interface, which else is its name', () => {
    expect(zoneOfInterface('Ethernet', ['10.77.0.1', 'fe80::7%12'])).toBe('12')
    expect(zoneOfInterface('eth0', ['10.77.0.1', 'fd00::1'])).toBe('eth0')
  })

  it('may be of the host alone', () => {
    expect(['127.9.9.9', '::1', '128.0.0.1', '::2'].map(isLoopback)).toEqual([
      ...[true, true, false, false],
    ])
  })
})
