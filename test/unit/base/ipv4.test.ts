import { describe, expect, it } from 'vitest'
import { ipv4Number } from '../../../src/base/ipv4.ts'

describe('an IPv4 address as a number', () => {
  it.each([
    ['0.0.0.0', 0],
    ['10.0.1.2', 0x0a000102],
    ['192.168.0.255', 0xc0a800ff],
    ['255.255.255.255', 0xffffffff],
  ])('%s', (text, number) => {
    expect(ipv4Number(text)).toBe(number)
  })

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.4 ',
    'fe80::1',
    '1.2.3.x',
  ])('%j is none', (text) => {
    expect(ipv4Number(text)).toBe(-1)
  })
})
