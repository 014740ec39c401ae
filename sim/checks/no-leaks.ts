/** `no-leaks`: once all nodes have stopped, nothing of them is open, and nothing of them is still to happen. */
import type { Check } from './check.ts'

export const noLeaks: Check = {
  name: 'no-leaks',
  summary:
    'once all nodes have stopped, no stream, socket, timer or pending event of theirs is left',
  watch: ({ sim, report }) => ({
    stopped() {
      for (const { name, process, host } of sim.members) {
        for (const each of new Set([process, ...host.processes])) {
          const { streams, sockets, timers } = each?.openCounts() ?? NOTHING
          if (streams + sockets + timers === 0) continue
          report(`${name} left ${streams} streams, ${sockets} sockets and ${timers} timers open`)
        }
      }
      let pending = 0
      // Packets under way, and whatever scripts wait for, belong to nobody.
      for (const target of sim.world.pendingTargets()) if (target.isOver === false) pending++
      if (pending > 0) report(`${pending} events of connections or timers are still to happen`)
    },
  }),
}

const NOTHING = { streams: 0, sockets: 0, timers: 0 } as const
