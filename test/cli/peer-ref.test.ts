import { describe, expect, it } from 'vitest'
import { CliError, ExitCode } from '../../cli/exit-codes.ts'
import { matchPeer, resolvePeer } from '../../cli/peer-ref.ts'
import { madePeer } from './made.ts'

const kitchen = madePeer({ name: 'kitchen', id: 'EAC209BB535640C2AB4E1831A89CCC60' })
const cellar = madePeer({ name: 'cellar', id: 'EAC2FFFF535640C2AB4E1831A89CCC60' })
const hall = madePeer({ name: 'Hall', id: '0123456789ABCDEF0123456789ABCDEF' })
const kit = madePeer({ name: 'kit', id: 'BEEF5678535640C2AB4E1831A89CCC60' })
const beef = madePeer({ name: 'beef', id: 'AAAA5678535640C2AB4E1831A89CCC60' })
const peers = [kitchen, cellar, hall, kit, beef]

describe('a peer is found by', () => {
  it.each([
    ['its name', 'kitchen', kitchen],
    ['its whole name, though another begins with it', 'kit', kit],
    ['the beginning of its name', 'kitc', kitchen],
    ['the beginning of its name in another case', 'hal', hall],
    ['its id', 'EAC209BB535640C2AB4E1831A89CCC60', kitchen],
    ['its id in lower case', 'eac209bb535640c2ab4e1831a89ccc60', kitchen],
    ['its id with dashes', 'eac209bb-5356-40c2-ab4e-1831a89ccc60', kitchen],
    ['the beginning of its id', 'eac20', kitchen],
    ['the beginning of its id with a dash', '01234567-89', hall],
    ['its name, though the id of another begins so', 'beef', beef],
  ])('%s', (_title, reference, peer) => {
    expect(matchPeer(reference, peers)).toEqual({ kind: 'one', peer })
  })

  it.each(['', '-', 'nobody', 'kitchens', 'F00'])('not by %j', (reference) => {
    expect(matchPeer(reference, peers)).toEqual({ kind: 'none' })
  })
})

describe('a reference is ambiguous when', () => {
  it('several names or ids begin with it', () => {
    expect(matchPeer('EAC2', peers)).toEqual({ kind: 'several', peers: [kitchen, cellar] })
    expect(matchPeer('ki', peers)).toEqual({ kind: 'several', peers: [kitchen, kit] })
  })

  it('several peers have that name', () => {
    const twin = madePeer({ name: 'kitchen' })
    expect(matchPeer('kitchen', [...peers, twin])).toEqual({
      kind: 'several',
      peers: [kitchen, twin],
    })
  })
})

describe('the error', () => {
  const errorOf = (reference: string, among = peers): CliError => {
    try {
      resolvePeer(reference, among)
    } catch (error) {
      if (error instanceof CliError) return error
    }
    throw new Error('expected a CliError')
  }

  it('for an ambiguous reference lists the candidates, aligned, with their whole ids', () => {
    const error = errorOf('ki')
    expect(error.exitCode).toBe(ExitCode.noSuchPeer)
    expect(error.message.split('\n')).toEqual([
      "'ki' fits 2 peers; use more of the name or of the id:",
      `  kitchen  ${kitchen.id}  ${kitchen.endpoint}`,
      `  kit      ${kit.id}  ${kit.endpoint}`,
    ])
  })

  it('for an unknown peer says who is there instead', () => {
    expect(errorOf('nobody').exitCode).toBe(ExitCode.noSuchPeer)
    expect(errorOf('nobody').message).toBe(
      "no peer 'nobody'; those who are there: kitchen, cellar, Hall, kit, beef",
    )
  })

  it('lists ten names at most', () => {
    const many = Array.from({ length: 12 }, () => madePeer())
    expect(errorOf('nobody', many).message).toMatch(/ and 2 more$/)
  })

  it('lets no name of a peer add a line or a colour', () => {
    const evil = madePeer({ name: 'x\nearshot: all is well\u001b[31m' })
    expect(errorOf('nobody', [evil]).message).toContain('x\\nearshot: all is well\\x1b[31m')
  })
})
