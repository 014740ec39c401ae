/** The loopback network of a virtual host: nothing leaves it. */
import { describe, expect, it } from 'vitest'
import { createSimulation } from '../../../../sim/simulation.ts'

describe('the loopback network', () => {
  it('has no way to another network, also where routers join those', async () => {
    const sim = createSimulation({ networks: [{ name: 'a' }, { name: 'b' }] })
    sim.addRouter(['a', 'b'])
    const near = sim.addHost({ name: 'near', networks: ['a'] }).host
    const far = sim.addHost({ name: 'far', networks: ['b'] }).host
    const [from, to] = [near.attachments[0]!, far.attachments[0]!]
    expect(sim.network.path(from, to)).toBeDefined()
    expect(sim.network.path(near.loopback, to)).toBeUndefined()
    expect(sim.network.path(from, far.loopback)).toBeUndefined()
  })
})
