/** What may be said about gossip, and which of our mailboxes is told. */
import { describe, expect, it } from 'vitest'
import { checkGossipOptions, type GossipOptions } from '../../../../src/discovery/gossip/options.ts'
import { chooseOwnEndpoint, endpointOf } from '../../../../src/discovery/gossip/own-endpoint.ts'
import { mailboxAt } from '../../../support/discovery-host.ts'

const check = (options: unknown) =>
  checkGossipOptions(options as GossipOptions, { resolve: () => {} })

describe('the options of gossip', () => {
  it.each([
    ['tcp://*:5670', '0.0.0.0', 5_670],
    ['tcp://0.0.0.0:5670', '0.0.0.0', 5_670],
    ['tcp://127.0.0.1:5670', '127.0.0.1', 5_670],
    ['tcp://127.0.0.1:*', '127.0.0.1', 0],
    ['tcp://[fd00::7]:5670', 'fd00::7', 5_670],
  ])('bind %s', (bind, address, port) => {
    expect(check({ bind }).bind).toEqual({ address, port })
  })

  it('connect to one hub or several, each once', () => {
    const [hub, other] = ['tcp://hub.example:5670', 'tcp://10.0.0.1:5670']
    expect(check({ connect: hub }).connect).toMatchObject([{ kind: 'name', name: 'hub.example' }])
    expect(check({ connect: [hub, other, hub] }).connect).toHaveLength(2)
  })

  it.each([
    [{}],
    [null],
    ['tcp://10.0.0.1:5670'],
    [{ connect: [] }],
    [{ bind: 5_670 }],
    [{ bind: 'tcp://hub.example:5670' }],
    [{ bind: 'tcp://*:65536' }],
    [{ bind: 'tcp://10.0.0:0' }],
    [{ connect: 7 }],
    [{ connect: ['tcp://*:5670'] }],
    [{ connect: 'ipc:///tmp/hub' }],
    [{ connect: Array.from({ length: 33 }, (_, i) => `tcp://10.0.0.1:${i + 1}`) }],
  ])('are not %j', (options) => {
    const wanted = { code: 'ERR_EARSHOT_BAD_OPTION', message: expect.stringContaining('gossip') }
    expect(() => check(options)).toThrow(expect.objectContaining(wanted))
  })

  it('have no names on a host that cannot resolve any', () => {
    const options = { connect: 'tcp://hub.example:5670' }
    const wanted = { code: 'ERR_EARSHOT_BAD_OPTION' }
    expect(() => checkGossipOptions(options, {})).toThrow(expect.objectContaining(wanted))
  })
})

describe('the mailbox that is told', () => {
  const [a, b, c] = [mailboxAt('10.0.0.1'), mailboxAt('10.1.0.1'), mailboxAt('10.2.0.1')]

  it('is the first, while nobody is spoken to', () => {
    expect(chooseOwnEndpoint([a, b], [], undefined)).toBe(a)
    expect(chooseOwnEndpoint([], [], a)).toBeUndefined()
  })

  it('is the one at the address that the first hub is spoken to from', () => {
    expect(chooseOwnEndpoint([a, b, c], ['10.2.0.1', '10.1.0.1'], a)).toBe(c)
  })

  it('stays, as long as it is there and is spoken from', () => {
    expect(chooseOwnEndpoint([a, b, c], ['10.2.0.1', '10.1.0.1'], b)).toBe(b)
    expect(chooseOwnEndpoint([a, b, c], [], b)).toBe(b)
    expect(chooseOwnEndpoint([a, c], ['10.9.0.1'], b)).toBe(a)
  })

  it('is no link-local one, if there is another', () => {
    const local = mailboxAt('fe80::1%eth0')
    expect(chooseOwnEndpoint([local, b], [], undefined)).toBe(b)
    expect(endpointOf(chooseOwnEndpoint([local], [], undefined))).toBe('tcp://[fe80::1]:50000')
    expect(endpointOf(undefined)).toBe('')
  })
})
