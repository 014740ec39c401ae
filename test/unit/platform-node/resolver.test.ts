/** Names as addresses. No name server is asked: the host's resolver is played, or given what it knows itself. */
import { describe, expect, it } from 'vitest'
import { type Lookup, NameResolver } from '../../../src/platform-node/resolver.ts'

const answer =
  (error: Error | null, ...addresses: string[]): Lookup =>
  (_name, callback) =>
    callback(
      error,
      addresses.map((address) => ({ address })),
    )

const resolving = (look: Lookup): Promise<readonly string[]> =>
  new NameResolver(look).resolve('peers.example')

/** A resolver of the host that answers when the test says so. */
function slowLookup() {
  const asked: { readonly name: string; readonly answer: (address: string) => void }[] = []
  const look: Lookup = (name, callback) =>
    void asked.push({ name, answer: (address) => callback(null, [{ address }]) })
  return { asked, look }
}

describe('resolving names', () => {
  it('gives every address once, in the order of the resolver', async () => {
    const look = answer(null, 'fd00::7', '10.0.0.7', 'fd00::7')
    expect(await resolving(look)).toEqual(['fd00::7', '10.0.0.7'])
  })

  it('rejects when there is no address', async () => {
    await expect(resolving(answer(new Error('ENOTFOUND')))).rejects.toThrow('ENOTFOUND')
    await expect(resolving(answer(null))).rejects.toThrow('no address')
  })

  it('rejects when the resolver takes too long, whatever it says later', async () => {
    const { asked, look } = slowLookup()
    const resolver = new NameResolver(look, 1)
    await expect(resolver.resolve('peers.example')).rejects.toThrow('within 1 ms')
    asked[0]!.answer('10.0.0.7')
  })

  it('asks once for a name that several want, also when the first has given up', async () => {
    const { asked, look } = slowLookup()
    const resolver = new NameResolver(look, 20)
    await expect(resolver.resolve('peers.example')).rejects.toThrow('within 20 ms')
    const both = [resolver.resolve('peers.example'), resolver.resolve('peers.example')]
    asked[0]!.answer('10.0.0.7')
    expect(await Promise.all(both)).toEqual([['10.0.0.7'], ['10.0.0.7']])
    expect(asked).toHaveLength(1)
    const later = resolver.resolve('peers.example')
    asked[1]!.answer('10.0.0.8')
    expect(await later).toEqual(['10.0.0.8'])
  })

  it('asks for two names at once, then for the next, and for none that nobody waits for', async () => {
    const { asked, look } = slowLookup()
    const resolver = new NameResolver(look, 20)
    const inVain = ['a', 'b', 'c'].map((name) => resolver.resolve(name))
    for (const each of inVain) await expect(each).rejects.toThrow('within')
    const [a, d] = [resolver.resolve('a'), resolver.resolve('d')]
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b'])
    asked[0]!.answer('10.0.0.1')
    expect(await a).toEqual(['10.0.0.1'])
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b', 'd'])
    asked[2]!.answer('10.0.0.4')
    expect(await d).toEqual(['10.0.0.4'])
  })

  it('knows addresses as they are', async () => {
    const resolver = new NameResolver()
    expect(await resolver.resolve('127.0.0.1')).toEqual(['127.0.0.1'])
    expect(await resolver.resolve('::1')).toEqual(['::1'])
  })
})
