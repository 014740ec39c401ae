import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/bytes.ts'
import { encodeMetadata, type PeerMetadata, parseMetadata } from '../../../src/zmtp/metadata.ts'
import { bytesOf } from './helpers.ts'

const DEALER = '0b 536f636b65742d54797065 00000006 4445414c4552'

function parse(hex: string): PeerMetadata {
  const metadata = parseMetadata(bytesOf(hex))
  if ('kind' in metadata) throw new Error(metadata.reason)
  return metadata
}

describe('metadata', () => {
  it('encodes the socket type first, then the identity, as libzmq does', () => {
    const block = encodeMetadata('DEALER', bytesOf('01 02'))
    expect(toHex(block)).toBe(toHex(bytesOf(`${DEALER} 08 4964656e74697479 00000002 0102`)))
  })

  it('says more after these, if there is more to say', () => {
    const block = encodeMetadata('DEALER', bytesOf('01 02'), [['X-A', 'bee']])
    const more = '03 582d41 00000003 626565'
    expect(toHex(block)).toBe(toHex(bytesOf(`${DEALER} 08 4964656e74697479 00000002 0102 ${more}`)))
  })

  it('is read in any order, with names in any case', () => {
    const metadata = parse(
      `08 4944454e54495459 00000001 07 0b 736f636b45542d74597065 00000003 524550`,
    )
    expect(metadata.socketType).toBe('REP')
    expect(toHex(metadata.identity)).toBe('07')
  })

  it('keeps properties it does not know, empty values too', () => {
    const { properties } = parse(`${DEALER} 03 582d41 00000002 beef 04 582d422e 00000000`)
    expect([...properties.keys()]).toEqual(['socket-type', 'x-a', 'x-b.'])
    expect(toHex(properties.get('x-a')!)).toBe('beef')
    expect(properties.get('x-b.')).toHaveLength(0)
  })

  it('has an empty identity and socket type when they are not there', () => {
    expect(parse('')).toEqual({
      socketType: '',
      identity: new Uint8Array(0),
      properties: new Map(),
    })
  })

  it('takes a name of 255 and an identity of 255 bytes', () => {
    expect(parse(`ff ${'61'.repeat(255)} 00000000`).properties.size).toBe(1)
    expect(parse(`08 4964656e74697479 000000ff ${'01'.repeat(255)}`).identity).toHaveLength(255)
  })

  it.each([
    ['an empty name', '00 00000000'],
    ['an empty name at the end', `${DEALER} 00`],
    ['a name longer than the rest', 'ff 6161'],
    ['a name without a value', '01 61'],
    ['a value length cut short', '01 61 000000'],
    ['a value longer than the rest', '01 61 00000002 00'],
    ['a value of 2³² − 1 bytes', '01 61 ffffffff 00'],
    ['a name twice', '01 61 00000000 01 61 00000000'],
    ['a name twice, in another case', '01 61 00000000 01 41 00000000'],
    ['a name with a blank', '02 6120 00000000'],
    ['a name that is not ASCII', '02 c3a4 00000000'],
    ['a name with a NUL', '02 6100 00000000'],
    ['an identity of 256 bytes', `08 4964656e74697479 00000100 ${'01'.repeat(256)}`],
  ])('is invalid with %s', (_title, hex) => {
    expect(parseMetadata(bytesOf(hex))).toMatchObject({ kind: 'invalid', code: 'zmtp-metadata' })
  })

  it('is invalid when cut anywhere but between properties', () => {
    const block = encodeMetadata('ROUTER', bytesOf('01 02 03'))
    const between = [0, 22, block.length]
    for (let end = 0; end <= block.length; end++) {
      const isInvalid = 'kind' in parseMetadata(block.subarray(0, end))
      expect(isInvalid, `cut at ${end}`).toBe(!between.includes(end))
    }
  })

  it('is read once where it comes again, unless strangers could fill our memory with it', () => {
    const block = bytesOf(`${DEALER} 08 4964656e74697479 00000002 0102`)
    expect(parseMetadata(block.slice())).toBe(parseMetadata(block.slice()))
    const many = bytesOf('01 61 00000000 01 62 00000000 01 63 00000000 01 64 00000000')
    expect(parseMetadata(many.slice())).toEqual(parseMetadata(many.slice()))
    expect(parseMetadata(many.slice())).not.toBe(parseMetadata(many.slice()))
  })
})
