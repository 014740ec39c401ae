/** Records: their data on the wire, and who wins a name. */
import { describe, expect, it } from 'vitest'
import { OwnRecords } from '../../../../src/discovery/mdns/own.ts'
import {
  compareRecords,
  dataBytes,
  encodedBytes,
  isSameRecord,
  type MdnsRecord,
} from '../../../../src/discovery/mdns/records.ts'
import { textValue } from '../../../../src/discovery/mdns/text.ts'

const a = (address: string): MdnsRecord => ({
  type: 'A',
  name: 'x.local',
  ttl: 120,
  flush: true,
  address,
})
const srv = (port: number, target = 'h.local'): MdnsRecord => ({
  type: 'SRV',
  name: 'i._zre._tcp.local',
  ttl: 120,
  flush: true,
  ...{ priority: 0, weight: 0, port, target },
})
const txt = (...texts: string[]): MdnsRecord => ({
  type: 'TXT',
  name: 'i._zre._tcp.local',
  ttl: 120,
  flush: true,
  texts: texts.map((text) => new TextEncoder().encode(text)),
})

describe('the data of a record', () => {
  it.each([
    [a('10.0.0.1'), '0a000001'],
    [srv(0x1234, 'ab.c'), '000000001234026162016300'],
    [txt('a=b', ''), '03613d6200'],
    [{ type: 'PTR', name: 'x', ttl: 1, flush: false, target: 'a.b' } as const, '0161016200'],
  ])('in wire format: %#', (record, hex) => {
    expect(Buffer.from(dataBytes(record)).toString('hex')).toBe(hex)
  })

  it('counts with name and header into the size of the packet', () => {
    expect(encodedBytes(a('10.0.0.1'))).toBe(9 + 10 + 4)
  })

  it('tells records apart, names in it whatever their case', () => {
    expect(isSameRecord(srv(1), srv(1, 'H.LOCAL'))).toBe(true)
    expect(isSameRecord(srv(1), srv(2))).toBe(false)
    expect(isSameRecord(txt('a=b'), txt('A=b'))).toBe(false)
  })
})

describe('who wins a name (RFC 6762 §8.2)', () => {
  it('is who has the later address, as in the example there', () => {
    expect(compareRecords([a('169.254.99.200')], [a('169.254.200.50')])).toBeLessThan(0)
    expect(compareRecords([a('169.254.200.50')], [a('169.254.99.200')])).toBeGreaterThan(0)
  })

  it('is who has more records, when the others are the same', () => {
    expect(compareRecords([srv(1)], [srv(1), txt('x=y')])).not.toBe(0)
    expect(compareRecords([txt('x=y')], [txt('x=y'), srv(1)])).toBeLessThan(0)
  })

  it('is nobody when all are the same, in whatever order', () => {
    expect(compareRecords([srv(1), txt('x=y')], [txt('x=y'), srv(1)])).toBe(0)
    expect(compareRecords([], [])).toBe(0)
  })
})

describe('a TXT record', () => {
  it('gives the first value of a key of any case', () => {
    const record = txt('other', 'UUID=1', 'uuid=2', 'empty=')
    expect(textValue(record, 'uuid')).toBe('1')
    expect(textValue(record, 'empty')).toBe('')
    expect(textValue(record, 'other')).toBeUndefined()
    expect(textValue(srv(1), 'uuid')).toBeUndefined()
  })
})

describe('what announces a node', () => {
  it('is a pointer, a place, a text with its id, and addresses', () => {
    const id = 'AB'.repeat(16)
    const own = new OwnRecords({ id, label: 'k', port: 5, addresses: ['10.0.0.1', 'fe80::1'] })
    const host = 'earshot-abababababab.local'
    expect(own.announced.map(({ type, name, ttl, flush }) => [type, name, ttl, flush])).toEqual([
      ['PTR', '_zre._tcp.local', 4_500, false],
      ['SRV', 'k._zre._tcp.local', 120, true],
      ['TXT', 'k._zre._tcp.local', 4_500, true],
      ['A', host, 120, true],
      ['AAAA', host, 120, true],
    ])
    expect(textValue(own.txt, 'uuid')).toBe(id)
    expect(own.answering({ name: '_services._dns-sd._udp.local', type: 'PTR' })).toEqual([
      own.typePointer,
    ])
  })
})
