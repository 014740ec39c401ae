import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { parsePeerId } from '../../../src/base/peer-id.ts'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import { checkOptions, type NodeOptions } from '../../../src/runtime/options.ts'
import { outgoingContent } from '../../../src/runtime/outgoing.ts'
import type { Entropy } from '../../../src/runtime/platform.ts'

const entropy: Entropy = { fill: (bytes) => bytes.fill(0xab), random: () => 0.5 }
const check = (options: NodeOptions) => checkOptions(options, entropy)

describe('options', () => {
  it('may all be left out', () => {
    const { engine, groups, mailboxes } = check({})
    expect(engine).toMatchObject({ timers: DEFAULT_TIMERS, limits: DEFAULT_LIMITS })
    expect(parsePeerId(engine.id)).toBe(engine.id)
    expect(engine.name).toBe(engine.id.slice(0, 6))
    expect([...engine.headers]).toEqual([['X-EARSHOT', '1']])
    expect(groups).toEqual([])
    expect(mailboxes).toEqual({
      interfaces: undefined,
      ipv6: true,
      beaconPort: 5670,
      mailboxPort: undefined,
    })
  })

  it('are taken over', () => {
    const { engine, groups, mailboxes } = check({
      name: 'n',
      headers: { 'X-A': '', x: 'y' },
      groups: ['g', 'h', 'g'],
      interfaces: '127.0.0.1',
      ipv6: false,
      port: 1,
      mailboxPort: 65_535,
      timers: { lingerMs: 0 },
      limits: { peers: 7 },
    })
    expect(engine.name).toBe('n')
    expect([...engine.headers].slice(1)).toEqual([
      ['X-A', ''],
      ['x', 'y'],
    ])
    expect([engine.timers.lingerMs, engine.limits.peers]).toEqual([0, 7])
    expect(groups).toEqual(['g', 'h'])
    expect(mailboxes).toEqual({
      interfaces: ['127.0.0.1'],
      ipv6: false,
      beaconPort: 1,
      mailboxPort: 65_535,
    })
  })

  const MANY = 257
  const many = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`X-${i}`, '']))
  const nonsense = (value: unknown) => value as never

  const BAD: readonly (readonly [string, NodeOptions, RegExp])[] = [
    ['an empty name', { name: '' }, /option name:/],
    ['a name of 256 bytes', { name: 'é'.repeat(128) }, /option name:/],
    ['a name that is no text', { name: nonsense(7) }, /option name:/],
    ['a header without a name', { headers: { '': 'x' } }, /option headers\['']:/],
    [
      'a header name of 256 bytes',
      { headers: { ['x'.repeat(256)]: '' } },
      /option headers\['x+']:/,
    ],
    ['a header that is no text', { headers: { x: nonsense(1) } }, /option headers\['x']:/],
    ['our own header', { headers: { 'x-earshot': '2' } }, /option headers\['x-earshot']:/],
    ['too many headers', { headers: many }, /option headers:/],
    ['too many bytes of headers', { headers: { x: 'y'.repeat(40_000) } }, /option headers:/],
    ['groups that are one text', { groups: nonsense('chat') }, /option groups:/],
    ['no interface', { interfaces: [] }, /option interfaces:/],
    ['an interface that is no text', { interfaces: [nonsense(1)] }, /option interfaces:/],
    ['interfaces that are a number', { interfaces: nonsense(1) }, /option interfaces:/],
    ['interfaces that are null', { interfaces: nonsense(null) }, /option interfaces:/],
    [
      'interfaces that are no list',
      { interfaces: nonsense(new Set(['lo'])) },
      /option interfaces:/,
    ],
    ['port 0', { port: 0 }, /option port:/],
    ['port 65536', { port: 65_536 }, /option port:/],
    ['port 1.5', { port: 1.5 }, /option port:/],
    ['a port that is text', { port: nonsense('5670') }, /option port:/],
    ['mailbox port 0', { mailboxPort: 0 }, /option mailboxPort:/],
    [
      'an unknown timer',
      { timers: nonsense({ evasive: 5 }) },
      /option timers\.evasive:.*evasiveMs/,
    ],
    ['a negative timer', { timers: { evasiveMs: -1 } }, /option timers\.evasiveMs:/],
    ['a timer that is no number', { timers: { lingerMs: nonsense('1') } }, /timers\.lingerMs:/],
    ['a timer without end', { timers: { expiredMs: Number.POSITIVE_INFINITY } }, /expiredMs:/],
    ['NaN', { timers: { confirmMs: Number.NaN } }, /option timers\.confirmMs:/],
    ['a link to be checked all the time', { timers: { linkProbeMs: 0 } }, /timers\.linkProbeMs:/],
    [
      'a longest interval below the usual one',
      { timers: { beaconIntervalMaxMs: 999 } },
      /≤ beaconIntervalMaxMs/,
    ],
    ['timers out of order', { timers: { evasiveMs: 9, silentMs: 8 } }, /evasiveMs ≤ silentMs/],
    ['an unknown limit', { limits: nonsense({ peer: 5 }) }, /option limits\.peer:/],
    ['a negative limit', { limits: { peers: -1 } }, /option limits\.peers:/],
    [
      'an unknown policy',
      { whenFull: nonsense('drop') },
      /option whenFull: expected one of wait, /,
    ],
    [
      'policies that are no object',
      { whenFullIn: nonsense(null) },
      /whenFullIn: expected an object/,
    ],
    ['a policy for no group', { whenFullIn: nonsense('wait') }, /whenFullIn: expected an object/],
    [
      'an unknown policy of a group',
      { whenFullIn: { g: nonsense(1) } },
      /option whenFullIn\['g']: expected one of wait, /,
    ],
  ]

  it.each(BAD)('refuse %s, and name it', (_what, options, message) => {
    expect(() => check(options)).toThrow(message)
    try {
      check(options)
    } catch (error) {
      expect(error).toMatchObject({ name: 'EarshotError', code: 'ERR_EARSHOT_BAD_OPTION' })
    }
  })

  it.each(['', 'x'.repeat(256), '\ud800', 7])(
    'refuse the group %j by a code of its own',
    (group) => {
      expect(() => check({ groups: [group as string] })).toThrow(
        expect.objectContaining({ code: 'ERR_EARSHOT_BAD_GROUP' }),
      )
    },
  )

  it.each([
    ['too many', Array.from({ length: 1_025 }, (_, i) => `${i}`)],
    ['too long', Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(200, 'x'))],
  ])('refuse groups that are %s for a HELLO', (_what, groups) => {
    expect(() => check({ groups })).toThrow(
      expect.objectContaining({ code: 'ERR_EARSHOT_BAD_GROUP' }),
    )
  })

  it('give each group its policy, and all others that of the node', () => {
    const { whenFull } = check({ whenFull: 'disconnect', whenFullIn: { g: 'drop-oldest' } })
    expect(['g', 'h', 'constructor'].map(whenFull)).toEqual([
      'drop-oldest',
      'disconnect',
      'disconnect',
    ])
    expect(check({}).whenFull('g')).toBe('wait')
    expect(() => check({ whenFullIn: { '': 'wait' } })).toThrow(
      expect.objectContaining({ code: 'ERR_EARSHOT_BAD_GROUP' }),
    )
  })

  it('let undefined stand for the default', () => {
    const { engine } = check({ timers: { evasiveMs: undefined } as never })
    expect(engine.timers.evasiveMs).toBe(DEFAULT_TIMERS.evasiveMs)
  })
})

describe('timers', () => {
  it.each([
    [{ evasiveMs: 100 }, { evasiveMs: 100, silentMs: 200, expiredMs: 30_000 }],
    [{ evasiveMs: 20_000 }, { evasiveMs: 20_000, silentMs: 40_000, expiredMs: 120_000 }],
    [
      { evasiveMs: 1, silentMs: 2, expiredMs: 3 },
      { evasiveMs: 1, silentMs: 2, expiredMs: 3 },
    ],
    [{ expiredMs: 60_000 }, { evasiveMs: 5_000, silentMs: 10_000, expiredMs: 60_000 }],
    [{ expiredMs: 3_000 }, { evasiveMs: 500, silentMs: 1_000, expiredMs: 3_000 }],
    [{ silentMs: 2_000 }, { evasiveMs: 1_000, silentMs: 2_000, expiredMs: 30_000 }],
    [
      { evasiveMs: 100, expiredMs: 150 },
      { evasiveMs: 100, silentMs: 150, expiredMs: 150 },
    ],
    [
      { beaconIntervalMs: 100 },
      { beaconIntervalMs: 100, beaconIntervalMaxMs: 100, beaconsStoppedMs: 150 },
    ],
    [
      { beaconIntervalMaxMs: 4_000 },
      { beaconIntervalMs: 1_000, beaconIntervalMaxMs: 4_000, beaconsStoppedMs: 6_000 },
    ],
    [{ beaconIntervalMs: 100, beaconsStoppedMs: 700 }, { beaconsStoppedMs: 700 }],
  ])('given as %j fill in the rest so that it fits', (given, expected) => {
    expect(check({ timers: given }).engine.timers).toMatchObject(expected)
  })
})

describe('what is sent', () => {
  const limits = { ...DEFAULT_LIMITS, messageBytes: 10, messageFrames: 4 }
  const whisper = (message: unknown) => outgoingContent('whisper', '', message as string, limits)

  it.each([
    ['text', 'hé', [[0x68, 0xc3, 0xa9]]],
    ['empty text', '', [[]]],
    ['bytes', Uint8Array.of(1, 2), [[1, 2]]],
    ['a Buffer', Buffer.of(1, 2), [[1, 2]]],
    ['frames', [Uint8Array.of(1), new Uint8Array()], [[1], []]],
  ])('%s becomes frames', (_what, message, frames) => {
    const content = whisper(message)
    expect(content.frames.map((frame) => [...frame])).toEqual(frames)
    expect(content.byteLength).toBe(frames.flat().length)
  })

  it('keeps kind and group', () => {
    expect(outgoingContent('shout', 'g', 'x', limits)).toMatchObject({ kind: 'shout', group: 'g' })
  })

  it.each([
    ['up to the limit of bytes', [new Uint8Array(9), new Uint8Array(1)]],
    ['up to the limit of frames', [new Uint8Array(), new Uint8Array(), new Uint8Array()]],
  ])('may go %s', (_what, frames) => {
    expect(whisper(frames).frames).toEqual(frames)
  })

  it.each([
    ['too many bytes in one', new Uint8Array(11)],
    ['too many bytes in all', [new Uint8Array(9), new Uint8Array(2)]],
    ['too much text', 'é'.repeat(6)],
    ['too many frames', new Array(4).fill(new Uint8Array())],
  ])('with %s is refused', (_what, message) => {
    expect(() => whisper(message)).toThrow(
      expect.objectContaining({ code: 'ERR_EARSHOT_MESSAGE_TOO_LARGE' }),
    )
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', {}],
    ['no frames', []],
    ['frames of text', ['x']],
    ['numbers', [1, 2]],
    ['a DataView', new DataView(new ArrayBuffer(2))],
  ])('that is %s is the caller’s mistake', (_what, message) => {
    expect(() => whisper(message)).toThrow(TypeError)
  })
})
