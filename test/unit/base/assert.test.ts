import { describe, expect, it } from 'vitest'
import { assert, assertNever } from '../../../src/base/assert.ts'
import { EarshotError, ERROR_CODES, invalid } from '../../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'

describe('an assertion', () => {
  it('that holds does nothing', () => {
    expect(() => assert(true, 'all is well')).not.toThrow()
  })

  it('that fails says what must have held', () => {
    expect(() => assert(false, 'the sky is blue')).toThrow('assertion failed: the sky is blue')
  })

  it('of a closed union shows the variant that slipped through', () => {
    expect(() => assertNever({ kind: 'new' } as never)).toThrow('{"kind":"new"}')
  })
})

describe('an error', () => {
  it('has a stable code, a name, and the cause it was given', () => {
    const cause = new Error('below')
    const error = new EarshotError('ERR_EARSHOT_ENCODE', 'no', { cause })
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      'EarshotError',
      'ERR_EARSHOT_ENCODE',
      'no',
      cause,
    ])
  })

  it('code begins with ERR_EARSHOT_ and is explained in a sentence', () => {
    for (const [code, meaning] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^ERR_EARSHOT_[A-Z_]+$/)
      expect(meaning).toMatch(/^[A-Z].+\.$/)
    }
  })

  it('of a decoder is a value, not an exception', () => {
    expect(invalid('zre-text', 'why')).toEqual({ kind: 'invalid', code: 'zre-text', reason: 'why' })
  })
})

it('every default limit is a whole number above 0', () => {
  for (const value of Object.values(DEFAULT_LIMITS)) {
    expect(Number.isInteger(value) && value > 0).toBe(true)
  }
})
