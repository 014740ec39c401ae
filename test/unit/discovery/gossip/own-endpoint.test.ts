/** Which of our mailboxes gossip tells. */
import { describe, expect, it } from 'vitest'
import { chooseOwnEndpoint } from '../../../../src/discovery/gossip/own-endpoint.ts'
import { mailboxAt } from '../../../support/discovery-host.ts'

describe('the endpoint that is told', () => {
  const global = mailboxAt('2001:db8::7')

  it.each(['fe80::7%mem0', 'fe90::7%mem0', 'febf::7%mem0'])(
    'is none of a link alone: %s',
    (address) => {
      expect(chooseOwnEndpoint([mailboxAt(address), global], [], undefined)).toBe(global)
    },
  )

  it('is one of a link alone when there is no other', () => {
    const only = mailboxAt('fe80::7%mem0')
    expect(chooseOwnEndpoint([only], [], undefined)).toBe(only)
  })
})
