/**
 * `convergence`: once the faults are over, every node sees exactly the nodes that run, all alive, by their names and
 * with their headers.
 */

import type { PeerInfo } from '../../src/mesh/events.ts'
import { EARSHOT_HEADER } from '../../src/mesh/links.ts'
import { outlook } from '../journal/outlook.ts'
import type { Population } from '../population.ts'
import type { Check } from './check.ts'

export const convergence: Check = {
  name: 'convergence',
  summary:
    'once the faults are over, every node sees exactly the nodes that run, all of them alive',
  watch: ({ sim, report }) => ({
    settled() {
      for (const member of sim.members) {
        if (member.node === undefined) continue
        const { missing, ghosts, quiet } = outlook(sim, member)
        if (missing.length > 0) report(`${member.name} does not see ${names(missing)}`)
        if (ghosts.length > 0) report(`${member.name} sees ${names(ghosts)}, who are gone`)
        if (quiet.length > 0) report(`${member.name} finds ${names(quiet)} not alive`)
        const strange = member.node.peers().filter((peer) => !isDescribed(sim, peer))
        if (strange.length > 0) report(`${member.name} describes ${names(strange)} wrongly`)
      }
    },
  }),
}

function names(named: readonly { readonly name: string }[]): string {
  return named.map(({ name }) => name).join(', ')
}

/** Whether name and headers are those that the peer was started with. */
function isDescribed(population: Population, { id, name, headers }: PeerInfo): boolean {
  const member = population.memberOf(id)
  if (member?.node?.id !== id) return true // a ghost
  const { headers: expected = {} } = member.options
  let told = 0
  for (const key of Object.keys(headers)) {
    if (key === EARSHOT_HEADER) continue
    if (headers[key] !== expected[key]) return false
    told++
  }
  return name === member.name && told === Object.keys(expected).length
}
