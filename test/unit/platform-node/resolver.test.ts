/** Names as addresses. No name server is asked: the host's resolver is played, or given what it knows itself. */
import { describe, expect, it } from 'vitest'
import { type Lookup, resolveName } from '../../../src/platform-node/resolver.ts'

const answer =
  (error: Error | null, ...addresses: string[]): Lookup =>
  (_name, callback) =>
    callback(
      error,
      addresses.map((address) => ({ address })),
    )

describe('resolving names', () => {
  it('gives every address once, in the order of the resolver', async () => {
    const look = answer(null, 'fd00::7', '10.0.0.7', 'fd00::7')
    expect(await resolveName('peers.example', look)).toEqual(['fd00::7', '10.0.0.7'])
  })

  it('rejects when there is no address', async () => {
    const failing = answer(new Error('ENOTFOUND'))
    await expect(resolveName('peers.example', failing)).rejects.toThrow('ENOTFOUND')
    await expect(resolveName('peers.example', answer(null))).rejects.toThrow('no address')
  })

  it('rejects when the resolver takes too long, whatever it says later', async () => {
    let late: (() => void) | undefined
    const look: Lookup = (_name, callback) => {
      late = () => callback(null, [{ address: '10.0.0.7' }])
    }
    await expect(resolveName('peers.example', look, 1)).rejects.toThrow('within 1 ms')
    late!()
  })

  it('knows addresses as they are', async () => {
    expect(await resolveName('127.0.0.1')).toEqual(['127.0.0.1'])
    expect(await resolveName('::1')).toEqual(['::1'])
  })
})
