/** The check `event-order`: which sequences of events it passes, and what it says of those it does not. */
import { describe, expect, it } from 'vitest'
import { eventOrder } from '../../../../sim/checks/event-order.ts'
import type { PeerInfo } from '../../../../src/mesh/events.ts'
import type { NodeEvent } from '../../../../src/runtime/node-events.ts'
import { watching } from '../../../support/watching.ts'

/** Short for an event: `enter`, `enter a b` (in groups a and b), `join a`, `evasive` … */
function eventOf(text: string, peer: PeerInfo): NodeEvent {
  const [type, ...groups] = text.split(' ') as [NodeEvent['type'], ...string[]]
  const [group = ''] = groups
  switch (type) {
    case 'enter':
      return { type, peer: { ...peer, groups } }
    case 'join':
      return { type, peer: { ...peer, groups: [group] }, group }
    case 'leave':
      return { type, peer, group }
    case 'exit':
      return { type, peer, reason: 'expired', lost: 0 }
    case 'alive':
    case 'evasive':
    case 'silent':
      return { type, peer: { ...peer, presence: type } }
    case 'warning':
      return { type, code: 'peer-limit', reason: 'many', suppressed: 0 }
    default:
      return { type: 'stop' }
  }
}

async function complaintsAbout(texts: readonly string[]): Promise<string[]> {
  const all = await watching(eventOrder)
  for (const text of texts) all.tell('ann', eventOf(text, all.peer('bob')))
  return all.failures
}

describe('event-order', () => {
  it.each([
    [['enter', 'exit', 'enter', 'exit']],
    [['enter a b', 'join a', 'join b', 'leave a', 'join a', 'exit', 'enter a', 'join a']],
    [['enter', 'evasive', 'silent', 'alive', 'evasive', 'alive', 'silent', 'exit']],
    [['enter a', 'warning', 'join a', 'exit', 'warning', 'stop']],
  ])('passes %j', async (texts) => {
    expect(await complaintsAbout(texts)).toEqual([])
  })

  it.each([
    [['join a'], 'join came of a peer that is not present'],
    [['exit'], 'exit came of a peer that is not present'],
    [['enter', 'exit', 'evasive'], 'evasive came of a peer that is not present'],
    [['enter', 'enter'], 'enter came twice without exit'],
    [['enter', 'alive'], 'alive came while it was alive'],
    [['enter', 'evasive', 'evasive'], 'evasive came while it was evasive'],
    [['enter', 'silent', 'evasive'], 'evasive came while it was silent'],
    [['enter', 'join a', 'join a'], 'join a came while it was in it'],
    [['enter', 'leave a'], 'leave a came while it was not in it'],
  ])('tells what is wrong with %j', async (texts, complaint) => {
    expect(await complaintsAbout(texts)).toEqual([`ann: bob: ${complaint}`])
  })

  it('wants an enter to be followed by the joins of its groups, at once', async () => {
    expect(await complaintsAbout(['enter a b', 'join a', 'evasive'])).toEqual([
      expect.stringMatching(/^ann: bob: evasive came where the enter of \w+ owed join b$/),
    ])
  })

  it('tells of an event after stop', async () => {
    expect(await complaintsAbout(['enter', 'stop', 'exit'])).toEqual([
      'ann: exit came after its stop',
    ])
  })

  it('knows more groups apart than an integer has bits', async () => {
    const groups = Array.from({ length: 80 }, (_, index) => `group-${index}`)
    const joins = groups.map((group) => `join ${group}`)
    const texts = ['enter', ...joins, 'exit', 'enter', ...joins, 'leave group-79', 'leave group-79']
    expect(await complaintsAbout(texts)).toEqual([
      'ann: bob: leave group-79 came while it was not in it',
    ])
  })
})
