/** `convergence`: once the faults are over, every node sees exactly the nodes that run, all alive. */
import { outlook } from '../journal/outlook.ts'
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
      }
    },
  }),
}

function names(named: readonly { readonly name: string }[]): string {
  return named.map(({ name }) => name).join(', ')
}
