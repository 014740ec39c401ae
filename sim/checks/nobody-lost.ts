/** `nobody-lost`: for scenarios in which everybody lives and can be asked, however badly: no peer exits. */
import type { Check } from './check.ts'

export const nobodyLost: Check = {
  name: 'nobody-lost',
  summary: 'no peer is taken for gone before all stop',
  watch: ({ report }) => {
    let isOver = false
    return {
      event(member, _node, event) {
        if (isOver || event.type !== 'exit') return
        report(`${member.name} took ${event.peer.name} for gone (${event.reason})`)
      },
      settled() {
        isOver = true
      },
    }
  },
}
