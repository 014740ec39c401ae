/** Packets as bytes, through `multicast-dns` with a socket that is none. */

import type { Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import multicastDns from 'multicast-dns'
import { describe, expect, it } from 'vitest'
import { OwnRecords } from '../../../../src/discovery/mdns/own.ts'
import {
  fromWire,
  isWorthDecoding,
  toWire,
  type WirePacket,
} from '../../../../src/discovery/mdns/packet-codec.ts'
import type { MdnsPacket } from '../../../../src/discovery/mdns/records.ts'

/** What the package needs of a socket; what is sent comes to `sent`. */
class NoSocket extends EventEmitter {
  sent: (bytes: Uint8Array) => void = () => {}

  send(
    bytes: Uint8Array,
    _at: number,
    _length: number,
    _port: number,
    _to: string,
    done: () => void,
  ) {
    this.sent(bytes)
    done()
  }

  close(): void {}
}

const socket = new NoSocket()
const mdns = multicastDns({ socket: socket as unknown as Socket, bind: false, multicast: false })
const from = { address: '127.0.0.1', port: 5_353 }

function encode(packet: MdnsPacket): Promise<Uint8Array> {
  return new Promise((resolve) => {
    socket.sent = resolve
    if (packet.kind === 'query') mdns.query(toWire(packet))
    else mdns.respond(toWire(packet))
  })
}

/** `undefined` when the package cannot decode it. */
function decode(bytes: Uint8Array): MdnsPacket | undefined {
  let decoded: MdnsPacket | undefined
  const take = (packet: WirePacket): void => {
    decoded = fromWire(packet)
  }
  mdns.once('packet', take)
  socket.emit('message', Buffer.from(bytes), from)
  mdns.removeListener('packet', take)
  return decoded
}

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

mdns.on('warning', () => {})

describe('a packet', () => {
  it('comes out of the codec as it went in', async () => {
    const own = new OwnRecords({
      ...{ id: 'AB'.repeat(16), label: 'küche (2)', port: 50_000 },
      addresses: ['10.0.0.1', 'fe80::7'],
    })
    const packets: MdnsPacket[] = [
      {
        ...{ kind: 'response', id: 0, truncated: false, questions: [], authorities: [] },
        ...{ answers: own.announced, additionals: [own.typePointer] },
      },
      {
        ...{ kind: 'query', id: 7, truncated: true, answers: [own.pointer], additionals: [] },
        questions: [{ name: own.instance, type: 'ANY', unicast: false }],
        authorities: own.unique,
      },
    ]
    for (const packet of packets) {
      const bytes = await encode(packet)
      expect(isWorthDecoding(bytes)).toBe(true)
      expect(decode(bytes)).toEqual(packet)
    }
  })

  it('is understood with compressed names and with the QU bit', () => {
    const question = '04 5f7a7265 04 5f746370 05 6c6f63616c 00 000c 8001'
    const pointer = 'c00c 000c 0001 00000078 0004 01 78 c00c'
    const packet = decode(hex(`0000 0000 0001 0001 0000 0000 ${question} ${pointer}`))
    expect(packet?.questions).toEqual([{ name: '_zre._tcp.local', type: 'PTR', unicast: true }])
    expect(packet?.answers).toEqual([
      {
        ...{ type: 'PTR', name: '_zre._tcp.local', ttl: 120, flush: false },
        target: 'x._zre._tcp.local',
      },
    ])
  })

  it.each([
    ['an opcode', '0000 2800 0000 0000 0000 0000'],
    ['a response code', '0000 8403 0000 0000 0000 0000'],
  ])('with %s is ignored (§18)', (_, text) => {
    expect(decode(hex(text))).toBeUndefined()
  })

  it.each([
    ['of a type that we do not use', '01 78 00 0010 0001'.replace('0010', '000d')],
    ['of another class', '01 78 00 000c 0003'],
    ['with a name that cannot be sent again', '02 78 0a 00 000c 0001'],
    ['with a line separator before a dot', '04 78e280a8 01 79 00 000c 0001'],
    ['with a label that holds an empty one', '02 2e 2e 00 000c 0001'],
  ])('is read without a question %s', (_, question) => {
    expect(decode(hex(`0000 0000 0001 0000 0000 0000 ${question}`))?.questions).toEqual([])
  })

  it.each([
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['fe80::7', 'fe800000000000000000000000000007'],
  ])('has the address %s in the spelling of RFC 5952', (address, bytes) => {
    const record = `01 78 00 001c 0001 00000078 0010 ${bytes}`
    const packet = decode(hex(`0000 8400 0000 0001 0000 0000 ${record}`))
    expect(packet?.answers).toMatchObject([{ type: 'AAAA', address }])
  })

  it('with an address of IPv4 in disguise has no such record', () => {
    const record = '01 78 00 001c 0001 00000078 0010 00000000000000000000ffff0a4d0001'
    expect(decode(hex(`0000 8400 0000 0001 0000 0000 ${record}`))?.answers).toEqual([])
  })

  it('with an address that is cut off has no such record', () => {
    const packet = decode(hex('0000 8400 0000 0001 0000 0000 01 78 00 0001 0001 00000078 0004 0a'))
    expect(packet?.answers ?? []).toEqual([])
  })
})

describe('bytes', () => {
  it.each([
    ['none', new Uint8Array(0)],
    ['too few for a header', new Uint8Array(11)],
    ['more than a packet may have', new Uint8Array(9_001)],
    ['that promise more entries than fit', hex('0000 8400 0000 ffff 0000 0000')],
    ['that are one long chain of pointers', chain()],
  ])('%s are not worth decoding', (_, bytes) => {
    expect(isWorthDecoding(bytes)).toBe(false)
  })

  it('of any kind are decoded or refused, in little time, and what is understood can be sent', async () => {
    const header = fc.constantFrom('000084000000000400000002', '000000000003000200010000')
    const piece = fc.constantFrom(
      ...['045f7a7265', '045f746370', '056c6f63616c00', 'c00c', 'c000', 'c010', '0a4d0001'],
      ...['000c000100000078', '0021800100000078', '0010800100000078', '0001800100000078'],
      ...['001c800100000078', '00ff8001', '000c0001', '0004', '0010', '0008', '00', '3f', '2e'],
    )
    const structured = fc
      .tuple(header, fc.array(piece, { maxLength: 60 }))
      .map(([start, pieces]) => hex(start + pieces.join('')))
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), structured)
    await fc.assert(
      fc.asyncProperty(bytes, async (each) => {
        const packet = isWorthDecoding(each) ? decode(each) : undefined
        if (packet === undefined) return
        const again = decode(await encode(packet))
        // A label with a dot becomes two; the text stays the same.
        expect(again?.answers).toEqual(packet.answers)
        expect(again?.additionals).toEqual(packet.additionals)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** 4,000 pointers, each to the one before, and then names that begin at the last. */
function chain(): Uint8Array {
  const bytes = new Uint8Array(9_000)
  new DataView(bytes.buffer).setUint16(4, 160)
  for (let at = 14; at < 8_000; at += 2) new DataView(bytes.buffer).setUint16(at, 0xc000 + at - 2)
  for (let at = 8_000; at < 9_000; at += 6) new DataView(bytes.buffer).setUint16(at, 0xc000 + 7_998)
  return bytes
}
