/** Schemas: hand-written ones that misbehave in every way, and valibot's as people use them. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type SchemaOutcome, validateWith } from '../../../../src/runtime/codecs/schema.ts'

type Validate = StandardSchemaV1.Props<unknown, unknown>['validate']

function schemaOf(validate: (value: unknown) => unknown): StandardSchemaV1<unknown, unknown> {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as Validate } }
}

function reasonOf(outcome: unknown): string {
  expect(outcome).toMatchObject({ kind: 'invalid', code: 'payload-schema' })
  return (outcome as { reason: string }).reason
}

function reasonOfIssues(...issues: unknown[]): string {
  return reasonOf(
    validateWith(
      schemaOf(() => ({ issues })),
      0,
    ),
  )
}

describe('a synchronous schema', () => {
  test('gives its value, transformed, at once', () => {
    const doubled = schemaOf((value) => ({ value: (value as number) * 2 }))
    expect(validateWith(doubled, 4)).toEqual({ kind: 'value', value: 8 })
  })

  test('may give undefined as its value', () => {
    expect(
      validateWith(
        schemaOf(() => ({ value: undefined })),
        1,
      ),
    ).toEqual({ kind: 'value', value: undefined })
  })

  test('that throws is a refusal', () => {
    const reason = reasonOf(
      validateWith(
        schemaOf(() => {
          throw new Error('boom')
        }),
        1,
      ),
    )
    expect(reason).toBe('the schema failed: boom')
  })

  test.each([
    undefined,
    null,
    5,
    'text',
    {},
    { issues: 5 },
    { issues: [null] },
    { issues: [{ path: 5 }] },
  ])('that gives back nonsense (%j) is a refusal', (nonsense) => {
    reasonOf(
      validateWith(
        schemaOf(() => nonsense),
        1,
      ),
    )
  })

  test('whose traps throw is a refusal', () => {
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('trap')
        },
      },
    )
    reasonOf(
      validateWith(
        schemaOf(() => trap),
        1,
      ),
    )
    reasonOf(validateWith(trap as never, 1))
    reasonOf(
      validateWith(
        schemaOf(() => ({ issues: [trap] })),
        1,
      ),
    )
    reasonOf(
      validateWith(
        schemaOf(() => {
          throw trap
        }),
        1,
      ),
    )
  })

  test('that is no schema at all is a refusal', () => {
    reasonOf(validateWith(undefined as never, 1))
    reasonOf(validateWith({} as never, 1))
  })
})

describe('an asynchronous schema', () => {
  test('gives a promise of the same outcomes', async () => {
    const good = validateWith(
      schemaOf(async (value) => ({ value })),
      4,
    )
    expect(good).toBeInstanceOf(Promise)
    expect(await good).toEqual({ kind: 'value', value: 4 })
    const bad = await validateWith(
      schemaOf(async () => ({ issues: [{ message: 'no' }] })),
      4,
    )
    expect(reasonOf(bad)).toBe('no')
  })

  test('may be any thenable', async () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const thenable = { then: (done: (result: unknown) => void) => done({ value: 1 }) }
    expect(
      await validateWith(
        schemaOf(() => thenable),
        0,
      ),
    ).toEqual({ kind: 'value', value: 1 })
  })

  test('never rejects', async () => {
    expect(
      reasonOf(
        await validateWith(
          schemaOf(() => Promise.reject(new Error('late'))),
          0,
        ),
      ),
    ).toBe('the schema failed: late')
    expect(
      reasonOf(
        await validateWith(
          schemaOf(() => Promise.reject(undefined)),
          0,
        ),
      ),
    ).toBe('the schema failed')
    reasonOf(
      await validateWith(
        schemaOf(async () => null),
        0,
      ),
    )
  })
})

describe('the reason', () => {
  test('names the path', () => {
    expect(reasonOfIssues({ message: 'too cold', path: ['readings', 2, { key: 'celsius' }] })).toBe(
      'readings[2].celsius: too cold',
    )
    expect(reasonOfIssues({ message: 'odd', path: [Symbol('s'), 0] })).toBe('Symbol(s)[0]: odd')
    expect(reasonOfIssues({ message: 'wrong' })).toBe('wrong')
    expect(reasonOfIssues()).toBe('refused without an issue')
  })

  test('tells three issues and counts the rest', () => {
    const issues = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ message: 'no', path: [key] }))
    expect(reasonOfIssues(...issues)).toBe('a: no; b: no; c: no; and 2 more')
  })

  test('stays short whatever the schema says', () => {
    const issue = { message: '🙂'.repeat(100_000), path: new Array(1_000).fill('k'.repeat(1_000)) }
    const reason = reasonOfIssues(...new Array(1_000).fill(issue))
    expect(reason.length).toBeLessThan(1_300)
    expect(reason).not.toMatch(/[\ud800-\udfff]/u)
  })

  test('holds nothing that would disturb a terminal or a log', () => {
    const reason = reasonOfIssues({
      message: 'a\u001b[31m\nb\u202ec\ud800',
      path: ['x\r\n', 'y\u2028'],
    })
    expect(reason).toBe('x\ufffd\ufffd.y\ufffd: a\ufffd[31m\ufffdb\ufffdc\ufffd')
  })
})

describe('valibot', () => {
  const Reading = v.object({
    celsius: v.pipe(v.number(), v.minValue(-90)),
    at: v.optional(v.date()),
    tags: v.array(v.string()),
  })

  test('a good value, with its type', () => {
    const outcome = validateWith(Reading, { celsius: 21.5, tags: ['a'], extra: 1 })
    expect(outcome).toEqual({ kind: 'value', value: { celsius: 21.5, tags: ['a'] } })
    type Output = { celsius: number; at?: Date | undefined; tags: string[] }
    expectTypeOf(outcome).toEqualTypeOf<SchemaOutcome<Output> | Promise<SchemaOutcome<Output>>>()
  })

  test('a bad value', () => {
    const reason = reasonOf(validateWith(Reading, { celsius: -100, tags: ['a', 5] }))
    expect(reason).toContain('celsius: ')
    expect(reason).toContain('tags[1]: ')
  })

  test('an asynchronous check', async () => {
    const Known = v.pipeAsync(
      v.string(),
      v.checkAsync(async (name) => name === 'kitchen', 'unknown room'),
    )
    expect(await validateWith(Known, 'kitchen')).toEqual({ kind: 'value', value: 'kitchen' })
    expect(reasonOf(await validateWith(Known, 'moon'))).toBe('unknown room')
  })
})
