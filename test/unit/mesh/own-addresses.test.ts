import { describe, expect, it } from 'vitest'
import type { Mailbox } from '../../../src/mesh/context.ts'
import { addressToDialFrom, OwnAddresses } from '../../../src/mesh/own-addresses.ts'
import { type Host, Mesh } from '../../support/mesh.ts'

/** `eth0 10.0.0.1` as a mailbox. */
function mailbox(text: string): Mailbox {
  const [interfaceName, address] = text.split(' ') as [string, string]
  return { interfaceName, address, port: 1, beaconTo: undefined }
}

describe('the address to dial from', () => {
  it.each([
    ['is the loopback one, to others of it', ['lo 127.0.0.1'], '127.0.0.2', '127.0.0.1'],
    ['is for the host to find, to itself', ['lo 127.0.0.1'], '127.0.0.1', undefined],
    ['is the only one', ['eth0 10.0.0.1'], '10.0.0.2', '10.0.0.1'],
    [
      'is the only one of its family',
      ['eth0 10.0.0.1', 'eth0 fe80::1%eth0'],
      '10.0.0.2',
      '10.0.0.1',
    ],
    [
      'is for the routes to find among several',
      ['eth0 10.0.0.1', 'eth1 10.0.1.1'],
      '10.0.0.2',
      undefined,
    ],
    ['is for the link to find that a zone names', ['eth0 fe80::1%eth0'], 'fe80::2%eth1', undefined],
    ['is none where there is no mailbox of the family', ['eth0 10.0.0.1'], 'fd00::2', undefined],
  ])('%s', (_what, mailboxes, address, from) => {
    expect(addressToDialFrom(mailboxes.map(mailbox), { address, port: 1 })).toBe(from)
  })
})

describe('an address that was ours', () => {
  it.each([
    ['is ours while it is there', ['eth0 10.0.0.1'], 'ours'],
    ['is ours on another interface too', ['eth1 10.0.0.1'], 'ours'],
    ['has vanished with its interface', [], 'vanished'],
    ['has vanished while other interfaces are there', ['wlan0 10.0.0.9'], 'vanished'],
    ['is replaced by another one of its interface', ['eth0 10.0.0.2'], 'replaced'],
    [
      'has vanished when its interface has one of the other family',
      ['eth0 fe80::1%eth0'],
      'vanished',
    ],
  ])('%s', (_what, after, fate) => {
    const addresses = new OwnAddresses()
    addresses.update([mailbox('eth0 10.0.0.1')])
    addresses.update(after.map(mailbox))
    expect(addresses.fateOf('10.0.0.1')).toBe(fate)
    expect(addresses.anyGone).toBe(fate !== 'ours')
  })

  it('may come back', () => {
    const addresses = new OwnAddresses()
    for (const each of [['eth0 10.0.0.1'], [], ['eth0 10.0.0.1']]) {
      addresses.update(each.map(mailbox))
    }
    expect([addresses.fateOf('10.0.0.1'), addresses.anyGone]).toEqual(['ours', false])
  })

  it('is forgotten when nobody speaks from it', () => {
    const addresses = new OwnAddresses()
    addresses.update(['eth0 10.0.0.1', 'eth1 10.0.1.1'].map(mailbox))
    addresses.update([])
    addresses.retain(new Set(['10.0.1.1']))
    expect([addresses.fateOf('10.0.0.1'), addresses.fateOf('10.0.1.1')]).toEqual([
      'ours',
      'vanished',
    ])
  })

  it('on the loopback interface never goes away', () => {
    const addresses = new OwnAddresses()
    addresses.update([mailbox('lo 127.0.0.1')])
    addresses.update([mailbox('eth0 10.0.0.1')])
    expect(addresses.fateOf('127.0.0.1')).toBe('ours')
  })
})

describe('a node', () => {
  function met(): { mesh: Mesh; a: Host; b: Host } {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(5_000)
    a!.takeStory()
    b!.takeStory()
    return { mesh, a: a!, b: b! }
  }

  const dialsOf = (mesh: Mesh, address: string): number =>
    mesh.network.dials.filter(({ from }) => from === address).length

  it('whose interface gets another address dials again from there', () => {
    const { mesh, a, b } = met()
    a.setMailboxes(['10.0.0.77'])
    mesh.run(100)
    expect(dialsOf(mesh, '10.0.0.77')).toBe(1)
    a.takeStory()
    a.whisper(b, 'from my new address')
    mesh.run(10)
    expect(b.story.at(-1)).toBe('whisper a: from my new address')
  })

  it('whose cable is pulled for a moment keeps its links', () => {
    const { mesh, a, b } = met()
    a.setMailboxes([])
    mesh.network.connect(a.address, b.address, 'drop')
    mesh.run(4_000)
    mesh.network.connect(a.address, b.address, 'up')
    a.setMailboxes([a.address])
    mesh.run(10_000)
    expect([a.story, b.story]).toEqual([[], []])
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('whose address has vanished, and who is heard all the same, dials another way', () => {
    const { mesh, a, b } = met()
    a.setMailboxes(['10.0.0.78'], 'wlan')
    b.setMailboxes([b.address])
    mesh.run(1_400)
    expect(dialsOf(mesh, '10.0.0.78')).toBe(0)
    mesh.run(1_000)
    expect(dialsOf(mesh, '10.0.0.78')).toBe(1)
    mesh.run(100)
    a.whisper(b, 'over the air')
    mesh.run(10)
    expect(b.story.at(-1)).toBe('whisper a: over the air')
  })

  it('that gets one more network keeps its links', () => {
    const { mesh, a } = met()
    a.setMailboxes(['10.0.0.1', '10.0.9.1'])
    mesh.run(10_000)
    expect([a.story, mesh.network.dials.length]).toEqual([[], 2])
  })
})
