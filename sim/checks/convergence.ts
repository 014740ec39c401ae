/** `convergence`: once the faults are over, every node sees exactly the nodes that run, all alive. */
import type { Check } from './check.ts'

export const convergence: Check = {
  name: 'convergence',
  summary:
    'once the faults are over, every node sees exactly the nodes that run, all of them alive',
  watch: ({ sim, report }) => ({
    settled() {
      const running = sim.members.filter(({ node }) => node !== undefined)
      for (const member of running) {
        const subnets = new Set(member.host.attachments.map(({ subnet }) => subnet))
        const near = running.filter(
          ({ host, index }) =>
            index !== member.index && host.attachments.some(({ subnet }) => subnets.has(subnet)),
        )
        const peers = member.node!.peers()
        const seen = new Map(peers.map((peer) => [peer.id, peer]))
        const missing = near.filter(({ node }) => !seen.has(node!.id)).map(({ name }) => name)
        const known = new Set(near.map(({ node }) => node!.id))
        const ghosts = peers.filter(({ id }) => !known.has(id)).map(({ name }) => name)
        const quiet = peers.filter(({ presence }) => presence !== 'alive').map(({ name }) => name)
        if (missing.length > 0) report(`${member.name} does not see ${missing.join(', ')}`)
        if (ghosts.length > 0) report(`${member.name} sees ${ghosts.join(', ')}, who are gone`)
        if (quiet.length > 0) report(`${member.name} finds ${quiet.join(', ')} not alive`)
      }
    },
  }),
}
