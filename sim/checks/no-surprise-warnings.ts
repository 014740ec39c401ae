/** `no-surprise-warnings`: where nothing goes wrong, no node warns of anything. */
import type { NodeEvent, WarningCode } from '../../src/runtime/node-events.ts'
import type { Member } from '../population.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { hasPerfectWeather } from './unrest.ts'

export const noSurpriseWarnings: Check = {
  name: 'no-surprise-warnings',
  summary: 'in a healthy run in good weather no node warns of anything',
  watch: (context) => new NoSurpriseWarnings(context),
}

/** What may be warned of all the same, and why. */
const ALLOWED: Readonly<Partial<Record<WarningCode, string>>> = {}

class NoSurpriseWarnings implements Watcher {
  readonly #context: CheckContext

  constructor(context: CheckContext) {
    this.#context = context
  }

  event(member: Member, _node: unknown, event: NodeEvent): void {
    if (event.type !== 'warning' || !this.#context.isHealthy || event.code in ALLOWED) return
    if (!this.#context.sim.members.every(hasPerfectWeather)) return
    this.#context.report(`${member.name} warned: ${event.code}: ${event.reason}`)
  }
}
