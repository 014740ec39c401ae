/**
 * The test's end of `agent.mjs`: a process on some host, and the nodes in it. What a node tells is kept with
 * its moment; a test acts, notes when, and asks for the first fitting event after that.
 */
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { DiscoveryMetrics } from '../../src/discovery/discovery.ts'
import type { CreateOptions } from '../../src/index.ts'
import type { PeerInfo } from '../../src/mesh/events.ts'
import type { Message } from '../../src/mesh/message.ts'
import type { EngineMetrics } from '../../src/mesh/metrics.ts'
import type { InterfaceUse } from '../../src/runtime/interface-selection.ts'
import type { EventOf, NodeEvent, NodeEventType } from '../../src/runtime/node-events.ts'
import type { SuspendOptions } from '../../src/runtime/suspension.ts'
import { Facts, PATIENCE_MS } from './facts.ts'

/** An event as it arrives from another process: the content of a message is frames in hexadecimal. */
type Sent<Event> = Event extends { readonly message: Message }
  ? Omit<Event, 'message'> & { readonly frames: readonly string[] }
  : Event

/** An event and its moment, in milliseconds of the machine's monotonic clock. */
export interface Told<Event = NodeEvent> {
  readonly at: number
  readonly event: Sent<Event>
}

/** Now, on the clock that all processes of this machine share. */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function textToHex(text: string): string {
  return Buffer.from(text).toString('hex')
}

/** What the agent writes, one line each. Answer 0 says that it is ready. */
type Line =
  | { readonly answer: number; readonly value?: unknown; readonly error?: AgentError }
  | { readonly node: string; readonly at: number; readonly event: Sent<NodeEvent> }

interface AgentError {
  readonly code?: string
  readonly message: string
}

interface Call {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export class Agent {
  readonly process: ChildProcess
  /** The program is loaded and takes commands. */
  readonly ready: Promise<void>
  readonly #nodes = new Map<string, RemoteNode>()
  readonly #calls = new Map<number, Call>()
  #lastCall = 0
  #complaints = ''

  constructor(process: ChildProcess) {
    this.process = process
    this.ready = new Promise((resolve, reject) => {
      this.#calls.set(0, { resolve: () => resolve(), reject })
    })
    createInterface({ input: process.stdout! }).on('line', (line) => this.#handleLine(line))
    process.stderr!.on('data', (chunk) => {
      this.#complaints += chunk
    })
    process.stdin!.on('error', () => {}) // it was killed: `exit` says so
    process.once('exit', (code, signal) => this.#handleExit(code ?? signal))
  }

  /** Starts a node. Its name is also how this agent calls it. */
  async start(name: string, options: CreateOptions = {}): Promise<RemoteNode> {
    const node = new RemoteNode(name, this)
    this.#nodes.set(name, node)
    const { id } = (await this.call(name, 'start', options)) as { id: string }
    node.id = id
    return node
  }

  /** Ends the process as `kill -9` does; the moment. */
  kill(): number {
    this.process.kill('SIGKILL')
    return moment()
  }

  call(node: string, command: string, ...args: readonly unknown[]): Promise<unknown> {
    const call = ++this.#lastCall
    this.process.stdin!.write(`${JSON.stringify({ call, node, do: command, args })}\n`)
    return new Promise((resolve, reject) => this.#calls.set(call, { resolve, reject }))
  }

  #handleLine(text: string): void {
    const line = JSON.parse(text) as Line
    if ('event' in line) {
      this.#nodes.get(line.node)?.handleTold({ at: line.at, event: line.event })
    } else if ('answer' in line) {
      const call = this.#calls.get(line.answer)
      this.#calls.delete(line.answer)
      if (line.error === undefined) call?.resolve(line.value)
      else call?.reject(Object.assign(new Error(line.error.message), { code: line.error.code }))
    }
  }

  #handleExit(how: unknown): void {
    const error = new Error(`the agent ended: ${how}\n${this.#complaints}`)
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
    for (const node of this.#nodes.values()) node.handleEnd(this.#complaints)
  }
}

export class RemoteNode {
  readonly name: string
  readonly agent: Agent
  /** Everything it has told, in order. */
  readonly told: Told[] = []
  readonly #facts = new Facts()
  id = ''
  #complaints = ''

  constructor(name: string, agent: Agent) {
    this.name = name
    this.agent = agent
  }

  // For the agent

  handleTold(told: Told): void {
    this.told.push(told)
    this.#facts.changed()
  }

  handleEnd(complaints: string): void {
    this.#complaints = complaints
  }

  // What it tells

  /** All events of a type so far, of those after a moment. */
  all<Type extends NodeEventType>(type: Type, after = 0): Told<EventOf<Type>>[] {
    return this.told.filter(({ at, event }) => event.type === type && at >= after) as Told<
      EventOf<Type>
    >[]
  }

  /** What it warns of, beside that its network has changed. */
  complaints(): string[] {
    const warnings = this.all('warning').map(({ event }) => `${event.code}: ${event.reason}`)
    return warnings.filter((each) => !each.startsWith('interface-changed'))
  }

  /** The first event of a type after a moment that fits; waits for it. */
  tells<Type extends NodeEventType>(
    type: Type,
    fits: (event: Sent<EventOf<Type>>) => boolean = () => true,
    after = 0,
  ): Promise<Told<EventOf<Type>>> {
    return this.until(`${type} at ${this.name}`, () =>
      this.all(type, after).find(({ event }) => fits(event)),
    )
  }

  /** Waits until what it has told makes `find` find something. */
  until<T>(what: string, find: () => T | undefined): Promise<T> {
    return this.#facts.until(what, find, () => {
      const lines = this.told.map(({ at, event }) => `${at.toFixed(1)} ${JSON.stringify(event)}`)
      return [...lines.slice(-50), this.#complaints].join('\n')
    })
  }

  /** Waits for the entry of another node. */
  meets(other: RemoteNode, after = 0): Promise<Told<EventOf<'enter'>>> {
    return this.tells('enter', ({ peer }) => peer.id === other.id, after)
  }

  /** Waits for the exit of another node. */
  loses(other: RemoteNode, after = 0): Promise<Told<EventOf<'exit'>>> {
    return this.tells('exit', ({ peer }) => peer.id === other.id, after)
  }

  /** Waits for a whisper or shout with exactly this text. */
  hears(type: 'whisper' | 'shout', text: string): Promise<Told<EventOf<'whisper' | 'shout'>>> {
    const hex = textToHex(text)
    return this.until(`${type} "${text}" at ${this.name}`, () =>
      this.all(type).find(({ event }) => event.frames.length === 1 && event.frames[0] === hex),
    )
  }

  // Commands

  whisper(to: RemoteNode, text: string): Promise<unknown> {
    return this.agent.call(this.name, 'whisper', to.id, [textToHex(text)])
  }

  shout(group: string, text: string): Promise<unknown> {
    return this.agent.call(this.name, 'shout', group, [textToHex(text)])
  }

  join(group: string): Promise<unknown> {
    return this.agent.call(this.name, 'join', group)
  }

  leave(group: string): Promise<unknown> {
    return this.agent.call(this.name, 'leave', group)
  }

  stop(): Promise<unknown> {
    return this.agent.call(this.name, 'stop')
  }

  /** Resolves when all its sockets are closed. */
  suspend(options: SuspendOptions = {}): Promise<unknown> {
    return this.agent.call(this.name, 'suspend', options)
  }

  resume(): Promise<unknown> {
    return this.agent.call(this.name, 'resume')
  }

  async metrics(): Promise<EngineMetrics> {
    return (await this.agent.call(this.name, 'metrics')) as EngineMetrics
  }

  async interfaces(): Promise<readonly InterfaceUse[]> {
    return (await this.agent.call(this.name, 'interfaces')) as readonly InterfaceUse[]
  }

  async peers(): Promise<readonly PeerInfo[]> {
    return (await this.agent.call(this.name, 'peers')) as readonly PeerInfo[]
  }

  /** What it knows of another node. */
  async knows(other: RemoteNode): Promise<PeerInfo | undefined> {
    return (await this.peers()).find(({ id }) => id === other.id)
  }

  /** How its ways of discovery fare. */
  async discovery(): Promise<DiscoveryMetrics> {
    return (await this.agent.call(this.name, 'discovery')) as DiscoveryMetrics
  }
}

/** Asks again and again until the answer fits; rejects with the last one when it never did. */
export async function poll<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (patience.aborted)
      throw new Error(`waited in vain; the last answer: ${JSON.stringify(answer)}`)
  }
}

/** Waits until all pairs have met (after a moment); when the last of them did. */
export async function allMeet(nodes: readonly RemoteNode[], after = 0): Promise<number> {
  const meetings = await Promise.all(pairs(nodes).map(([one, other]) => one.meets(other, after)))
  return Math.max(...meetings.map(({ at }) => at))
}

/** Waits until a node has opened another link to a peer than its first. */
export function linkedAnew(node: RemoteNode, to: RemoteNode): Promise<unknown> {
  return poll(
    () => node.metrics(),
    ({ peers }) =>
      peers.some(({ id, link, links }) => id === to.id && link === 'open' && links > 1),
  )
}

/** Lets a node hear so many beacons more. */
export async function beaconsHeard(node: RemoteNode, more: number): Promise<void> {
  const before = (await node.metrics()).mesh.beaconsReceived
  await poll(
    () => node.metrics(),
    ({ mesh }) => mesh.beaconsReceived >= before + more,
  )
}

/** Lets so much time pass as a node with one mailbox takes to send its beacons. */
export async function outlast(
  node: RemoteNode,
  ms: number,
  beaconIntervalMs: number,
): Promise<void> {
  const before = (await node.metrics()).mesh.beaconsSent
  await poll(
    () => node.metrics(),
    ({ mesh }) => mesh.beaconsSent >= before + (1.1 * ms) / beaconIntervalMs,
  )
}

const GONE = ['ERR_EARSHOT_NO_SUCH_PEER', 'ERR_EARSHOT_PEER_GONE']

/** Whispers numbers, some hundred a second, until it is called; resolves with the last. Who is gone is waited for. */
export function chatter(from: RemoteNode, to: RemoteNode): () => Promise<number> {
  let isOver = false
  const talk = async (): Promise<number> => {
    for (let count = 1; ; count++) {
      await from.whisper(to, `${count}`).catch(({ code }) => {
        if (!GONE.includes(code)) throw new Error(`whisper ${count}: ${code}`)
      })
      if (isOver) return count
      await from.metrics() // to leave the machine some air
    }
  }
  const talked = talk()
  talked.catch(() => {}) // whoever ends it is told
  return () => {
    isOver = true
    return talked
  }
}

/** Waits for so many whispers more. */
export function hearsMore(at: RemoteNode, from: RemoteNode, more: number): Promise<unknown> {
  const count = (): number =>
    at.told.filter(({ event }) => event.type === 'whisper' && event.peer.id === from.id).length
  const before = count()
  return at.until('chatter', () => count() >= before + more || undefined)
}

/** The numbers that were heard of such chatter, in the order in which they came. */
export function chatterHeard(at: RemoteNode, from: RemoteNode): number[] {
  return at.all('whisper').flatMap(({ event }) => {
    const text = Buffer.from(event.frames.join(''), 'hex').toString()
    return event.peer.id === from.id && /^\d+$/.test(text) ? [Number(text)] : []
  })
}

let talks = 0

/** Everybody whispers to everybody else, and all of it is heard. */
export async function allTalk(nodes: readonly RemoteNode[]): Promise<void> {
  const talk = ++talks
  await Promise.all(
    pairs(nodes).map(async ([from, to]) => {
      const text = `talk ${talk}: ${from.name} to ${to.name}`
      await from.whisper(to, text)
      await to.hears('whisper', text)
    }),
  )
}

function pairs(nodes: readonly RemoteNode[]): [RemoteNode, RemoteNode][] {
  return nodes.flatMap((one) =>
    nodes.flatMap((other): [RemoteNode, RemoteNode][] => (other === one ? [] : [[one, other]])),
  )
}
