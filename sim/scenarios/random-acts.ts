/**
 * Performs the acts of a random run. Whatever another act has made impossible meanwhile is left out: nobody kills
 * what does not run.
 */
import { assertNever } from '../../src/base/assert.ts'
import type { Undo } from '../network/network.ts'
import type { Weather } from '../network/weather.ts'
import type { Member } from '../population.ts'
import type { Stage } from '../scenario/stage.ts'
import type { Act } from './random-plan.ts'

/** A host that flaps is up, or down, for this long at the least. */
const FLAP_MS_MIN = 100

/** From its beginning to its end. */
export async function perform(stage: Stage, act: Act): Promise<void> {
  await stage.sleepUntil(act.atMs)
  const victims = act.victims.map((index) => stage.members[index]!)
  switch (act.kind) {
    case 'crash':
    case 'kill':
    case 'leave':
    case 'restart':
    case 'power-cut':
      await endAndStart(stage, act, victims)
      break
    case 'freeze':
    case 'sleep':
    case 'slow-cpu':
    case 'clock-drift':
    case 'stop-reading':
    case 'unplug': {
      const undos = victims.filter(isAwake).map((victim) => trouble(stage, act, victim))
      await stage.sleep(act.durationMs)
      for (const undo of undos) undo()
      break
    }
    case 'clock-jump':
    case 'address-change':
    case 'move':
    case 'reset':
      for (const victim of victims) if (isAwake(victim)) disturbOnce(stage, act, victim)
      break
    case 'flapping':
      await stage.together(victims, (victim) => flap(stage, act, victim))
      break
    default: {
      const undo = troubleNetwork(stage, act)
      await stage.sleep(act.durationMs)
      undo()
    }
  }
}

/** Runs, and does what it is told. */
function isAwake({ node, isLeaving, host, process }: Member): boolean {
  return node !== undefined && !isLeaving && host.isOn && process?.isFrozen !== true
}

/** What ends, and starts again after a while unless somebody else has started it before. */
async function endAndStart(stage: Stage, act: Act, victims: readonly Member[]): Promise<void> {
  const { sim } = stage
  const all = act.kind === 'power-cut' ? stage.members : victims
  const ended = all.filter(isAwake)
  const restart = { sameIdentity: act.twist }
  await stage.together(ended, async ({ name }) => {
    if (act.kind === 'restart') {
      await sim.restart(name, restart)
      return
    }
    if (act.kind === 'kill') sim.kill(name)
    else if (act.kind === 'leave') await untilLeft(stage, name)
    else sim.crash(name)
    await stage.sleep(act.durationMs)
    if (sim.member(name).node === undefined) await sim.restart(name, restart)
  })
}

/** Leaving never ends for a node that is killed meanwhile. */
async function untilLeft(stage: Stage, name: string): Promise<void> {
  const { starts } = stage.sim.member(name)
  void stage.sim.leave(name)
  const isThere = (): boolean => {
    const member = stage.sim.member(name)
    return member.node !== undefined && member.starts === starts
  }
  while (isThere()) await stage.sleep(100)
}

function trouble({ sim }: Stage, { kind, force, twist }: Act, { name }: Member): Undo {
  switch (kind) {
    case 'freeze':
      return sim.freeze(name)
    case 'sleep':
      return sim.sleep(name, { clockStops: twist })
    case 'slow-cpu':
      return sim.slowDown(name, 10 * force ** 3)
    case 'clock-drift':
      return sim.setClockRate(name, 1 + (twist ? 0.1 : -0.1) * force ** 2)
    case 'stop-reading':
      return sim.stopReading(name)
    default:
      return sim.unplug(name)
  }
}

function disturbOnce(stage: Stage, { kind, force, twist }: Act, { name }: Member): void {
  const { sim } = stage
  const { subnets } = sim.network
  switch (kind) {
    case 'clock-jump':
      sim.jumpClock(name, (twist ? 1 : -1) * 86_400_000 * force)
      break
    case 'address-change':
      sim.changeAddress(name)
      break
    case 'move':
      sim.move(name, subnets[Math.floor(force * subnets.length)]!.name)
      break
    default:
      sim.resetConnections(name)
  }
}

/** A loose plug. */
async function flap(
  stage: Stage,
  { number, durationMs, force }: Act,
  member: Member,
): Promise<void> {
  if (!isAwake(member)) return
  const stream = stage.random(`random: flaps ${number} of ${member.name}`)
  const longestMs = FLAP_MS_MIN + 4_000 * force
  const endMs = stage.sim.now + durationMs
  while (stage.sim.now < endMs) {
    const plugIn = stage.sim.unplug(member.name)
    await stage.sleep(stream.between(FLAP_MS_MIN, longestMs))
    plugIn()
    await stage.sleep(stream.between(FLAP_MS_MIN, longestMs))
  }
}

function troubleNetwork(stage: Stage, act: Act): Undo {
  const { sim, names } = stage
  const { subnets } = sim.network
  const some = act.victims.map((index) => names[index]!)
  const others = names.filter((name) => !some.includes(name))
  const [from, to] = act.twist ? [some, others] : [others, some]
  const network = subnets[Math.floor(act.force * subnets.length)]!.name
  switch (act.kind) {
    case 'partition':
      return sim.partition(some)
    case 'one-way':
      return sim.block(from, to)
    case 'clog':
      return sim.clog(from, to, act.durationMs)
    case 'disturb':
      return sim.disturb(from, to, badWeather(act))
    case 'weather':
      return sim.setWeather(badWeather(act), network)
    case 'no-broadcast':
      return sim.blockBroadcasts(network)
    case 'isolation':
      return sim.isolateHosts(network)
    case 'crash':
    case 'kill':
    case 'leave':
    case 'restart':
    case 'power-cut':
    case 'freeze':
    case 'sleep':
    case 'slow-cpu':
    case 'clock-drift':
    case 'stop-reading':
    case 'unplug':
    case 'clock-jump':
    case 'address-change':
    case 'move':
    case 'reset':
    case 'flapping':
      throw new TypeError(`${act.kind} is nothing that is done to a network`)
    default:
      return assertNever(act.kind)
  }
}

function badWeather({ force, twist }: Act): Partial<Weather> {
  return {
    latencyMs: { distribution: 'exponential', min: 1, mean: 1 + 200 * force },
    jitterMs: 50 * force,
    loss: twist ? 0.5 * force : 0.02,
    duplicate: 0.2 * force,
    reorder: 0.3 * force,
    reorderMs: 20,
    ...(twist ? { mtuBytes: 576 } : { reset: 0.02 * force }),
  }
}
