/** The checks of a settled mesh, `convergence` and `membership`: each kind of lie a node can tell is caught. */
import { describe, expect, it } from 'vitest'
import { convergence } from '../../../../sim/checks/convergence.ts'
import { membership } from '../../../../sim/checks/membership.ts'
import { watching } from '../../../support/watching.ts'

describe('convergence', () => {
  it('passes a mesh in which all see each other', async () => {
    const all = await watching(convergence, { names: ['ann', 'bob', 'cyd'] })
    all.watcher.settled!()
    expect(all.failures).toEqual([])
  })

  it('tells who is not seen', async () => {
    const all = await watching(convergence)
    all.node('ann').peers = () => []
    all.watcher.settled!()
    expect(all.failures).toEqual(['ann does not see bob'])
  })

  it('tells who is seen and gone', async () => {
    const all = await watching(convergence)
    all.sim.kill('bob')
    all.watcher.settled!()
    expect(all.failures).toEqual(['ann sees bob, who are gone'])
  })

  it('tells who is described wrongly', async () => {
    const all = await watching(convergence)
    for (const changes of [{ name: 'bop' }, { headers: { colour: 'red' } }]) {
      all.node('ann').peers = () => [all.peer('bob', changes)]
      all.watcher.settled!()
    }
    expect(all.failures).toEqual(['ann describes bop wrongly', 'ann describes bob wrongly'])
  })

  it('tells who is not alive', async () => {
    const all = await watching(convergence)
    all.node('ann').peers = () => [all.peer('bob', { presence: 'evasive' })]
    all.watcher.settled!()
    expect(all.failures).toEqual(['ann finds bob not alive'])
  })
})

describe('membership', () => {
  it('passes nodes that know the groups of their peers', async () => {
    const all = await watching(membership)
    all.node('bob').join('chat')
    all.node('ann').leave('all')
    await all.run(1_000)
    all.watcher.settled!()
    expect(all.failures).toEqual([])
  })

  it('tells of a peer that is in other groups than it is seen in', async () => {
    const all = await watching(membership)
    all.node('bob').join('chat')
    all.watcher.settled!() // JOIN is still under way
    expect(all.failures).toEqual(['ann sees bob in all; it is in all, chat'])
  })

  it('tells of a node that is not where its application put it', async () => {
    const all = await watching(membership)
    all.node('bob').groups = () => []
    all.watcher.settled!()
    expect(all.failures).toEqual(['bob says that it is in no group; it was put in all'])
  })

  it('tells of lists of groups and members that contradict the peers', async () => {
    const all = await watching(membership)
    all.node('ann').peerGroups = () => ['all', 'ghosts']
    all.node('bob').members = () => []
    all.watcher.settled!()
    expect(all.failures).toEqual([
      'ann lists the groups all, ghosts; its peers are in all',
      'bob lists 0 members of all; 1 of its peers are in it',
    ])
  })
})
