/** Properties over generated messages and bytes; the seed is fixed, so a failure can be had again. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteWriter, utf8Encode } from '../../../src/base/bytes.ts'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { decodeBeacon, encodeBeacon } from '../../../src/zre/beacon.ts'
import { decodeZre } from '../../../src/zre/decode.ts'
import { encodeZre, zreLength } from '../../../src/zre/encode.ts'
import { formatEndpoint, parseEndpoint } from '../../../src/zre/endpoint.ts'
import { isGroupName } from '../../../src/zre/group-name.ts'
import type { ZreMessage } from '../../../src/zre/message.ts'
import { bytesOf, VECTORS } from './vectors.ts'

const PARAMETERS = { seed: 20_360, numRuns: 2_000 }

// Any character at all, well formed.
const text = fc.string({ unit: 'binary', maxLength: 63 })
const group = text.filter(isGroupName)
const sequence = fc.integer({ min: 0, max: 65_535 })
const status = fc.integer({ min: 0, max: 255 })

const message: fc.Arbitrary<ZreMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    sequence,
    endpoint: text,
    groups: fc.uniqueArray(group, { maxLength: 20 }),
    status,
    name: text,
    headers: fc
      .array(fc.tuple(text, fc.string({ unit: 'binary' })), { maxLength: 20 })
      .map((entries) => new Map(entries)),
  }),
  fc.record({
    kind: fc.constantFrom(
      'whisper' as const,
      'ping' as const,
      'ping-ok' as const,
      'goodbye' as const,
    ),
    sequence,
  }),
  fc.record({ kind: fc.constant('shout' as const), sequence, group }),
  fc.record({ kind: fc.constantFrom('join' as const, 'leave' as const), sequence, group, status }),
  fc.record({ kind: fc.constant('elect' as const), sequence, group, challengerId: text }),
  fc.record({ kind: fc.constant('leader' as const), sequence, group, leaderId: text }),
)

function encoded(value: ZreMessage): Uint8Array {
  const bytes = new Uint8Array(zreLength(value))
  const writer = new ByteWriter(bytes)
  encodeZre(value, writer)
  expect(writer.remaining).toBe(0)
  return bytes
}

function decoded(bytes: Uint8Array): ReturnType<typeof decodeZre> {
  return decodeZre(bytes, 0, bytes.length, DEFAULT_LIMITS)
}

it('what is encoded decodes to itself, in exactly the announced length', () => {
  fc.assert(
    fc.property(message, (value) => {
      expect(decoded(encoded(value))).toEqual(value)
    }),
    PARAMETERS,
  )
})

it('each proper prefix of what is encoded is invalid', () => {
  fc.assert(
    fc.property(
      message,
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (value, at) => {
        const bytes = encoded(value)
        const end = Math.floor(at * bytes.length)
        expect(decodeZre(bytes, 0, end, DEFAULT_LIMITS).kind).toBe('invalid')
      },
    ),
    PARAMETERS,
  )
})

/** Whatever decodes is canonical: encoding gives the same bytes, unless HELLO repeated an entry. */
function holdsForAnyBytes(bytes: Uint8Array): void {
  const result = decoded(bytes)
  if (result.kind === 'invalid') {
    expect(result.reason).not.toBe('')
  } else if (result.kind === 'hello') {
    expect(zreLength(result)).toBeLessThanOrEqual(bytes.length)
    expect(decoded(encoded(result))).toEqual(result)
  } else {
    expect(encoded(result)).toEqual(bytes)
  }
}

it('random bytes never throw, and what they decode to encodes to them', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), holdsForAnyBytes), PARAMETERS)
})

it('random bytes after a right header never throw', () => {
  const command = fc.integer({ min: 0, max: 11 })
  const body = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(command, body, (id, rest) => {
      holdsForAnyBytes(Uint8Array.of(0xaa, 0xa1, id, 2, 0, 1, ...rest))
    }),
    PARAMETERS,
  )
})

it('known messages with a few bytes changed never throw', () => {
  const vector = fc.constantFrom(...VECTORS.map(({ hex }) => bytesOf(hex)))
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(vector, edits, (original, changes) => {
      const bytes = original.slice()
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      holdsForAnyBytes(bytes)
    }),
    PARAMETERS,
  )
})

it('the measured length of a name is the length of its UTF-8, halves of pairs included', () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  fc.assert(
    fc.property(units, (codes) => {
      const name = String.fromCharCode(...codes)
      const length = zreLength({ kind: 'shout', sequence: 1, group: name })
      expect(length).toBe(7 + utf8Encode(name).length)
    }),
    PARAMETERS,
  )
})

it('random datagrams never throw, and what they decode to encodes to them', () => {
  const header = fc.constantFrom([], [0x5a, 0x52, 0x45, 1], [0x5a, 0x52, 0x45, 3])
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ minLength: 18, maxLength: 18 }),
    fc.uint8Array({ minLength: 50, maxLength: 50 }),
  )
  fc.assert(
    fc.property(header, body, (start, rest) => {
      const bytes = Uint8Array.of(...start, ...rest)
      const beacon = decodeBeacon(bytes)
      if (beacon.kind === 'beacon') expect(encodeBeacon(beacon)).toEqual(bytes)
    }),
    PARAMETERS,
  )
})

it('an endpoint that was read is written and read as the same', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      const endpoint = parseEndpoint(formatEndpoint(host, port))
      fc.pre(endpoint !== undefined)
      expect(endpoint.port).toBe(port)
      expect(parseEndpoint(formatEndpoint(endpoint.address, port))).toEqual(endpoint)
    }),
    PARAMETERS,
  )
})

it('IPv6 addresses come out as a URL would write them', () => {
  fc.assert(
    fc.property(fc.ipV6(), (host) => {
      const endpoint = parseEndpoint(`tcp://[${host}]:1`)
      fc.pre(endpoint?.address.includes(':') === true)
      expect(`[${endpoint.address}]`).toBe(new URL(`http://[${host}]`).hostname)
    }),
    PARAMETERS,
  )
})

it('random text is never a bad endpoint that throws', () => {
  const noise = fc.string({
    unit: fc.constantFrom(...'tcp://[]:.%0123456789abcf*;'),
    maxLength: 40,
  })
  fc.assert(
    fc.property(noise, (rest) => {
      parseEndpoint(rest)
      parseEndpoint(`tcp://${rest}`)
      parseEndpoint(`tcp://[${rest}]:1`)
    }),
    PARAMETERS,
  )
})
