/**
 * The population of a simulation: its hosts, the nodes on them, and their time. What can happen to them is in
 * `simulation.ts`.
 */
import { EarshotError } from '../src/base/errors.ts'
import type { PeerId } from '../src/base/peer-id.ts'
import { createNodeOn, type MeshNode } from '../src/runtime/node.ts'
import type { NodeOptions } from '../src/runtime/options.ts'
import type { Platform } from '../src/runtime/platform.ts'
import type { RandomStream } from './kernel/random.ts'
import { type RunOptions, World } from './kernel/world.ts'
import { Internet, type VirtualHost } from './network/host.ts'
import { VirtualNetwork } from './network/network.ts'
import type { VirtualProcess } from './network/process.ts'
import type { Chunking } from './network/tcp-shared.ts'
import type { Subnet, SubnetOptions } from './network/topology.ts'
import type { LogSink } from './recording/entries.ts'

export interface SimulationOptions {
  /** Decides everything that is random. Default: a fixed one, so that a test does the same each time. */
  readonly seed?: number | string
  /** The networks there are, the first being where nodes are put by default. Default: one calm LAN. */
  readonly networks?: readonly SubnetOptions[]
  /** `torture` cuts bytes into chunks as badly as a network may. Default `natural`. */
  readonly chunking?: Chunking
  /** Puts something between a node and the process it runs on: to watch what it does, or to break it on purpose. */
  readonly wrapPlatform?: WrapPlatform
  /**
   * Gives every node a log, and takes what all of them and the simulator log, in the order in which it happened: the
   * first entry says what it is of. Changes nothing of the run. Default: nothing is logged.
   */
  readonly log?: LogSink
}

/** Called at every start of a member, restarts included. */
export type WrapPlatform = (platform: Platform, member: Member) => Platform

export interface AddNodeOptions extends NodeOptions {
  /** Networks to be in, by name. Default: the first. */
  readonly networks?: readonly string[]
}

/** A node, by itself or by the name it was added with. A name goes on meaning the node that replaced it. */
export type NodeRef = MeshNode | string

export interface RestartOptions {
  /** With the identity that it had before. Default: a fresh one, as at every start. */
  readonly sameIdentity?: boolean
  /** Other headers from now on, as of a new version. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Runs until a condition holds at the most this long, in virtual milliseconds. */
const PATIENCE_MS = 60_000

/** Where one node lives: its host, its present process, and what it was made with. */
export interface Member {
  /** Its place in the order of adding, from 0. */
  readonly index: number
  readonly name: string
  readonly host: VirtualHost
  readonly options: NodeOptions
  /** `undefined` while it does not run. */
  readonly process: VirtualProcess | undefined
  readonly node: MeshNode | undefined
  /** Its node is about to stop, and takes no more orders. */
  readonly isLeaving: boolean
  /** How often it was started. */
  readonly starts: number
}

export type MutableMember = { -readonly [Key in keyof Member]: Member[Key] }

export abstract class Population {
  readonly world: World
  readonly network: VirtualNetwork
  readonly internet: Internet
  readonly #members: MutableMember[] = []
  readonly #byName = new Map<string, MutableMember>()
  readonly #byNode = new WeakMap<MeshNode, MutableMember>()
  readonly #byId = new Map<PeerId, MutableMember>()
  readonly #wrapPlatform: WrapPlatform
  readonly #onStart: ((member: Member, node: MeshNode) => void)[] = []
  readonly #onEnd: ((member: Member, node: MeshNode) => void)[] = []

  constructor(options: SimulationOptions) {
    checkOptions(options)
    this.#wrapPlatform = options.wrapPlatform ?? ((platform) => platform)
    this.world = new World(options.seed ?? 'earshot')
    this.network = new VirtualNetwork(this.world)
    for (const subnet of options.networks ?? [{}]) this.network.addSubnet(subnet)
    this.internet = new Internet(this.world, this.network, options.chunking ?? 'natural')
  }

  // Time

  get seed(): number | string {
    return this.world.seed
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.world.now
  }

  /** Rolling hash of everything that has happened: 16 hexadecimal digits, the same for the same seed and program. */
  get hash(): string {
    return this.world.trace.digest()
  }

  /** A sequence of random numbers for one purpose, of the simulation's seed. */
  random(purpose: string): RandomStream {
    return this.world.random(`application ${purpose}`)
  }

  /** Lets virtual time pass. Rejects with whatever a listener of any node threw meanwhile. */
  async run(ms: number, options?: RunOptions): Promise<void> {
    await this.world.run(ms, options)
    this.#throwUncaught()
  }

  /** Lets time pass until the condition holds. @throws EarshotError ERR_EARSHOT_SIM_TIMEOUT */
  async until(condition: () => boolean, withinMs: number = PATIENCE_MS): Promise<void> {
    await this.run(withinMs, { until: condition })
    if (condition()) return
    const reason = `not within ${withinMs} ms of virtual time: ${String(condition)}`
    throw new EarshotError('ERR_EARSHOT_SIM_TIMEOUT', reason)
  }

  /** Lets time pass until the promise settles, and gives what it gives. @throws as `until` */
  async wait<Value>(promise: Promise<Value>, withinMs: number = PATIENCE_MS): Promise<Value> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await this.run(withinMs, { until: () => settled })
    if (settled) return promise
    const reason = `the promise did not settle within ${withinMs} ms of virtual time`
    throw new EarshotError('ERR_EARSHOT_SIM_TIMEOUT', reason)
  }

  // Nodes

  /** All that were added, in their order. */
  get members(): readonly Member[] {
    return this.#members
  }

  member(ref: NodeRef): Member {
    return this.find(ref)
  }

  /** Whose identity this is, or once was. */
  memberOf(id: PeerId): Member | undefined {
    return this.#byId.get(id)
  }

  /** The running nodes, in the order of adding. */
  nodes(): MeshNode[] {
    return this.#members.flatMap(({ node }) => (node === undefined ? [] : [node]))
  }

  /** Calls `listener` with every node before anything can happen to it, restarted ones included. */
  onStart(listener: (member: Member, node: MeshNode) => void): void {
    this.#onStart.push(listener)
  }

  /** Calls `listener` with every node that ends without stopping: killed, or its host crashed. */
  onEnd(listener: (member: Member, node: MeshNode) => void): void {
    this.#onEnd.push(listener)
  }

  /** A host with a node on it. Names are unique; the default is `node-1`, `node-2` … @throws as `createNode` */
  async addNode(options: AddNodeOptions = {}): Promise<MeshNode> {
    return this.#start(this.#enrol(options))
  }

  /** A host for a node that does not run yet: see `start`. */
  addHost(options: AddNodeOptions = {}): Member {
    return this.#enrol(options)
  }

  #enrol({ networks, ...options }: AddNodeOptions): MutableMember {
    const index = this.#members.length
    const name = options.name ?? `node-${index + 1}`
    if (this.#byName.has(name)) {
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option name: '${name}' is there already`)
    }
    const subnets = networks?.map((each) => this.subnet(each)) ?? [this.network.subnets[0]!]
    const host = this.internet.addHost(name, subnets)
    const member: MutableMember = {
      index,
      name,
      host,
      options: { ...options, name },
      process: undefined,
      node: undefined,
      isLeaving: false,
      starts: 0,
    }
    this.#members.push(member)
    this.#byName.set(name, member)
    return member
  }

  /** Starts the node of a host that was added without one. */
  start(ref: NodeRef): Promise<MeshNode> {
    return this.#start(this.find(ref))
  }

  async #start(member: MutableMember, identity?: string): Promise<MeshNode> {
    const process = member.host.spawn(identity)
    member.process = process
    member.isLeaving = false
    member.starts++
    const node = await createNodeOn(this.#wrapPlatform(process, member), member.options)
    if (!process.isRunning) return node // killed while it started
    member.node = node
    this.#byNode.set(node, member)
    this.#byId.set(node.id, member)
    node.on('stop', () => {
      if (member.node === node) member.node = undefined
    })
    for (const listener of this.#onStart) listener(member, node)
    return node
  }

  /**
   * Starts a node again where it was: on the same host, with the same options. An identity is fresh at every start,
   * unless `sameIdentity` makes it the one before.
   */
  protected async startAgain(ref: NodeRef, options: RestartOptions = {}): Promise<MeshNode> {
    const member = this.find(ref)
    const { headers } = options
    if (headers !== undefined) member.options = { ...member.options, headers }
    member.process?.kill()
    this.lose(member)
    if (!member.host.isOn) member.host.powerOn()
    return this.#start(member, options.sameIdentity ? member.process?.name : undefined)
  }

  /** Stops all nodes politely. */
  async stop(): Promise<void> {
    await this.wait(Promise.all(this.nodes().map((node) => node.stop())))
  }

  /** A network by its name; by default the first. @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  subnet(name?: string): Subnet {
    const { subnets } = this.network
    const found = name === undefined ? subnets[0] : subnets.find((each) => each.name === name)
    if (found !== undefined) return found
    const reason = `option networks: '${name}'; there are: ${subnets.map((each) => each.name).join(', ')}`
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
  }

  // Inside

  /** The member's node is gone, and could tell nobody. */
  protected lose(member: MutableMember): void {
    const { node } = member
    member.node = undefined
    if (node !== undefined) for (const listener of this.#onEnd) listener(member, node)
  }

  protected find(ref: NodeRef): MutableMember {
    const found = typeof ref === 'string' ? this.#byName.get(ref) : this.#byNode.get(ref)
    if (found !== undefined) return found
    const name = typeof ref === 'string' ? `'${ref}'` : ref.name
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `node ${name}: not of this simulation`)
  }

  #throwUncaught(): void {
    for (const { process } of this.#members) {
      const error = process?.uncaught.shift()
      if (error !== undefined) throw error
    }
  }
}

const OPTION_NAMES: readonly string[] = ['seed', 'networks', 'chunking', 'wrapPlatform', 'log']

/** What TypeScript refuses, for those without it; and what it cannot see. */
function checkOptions(options: SimulationOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.includes(name))
  if (unknown !== undefined) throw bad(unknown, `expected one of ${OPTION_NAMES.join(', ')}`)
  const { seed = 0, networks, chunking = 'natural', log } = options
  if (typeof seed !== 'string' && !Number.isFinite(seed)) {
    throw bad('seed', 'expected a number or a text')
  }
  if (networks?.length === 0) throw bad('networks', 'expected one at the least')
  if (chunking !== 'natural' && chunking !== 'torture') {
    throw bad('chunking', 'expected natural or torture')
  }
  if (log !== undefined && typeof log !== 'function') throw bad('log', 'expected a function')
}

function bad(option: string, reason: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: ${reason}`)
}
