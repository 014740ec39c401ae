/**
 * A simulation: virtual hosts on a virtual network, each running real nodes, and everything that can happen to
 * them as methods. Start reading at `createSimulation`.
 *
 * Time passes only within `run`, `until` and `wait`. Between two moments every promise that can settle has settled,
 * so `await node.whisper(…)` works as usual where it does not have to wait; where it has to, give its promise to
 * `wait`.
 *
 * Faults that last overlap: of two of one kind at one place the later one is in effect, and the earlier one again
 * once that is over (see `layers.ts`). Those between hosts (`partition`, `block`, `clog`, `disturb`) add up.
 */
import { EarshotError } from '../src/base/errors.ts'
import type { Fields, LevelName } from '../src/log/record.ts'
import type { MeshNode } from '../src/runtime/node.ts'
import type { Fault, FaultListener } from './faults.ts'
import { Layers } from './layers.ts'
import type { HostSet, Undo } from './network/network.ts'
import type { Weather } from './network/weather.ts'
import type { NodeRef, RestartOptions, SimulationOptions } from './population.ts'
import { Population } from './population.ts'
import { MergedLog } from './recording/merged-log.ts'

/**
 * Makes a simulated network without nodes.
 *
 * ```ts
 * const sim = createSimulation({ seed: 7 })
 * const kitchen = await sim.addNode({ name: 'kitchen', groups: ['chat'] })
 * const hall = await sim.addNode({ name: 'hall', groups: ['chat'] })
 * await sim.run(5_000)
 * kitchen.peers() // the hall
 * await sim.stop()
 * ```
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION
 */
export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new Simulation(options)
}

export class Simulation extends Population {
  readonly #faultListeners: FaultListener[] = []
  /** How to undo what is being done to nodes and the network now. */
  readonly #active = new Map<Fault, Undo>()
  readonly #layers = new Layers()
  readonly #log: MergedLog | undefined

  /** Not for applications: `createSimulation` makes them. */
  constructor(options: SimulationOptions) {
    super(options)
    this.#log = options.log && new MergedLog(this, options.log)
  }

  /** Calls the listener with everything that is done to nodes or the network. */
  onFault(listener: FaultListener): void {
    this.#faultListeners.push(listener)
  }

  /** What is being done to nodes and the network now. */
  get activeFaults(): readonly Fault[] {
    return [...this.#active.keys()]
  }

  /** Writes a record of the node `simulator` into the merged log, where there is one: what a script does, and why. */
  note(level: LevelName, msg: string, fields?: Fields): void {
    this.#log?.note(level, msg, fields)
  }

  /** Ends everything that is being done to nodes and the network; what has crashed stays down. */
  heal(): void {
    for (const undo of [...this.#active.values()]) undo()
  }

  /** Stops all nodes politely, after healing everything. */
  override async stop(): Promise<void> {
    this.heal()
    await super.stop()
  }

  // Faults of nodes

  /**
   * Stops a node as its application would. Settles when it has, which takes time: `await sim.wait(sim.leave('hall'))`.
   */
  async leave(ref: NodeRef): Promise<void> {
    const member = this.find(ref)
    const { node } = member
    if (node === undefined) return
    this.#happens('leave', [ref], 'stops politely')
    member.isLeaving = true
    await node.stop()
  }

  /** The process ends at once (`kill -9`): its host resets its connections. */
  kill(ref: NodeRef): void {
    const member = this.find(ref)
    this.#happens('kill', [ref], 'is killed')
    member.process?.kill()
    this.lose(member)
  }

  /** The power fails: gone without a FIN. `restart` brings it back. */
  crash(ref: NodeRef): void {
    const member = this.find(ref)
    this.#happens('crash', [ref], 'loses power')
    member.host.powerOff()
    this.lose(member)
  }

  /**
   * Starts a node again where it was: on the same host, with the same options. An identity is fresh at every start,
   * unless `sameIdentity` makes it the one before.
   */
  restart(ref: NodeRef, options: RestartOptions = {}): Promise<MeshNode> {
    const label = options.sameIdentity ? 'restarts with its old identity' : 'restarts'
    this.#happens('restart', [ref], label)
    return this.startAgain(ref, options)
  }

  /** The process is stopped by its system; the host's network stack goes on. Undo it to go on. */
  freeze(ref: NodeRef): Undo {
    const { process } = this.member(ref)
    process?.freeze()
    const undo = this.#layers.add(process ?? NOTHING, 'freeze', stays, () => process?.thaw())
    return this.#lasts('freeze', [ref], 'is frozen', undo)
  }

  /** The lid closes. The clock stops, as on Linux, or goes on, as on Windows. Undo it to wake. */
  sleep(ref: NodeRef, options?: { clockStops: boolean }): Undo {
    const { host } = this.member(ref)
    host.sleep(options)
    const undo = this.#layers.add(host, 'sleep', stays, () => host.wake())
    return this.#lasts('sleep', [ref], 'sleeps', undo)
  }

  /** The host's clock gains (1.001) or loses (0.999). */
  setClockRate(ref: NodeRef, rate: number): Undo {
    const { host } = this.member(ref)
    const apply = (): void => host.setClockRate(rate)
    apply()
    const undo = this.#layers.add(host, 'clock-drift', apply, () => host.setClockRate(1))
    return this.#lasts('clock-drift', [ref], `has a clock at ${rate} of the right rate`, undo)
  }

  /** The host's time of day jumps; its monotonic clock does not. */
  jumpClock(ref: NodeRef, ms: number): void {
    this.member(ref).host.clock.jump(ms)
    this.#happens('clock-jump', [ref], `has its time of day set by ${ms} ms`)
  }

  /** A slow CPU: every event costs the process this many milliseconds. */
  slowDown(ref: NodeRef, callCostMs: number): Undo {
    const { process } = this.member(ref)
    const apply = (): void => process?.setCallCost(callCostMs)
    apply()
    const restore = (): void => process?.setCallCost(0)
    const undo = this.#layers.add(process ?? NOTHING, 'slow-cpu', apply, restore)
    return this.#lasts('slow-cpu', [ref], `needs ${callCostMs} ms of CPU per event`, undo)
  }

  /** The application stops reading what peers say. */
  stopReading(ref: NodeRef): Undo {
    const { node } = this.member(ref)
    node?.pause()
    const undo = this.#layers.add(node ?? NOTHING, 'stop-reading', stays, () => node?.resume())
    return this.#lasts('stop-reading', [ref], 'stops reading', undo)
  }

  /** The host gets another address, as of a new DHCP lease; its connections are cut off. */
  changeAddress(ref: NodeRef): void {
    const { host } = this.member(ref)
    for (const attachment of host.attachments) host.readdress(attachment)
    this.#happens('address-change', [ref], `has the address ${host.address} now`)
  }

  /** The host moves to another network, say from one access point to the next. */
  move(ref: NodeRef, network: string): void {
    const { host } = this.member(ref)
    const subnet = this.subnet(network)
    this.#happens('move', [ref], `moves to the network ${network}`)
    for (const attachment of host.attachments) host.detach(attachment)
    host.attach(subnet)
  }

  /** The host's interfaces lose their link. */
  unplug(ref: NodeRef): Undo {
    const { host } = this.member(ref)
    const setLinks = (up: boolean): void => {
      for (const attachment of host.attachments) attachment.up = up
    }
    setLinks(false)
    const undo = this.#layers.add(host, 'unplug', stays, () => setLinks(true))
    return this.#lasts('unplug', [ref], 'is unplugged', undo)
  }

  /** Resets all connections of a node, as a failing router would. */
  resetConnections(ref: NodeRef): void {
    this.#happens('reset', [ref], 'has its connections reset')
    this.member(ref).process?.resetConnections()
  }

  // Faults of the network

  /** Joins networks with a router: unicast passes, broadcasts do not. */
  addRouter(networks: readonly string[], weather?: Partial<Weather>): void {
    this.network.addRouter(
      networks.map((each) => this.subnet(each)),
      weather,
    )
  }

  /** Another weather for a network (by default the first). Undo it to have the old one back. */
  setWeather(weather: Partial<Weather> | string, network?: string): Undo {
    const subnet = this.subnet(network)
    const before = subnet.weather
    const apply = (): void => this.network.setWeather(subnet, weather)
    apply()
    const restore = (): void => this.network.setWeather(subnet, before)
    const undo = this.#layers.add(subnet, 'weather', apply, restore)
    const label = `network ${subnet.name}: weather ${describeWeather(weather)}`
    return this.#lasts('weather', [], label, undo)
  }

  /** Broadcasts and multicasts go nowhere in a network (by default the first). */
  blockBroadcasts(network?: string): Undo {
    const subnet = this.subnet(network)
    subnet.broadcastBlocked = true
    const undo = this.#layers.add(subnet, 'no-broadcast', stays, () => {
      subnet.broadcastBlocked = false
    })
    return this.#lasts('no-broadcast', [], `network ${subnet.name}: broadcasts are blocked`, undo)
  }

  /** Hosts of a network (by default the first) hear nothing of each other, as with an access point's isolation. */
  isolateHosts(network?: string): Undo {
    const subnet = this.subnet(network)
    subnet.isolated = true
    const undo = this.#layers.add(subnet, 'isolation', stays, () => {
      subnet.isolated = false
    })
    return this.#lasts('isolation', [], `network ${subnet.name}: hosts are isolated`, undo)
  }

  /**
   * Nothing passes between the sides; all that are in none are one side together.
   *
   * @throws EarshotError ERR_EARSHOT_BAD_OPTION for a node on two sides
   */
  partition(...sides: readonly (readonly NodeRef[])[]): Undo {
    const sets = sides.map((side) => this.#hosts(side))
    const named = new Set(sets.flatMap((set) => [...set]))
    if (named.size < sets.reduce((sum, { size }) => sum + size, 0)) {
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', 'option sides: a node is on two sides')
    }
    const rest = this.members.map(({ host }) => host.index).filter((index) => !named.has(index))
    if (rest.length > 0) sets.push(new Set(rest))
    const undos = sets.flatMap((from) =>
      sets.filter((to) => to !== from).map((to) => this.network.addBlock(from, to)),
    )
    const label = `partition into ${sets.map(({ size }) => size).join(' and ')} nodes`
    return this.#lasts('partition', sides.flat(), label, () => {
      for (const undo of undos) undo()
    })
  }

  /** Nothing gets from any of `from` to any of `to`; the other direction is open. */
  block(from: readonly NodeRef[], to: readonly NodeRef[]): Undo {
    const undo = this.network.addBlock(this.#hosts(from), this.#hosts(to))
    const label = `nothing gets from ${from.length} to ${to.length} nodes`
    return this.#lasts('one-way', [...from, ...to], label, undo)
  }

  /**
   * What goes from any of `from` to any of `to` is held back for a time, and then arrives. Undo it, and what is sent
   * from then on is not held back.
   */
  clog(from: readonly NodeRef[], to: readonly NodeRef[], ms: number): Undo {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      const reason = `option ms: ${ms}; expected milliseconds, 0 or more`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
    }
    const heldUntilMs = this.now + ms
    const undo = this.network.addClog(this.#hosts(from), this.#hosts(to), heldUntilMs)
    const label = `clogged for ${ms} ms from ${from.length} to ${to.length} nodes`
    return this.#lasts('clog', [...from, ...to], label, undo, heldUntilMs)
  }

  /** Bad weather from any of `from` to any of `to`, on top of that of their network. */
  disturb(from: readonly NodeRef[], to: readonly NodeRef[], weather: Partial<Weather>): Undo {
    const undo = this.network.addPairWeather(this.#hosts(from), this.#hosts(to), weather)
    const label = `${describeWeather(weather)} from ${from.length} to ${to.length} nodes`
    return this.#lasts('disturb', [...from, ...to], label, undo)
  }

  // Inside

  #hosts(refs: readonly NodeRef[]): HostSet {
    if (!Array.isArray(refs)) {
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', 'expected a list of nodes, as an array')
    }
    return new Set(refs.map((ref) => this.member(ref).host.index))
  }

  /** Notes a fault of one moment. */
  #happens(kind: string, refs: readonly NodeRef[], label: string): void {
    const fault: Fault = { ...this.#fault(kind, refs, label), lasts: false }
    for (const listener of this.#faultListeners) listener.began(fault)
    for (const listener of this.#faultListeners) listener.ended(fault, this.now)
  }

  /** Notes a fault that lasts until it is undone. */
  #lasts(
    kind: string,
    refs: readonly NodeRef[],
    label: string,
    undo: Undo,
    heldUntilMs: number = this.now,
  ): Undo {
    const fault: Fault = { ...this.#fault(kind, refs, label), lasts: true, heldUntilMs }
    for (const listener of this.#faultListeners) listener.began(fault)
    const end = (): void => {
      if (!this.#active.delete(fault)) return
      undo()
      for (const listener of this.#faultListeners) listener.ended(fault, this.now)
    }
    this.#active.set(fault, end)
    return end
  }

  #fault(kind: string, refs: readonly NodeRef[], label: string): Omit<Fault, 'lasts'> {
    const members = refs.map((ref) => this.member(ref))
    const who = members.length === 1 ? `${members[0]!.name} ` : ''
    return { kind, atMs: this.now, members: members.map(({ index }) => index), label: who + label }
  }
}

/** What is on or off needs nothing to stay in effect. */
function stays(): void {}

/** In the place of what does not run: nothing is done to it. */
const NOTHING = {}

function describeWeather(weather: Partial<Weather> | string): string {
  return typeof weather === 'string' ? weather : JSON.stringify(weather)
}
