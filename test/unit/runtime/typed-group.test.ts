import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../../src/base/bytes.ts'
import type { PeerInfo, ShoutEvent } from '../../../src/mesh/events.ts'
import type { Message } from '../../../src/mesh/message.ts'
import type { Codec } from '../../../src/runtime/codecs/codec.ts'
import { json } from '../../../src/runtime/codecs/json.ts'
import { text } from '../../../src/runtime/codecs/text.ts'
import type { TypedGroupHost, TypedMessage } from '../../../src/runtime/typed-group.ts'
import { TypedGroup } from '../../../src/runtime/typed-group.ts'

const PEER = { id: 'P', name: 'p' } as PeerInfo

/** A node as a typed group sees it: remembers what was asked of it, and delivers shouts. */
class FakeHost implements TypedGroupHost {
  readonly sent: string[] = []
  readonly warnings: string[] = []
  readonly uncaught: unknown[] = []
  readonly holds: boolean[] = []
  left = 0
  #listener: ((event: ShoutEvent) => void) | undefined

  members = (): PeerInfo[] => [PEER]
  shout = async (group: string, bytes: Uint8Array): Promise<void> => {
    this.sent.push(`${group}: ${Buffer.from(bytes)}`)
  }
  tryShout = (group: string, bytes: Uint8Array) => {
    this.sent.push(`${group}? ${Buffer.from(bytes)}`)
    return { accepted: 1, full: [] }
  }
  leave = (): void => {
    this.left++
  }
  onShout = (listener: (event: ShoutEvent) => void, signal: AbortSignal): void => {
    this.#listener = listener
    signal.addEventListener('abort', () => {
      this.#listener = undefined
    })
  }
  warn = (code: string): void => {
    this.warnings.push(code)
  }
  hold = (_holder: unknown, wanted: boolean): void => {
    this.holds.push(wanted)
  }
  reportUncaught = (error: unknown): void => {
    this.uncaught.push(error)
  }

  deliver(group: string, ...frames: (string | Uint8Array)[]): void {
    const bytes = frames.map((frame) => (typeof frame === 'string' ? utf8Encode(frame) : frame))
    const message = { frameCount: bytes.length, bytes: () => bytes[0] } as unknown as Message
    this.#listener?.({ type: 'shout', peer: PEER, group, message })
  }
}

type Check<Output> = (value: unknown) => StandardSchemaV1.Result<Output> | Promise<never>

function schema<Output>(
  validate: (
    value: unknown,
  ) => StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>,
): StandardSchemaV1<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const isNumber: Check<number> = (value) =>
  typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] }

/** Lets promises that can settle do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function group<Value, Output>(
  codec: Codec<Value>,
  withSchema?: StandardSchemaV1<unknown, Output>,
): { host: FakeHost; typed: TypedGroup<Value, Output>; heard: unknown[] } {
  const host = new FakeHost()
  const options = withSchema === undefined ? { codec } : { codec, schema: withSchema }
  const typed = new TypedGroup<Value, Output>('g', options, host)
  const heard: unknown[] = []
  typed.on('message', ({ value }: TypedMessage<Output>) => heard.push(value))
  return { host, typed, heard }
}

describe('a value that arrives', () => {
  it('comes to the listeners with its peer and group', () => {
    const host = new FakeHost()
    const typed = new TypedGroup('g', { codec: json<{ a: number }>() }, host)
    const heard: unknown[] = []
    typed.on('message', (message) => heard.push(message))
    host.deliver('g', '{"a":1}')
    expect(heard).toEqual([{ value: { a: 1 }, peer: PEER, group: 'g' }])
  })

  it('of another group is not ours', () => {
    const { host, heard } = group(json())
    host.deliver('G', '1')
    expect([heard, host.warnings]).toEqual([[], []])
  })

  it.each([
    ['does not decode', ['{'], 'payload-json'],
    ['is not UTF-8', [Uint8Array.of(0xff)], 'payload-utf8'],
    ['has two frames', ['1', '2'], 'payload-frames'],
    ['has no frame', [], 'payload-frames'],
    ['does not satisfy the schema', ['"x"'], 'payload-schema'],
  ])('and %s is a warning with a code, and never reaches a listener', (_what, frames, code) => {
    const { host, heard } = group(json(), schema(isNumber))
    host.deliver('g', ...frames)
    host.deliver('g', '7')
    expect([heard, host.warnings, host.uncaught]).toEqual([[7], [code], []])
  })

  it('is what the schema makes of it', () => {
    const { host, heard } = group(
      json(),
      schema((value) => ({ value: `made of ${value}` })),
    )
    host.deliver('g', '7')
    expect(heard).toEqual(['made of 7'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('oops')
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
    ['gives nonsense', () => null],
  ])('a schema that %s is a warning', async (_what, validate) => {
    const { host, heard } = group(json(), schema(validate as never))
    host.deliver('g', '7')
    await settled()
    expect([heard, host.warnings, host.uncaught]).toEqual([[], ['payload-schema'], []])
  })
})

describe('listeners', () => {
  it('that throw are reported, and the others hear all the same', () => {
    const { host, typed, heard } = group(json())
    const oops = new Error('oops')
    typed.on('message', () => {
      throw oops
    })
    const last: unknown[] = []
    typed.on('message', ({ value }) => last.push(value))
    host.deliver('g', '1')
    expect([heard, last, host.uncaught]).toEqual([[1], [1], [oops]])
  })

  it('can be for once, removed, and bound to a signal', () => {
    const { host, typed } = group(json())
    const heard: string[] = []
    const control = new AbortController()
    const removed = (): unknown => heard.push('removed')
    typed
      .once('message', () => heard.push('once'))
      .on('message', removed)
      .off('message', removed)
      .on('message', () => heard.push('signal'), { signal: control.signal })
    host.deliver('g', '1')
    control.abort()
    host.deliver('g', '2')
    expect(heard).toEqual(['once', 'signal'])
  })
})

describe('an asynchronous schema', () => {
  it('keeps the order of the messages, whichever is checked first', async () => {
    const answers: ((result: StandardSchemaV1.Result<unknown>) => void)[] = []
    const { host, heard } = group(
      json(),
      schema(() => new Promise<StandardSchemaV1.Result<unknown>>((done) => answers.push(done))),
    )
    for (const value of ['1', '2', '3']) host.deliver('g', value)
    for (const i of [2, 0, 1]) {
      answers[i]!({ value: i + 1 })
      await settled()
    }
    expect(heard).toEqual([1, 2, 3])
  })

  it('keeps the order when only some messages need time', async () => {
    const { host, heard } = group(
      json<number>(),
      schema((value) => (value === 1 ? settled().then(() => ({ value })) : { value })),
    )
    for (const value of ['1', '2', '3']) host.deliver('g', value)
    expect(heard).toEqual([])
    await settled()
    await settled()
    expect(heard).toEqual([1, 2, 3])
    host.deliver('g', '4')
    expect(heard).toEqual([1, 2, 3, 4])
  })

  it('that falls behind makes the node stop reading, and go on at half', async () => {
    const answers: ((result: StandardSchemaV1.Result<unknown>) => void)[] = []
    const { host, heard } = group(
      json(),
      schema(() => new Promise<StandardSchemaV1.Result<unknown>>((done) => answers.push(done))),
    )
    for (let i = 0; i < 255; i++) host.deliver('g', `${i}`)
    expect(host.holds).toEqual([])
    host.deliver('g', '255')
    expect(host.holds).toEqual([true])
    answers.forEach((answer, i) => {
      answer({ value: i })
    })
    await settled()
    expect(heard).toEqual(Array.from({ length: 256 }, (_, i) => i))
    expect(host.holds.at(-1)).toBe(false)
    expect(host.holds.indexOf(false)).toBe(1)
  })
})

describe('a value that is sent', () => {
  it('is checked, encoded and shouted', async () => {
    const { host, typed } = group(json<number>(), schema(isNumber))
    await typed.shout(7)
    expect(typed.tryShout(8)).toEqual({ accepted: 1, full: [] })
    expect(host.sent).toEqual(['g: 7', 'g? 8'])
  })

  it('that the schema refuses is not sent', async () => {
    const { host, typed } = group(json<unknown>(), schema(isNumber))
    const code = { code: 'ERR_EARSHOT_VALIDATE' }
    await expect(typed.shout('x')).rejects.toMatchObject(code)
    expect(() => typed.tryShout('x')).toThrow(expect.objectContaining(code))
    expect(host.sent).toEqual([])
  })

  it('that the codec cannot encode is not sent', async () => {
    const { host, typed } = group(text())
    const code = { code: 'ERR_EARSHOT_ENCODE' }
    await expect(typed.shout(7 as never)).rejects.toMatchObject(code)
    expect(() => typed.tryShout(7 as never)).toThrow(expect.objectContaining(code))
    expect(host.sent).toEqual([])
  })

  it('waits for an asynchronous schema with shout(), which tryShout() cannot', async () => {
    const { host, typed } = group(
      json(),
      schema(async (value) => ({ value })),
    )
    await typed.shout(7)
    expect(() => typed.tryShout(7)).toThrow('asynchronous')
    expect(host.sent).toEqual(['g: 7'])
  })
})

describe('leaving', () => {
  it('leaves the group and forgets the listeners', () => {
    const { host, typed, heard } = group(json())
    typed.leave()
    host.deliver('g', '1')
    expect([heard, host.left]).toEqual([[], 1])
  })

  it('while a schema still works delivers nothing any more, and lets go of the node', async () => {
    const answers: ((result: StandardSchemaV1.Result<unknown>) => void)[] = []
    const { host, typed, heard } = group(
      json(),
      schema(() => new Promise<StandardSchemaV1.Result<unknown>>((done) => answers.push(done))),
    )
    for (let i = 0; i < 300; i++) host.deliver('g', `${i}`)
    typed.leave()
    expect(host.holds.at(-1)).toBe(false)
    for (const answer of answers) answer({ issues: [{ message: 'late' }] })
    await settled()
    expect([heard, host.warnings, host.holds.at(-1)]).toEqual([[], [], false])
  })
})

it('members are the peers in the group', () => {
  expect(group(json()).typed.members()).toEqual([PEER])
})
