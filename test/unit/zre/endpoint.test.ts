import { describe, expect, it } from 'vitest'
import { formatEndpoint, parseEndpoint } from '../../../src/zre/endpoint.ts'

describe('parseEndpoint', () => {
  it.each([
    ['IPv4', 'tcp://10.77.0.1:49152', '10.77.0.1', 49_152],
    ['the lowest port', 'tcp://127.0.0.1:1', '127.0.0.1', 1],
    ['the highest port', 'tcp://255.255.255.255:65535', '255.255.255.255', 65_535],
    ['IPv6', 'tcp://[fe80::1]:49152', 'fe80::1', 49_152],
    ['IPv6 loopback', 'tcp://[::1]:5', '::1', 5],
    ['a scope, which is dropped', 'tcp://[fe80::1%eth0]:5', 'fe80::1', 5],
    ['IPv6 in full', 'tcp://[2001:0DB8:0:0:0:0:0:1]:5', '2001:db8::1', 5],
    ['IPv6 without zeros', 'tcp://[1:2:3:4:5:6:7:8]:5', '1:2:3:4:5:6:7:8', 5],
    ['a single zero, which is not shortened', 'tcp://[1:0:3:4:5:6:7:8]:5', '1:0:3:4:5:6:7:8', 5],
    ['a :: that stands for one zero', 'tcp://[1::3:4:5:6:7:8]:5', '1:0:3:4:5:6:7:8', 5],
    ['the longest run of zeros', 'tcp://[1:0:0:2:0:0:0:3]:5', '1:0:0:2::3', 5],
    ['the first of two equal runs', 'tcp://[1:0:0:2:3:0:0:4]:5', '1::2:3:0:0:4', 5],
    ['zeros at the end', 'tcp://[2001:db8::]:5', '2001:db8::', 5],
    ['IPv4 within IPv6', 'tcp://[64:ff9b::192.0.2.33]:5', '64:ff9b::c000:221', 5],
    ['IPv4 mapped into IPv6', 'tcp://[::ffff:10.0.0.7]:5', '10.0.0.7', 5],
    ['mapped IPv4 in hexadecimal', 'tcp://[0:0:0:0:0:FFFF:a00:7]:5', '10.0.0.7', 5],
  ])('reads %s', (_what, text, address, port) => {
    expect(parseEndpoint(text)).toEqual({ address, port })
  })

  it.each([
    ['nothing', ''],
    ['a host name', 'tcp://kitchen:49152'],
    ['a numeric-looking host name', 'tcp://10.0.0.1.example:49152'],
    ['the IPv4 wildcard', 'tcp://0.0.0.0:49152'],
    ['the IPv6 wildcard', 'tcp://[::]:49152'],
    ['the IPv6 wildcard in full', 'tcp://[0:0:0:0:0:0:0:0]:49152'],
    ['the mapped IPv4 wildcard', 'tcp://[::ffff:0.0.0.0]:49152'],
    ['the libzmq wildcard', 'tcp://*:49152'],
    ['a wildcard port', 'tcp://10.0.0.1:*'],
    ['port 0', 'tcp://10.0.0.1:0'],
    ['port 65536', 'tcp://10.0.0.1:65536'],
    ['port 99999', 'tcp://10.0.0.1:99999'],
    ['a port with a leading zero', 'tcp://10.0.0.1:080'],
    ['a port with a sign', 'tcp://10.0.0.1:+80'],
    ['no port', 'tcp://10.0.0.1'],
    ['a source address', 'tcp://10.0.0.2;10.0.0.1:80'],
    ['a path', 'tcp://10.0.0.1:80/'],
    ['a space', ' tcp://10.0.0.1:80'],
    ['a line feed', 'tcp://10.0.0.1:80\n'],
    ['another transport', 'ipc://10.0.0.1:80'],
    ['no transport', '10.0.0.1:80'],
    ['three octets', 'tcp://10.0.1:80'],
    ['five octets', 'tcp://10.0.0.0.1:80'],
    ['an octet over 255', 'tcp://10.0.0.256:80'],
    ['an octal octet', 'tcp://10.0.0.010:80'],
    ['an empty octet', 'tcp://10..0.1:80'],
    ['IPv4 in brackets', 'tcp://[10.0.0.1]:80'],
    ['IPv6 without brackets', 'tcp://fe80::1:80'],
    ['IPv4 with a scope', 'tcp://10.0.0.1%eth0:80'],
    ['an empty scope', 'tcp://[fe80::1%]:80'],
    ['seven words', 'tcp://[1:2:3:4:5:6:7]:80'],
    ['nine words', 'tcp://[1:2:3:4:5:6:7:8:9]:80'],
    ['a :: that stands for nothing', 'tcp://[1:2:3:4::5:6:7:8]:80'],
    ['two ::', 'tcp://[1::2::3]:80'],
    ['three colons', 'tcp://[1:::2]:80'],
    ['a single colon at the end', 'tcp://[1:2:3:4:5:6:7:]:80'],
    ['a word of five digits', 'tcp://[12345::]:80'],
    ['IPv4 that is not at the end', 'tcp://[::1.2.3.4:5]:80'],
    ['IPv4 before the ::', 'tcp://[1.2.3.4::]:80'],
  ])('refuses %s', (_what, text) => {
    expect(parseEndpoint(text)).toBeUndefined()
  })

  it('takes no time over a long text', () => {
    expect(parseEndpoint(`tcp://[${':'.repeat(100_000)}]:80`)).toBeUndefined()
    expect(parseEndpoint(`tcp://${'1.'.repeat(100_000)}:80`)).toBeUndefined()
  })
})

describe('formatEndpoint', () => {
  it.each([
    ['10.77.0.1', 49_152, 'tcp://10.77.0.1:49152'],
    ['fe80::1', 49_152, 'tcp://[fe80::1]:49152'],
    ['fe80::1%eth0', 49_152, 'tcp://[fe80::1]:49152'],
    ['::1', 5, 'tcp://[::1]:5'],
  ])('writes %s', (address, port, text) => {
    expect(formatEndpoint(address, port)).toBe(text)
  })
})
