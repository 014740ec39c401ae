/**
 * The troupe: the real nodes of one worker process. Plays its part of the script, and keeps a record of what the nodes
 * were told.
 *
 * Nodes are on the loopback interface, whatever the script says: see `#open`.
 */
import { Column } from '../../sim/journal/columns.ts'
import { decodeTracked, encodeTracked, type TrackedMessage } from '../../sim/scenario/ledger.ts'
import { createNode, type MeshNode, type PeerInfo } from '../../src/index.ts'
import type { BeginOrder, Headway, Life, WorkerRecord } from './protocol.ts'
import { hostNow } from './protocol.ts'
import type { PartOptions, Step } from './script.ts'
import { NodeTally } from './tally.ts'

/** Numbers in one record; a run that needs more fails instead of taking all memory. */
const RECORD_MAX = 40_000_000

interface Actor {
  node: MeshNode | undefined
  life: Life | undefined
  starts: number
  /** Present peers of the node. */
  known: number
  /** Starts and stops of one actor come one after the other. */
  busy: Promise<void>
}

export class Troupe {
  readonly #order: BeginOrder
  readonly #onFailure: (error: unknown) => void
  readonly #actors = new Map<number, Actor>()
  readonly #memberOfName: ReadonlyMap<string, number>
  /** By member: its newest identity that any node here has met. */
  readonly #newestId = new Map<number, string>()
  readonly #ids = new Map<string, number>()
  readonly #lives: Life[] = []
  readonly #views = new Column()
  readonly #sent = new Column()
  readonly #received = new Column()
  readonly #tally = new NodeTally()
  readonly #warnings = new Map<string, number>()
  readonly #cpuBefore = process.cpuUsage()
  readonly #residentBefore = process.memoryUsage.rss()
  #next = 0
  #unsaid = 0
  #timer: NodeJS.Timeout | undefined

  constructor(order: BeginOrder, onFailure: (error: unknown) => void) {
    this.#order = order
    this.#onFailure = onFailure
    this.#memberOfName = new Map(order.names.map((name, member) => [name, member]))
    for (const { member } of order.steps) {
      const busy = Promise.resolve()
      this.#actors.set(member, { node: undefined, life: undefined, starts: 0, known: 0, busy })
    }
  }

  /** Begins when all begin. */
  play(): void {
    this.#timer = setTimeout(() => this.#play(), Math.max(0, this.#untilNext()))
  }

  headway(): Headway {
    const running = [...this.#actors.values()].filter(({ node }) => node !== undefined)
    return {
      kind: 'progress',
      running: running.length,
      known: running.reduce((sum, { known }) => sum + known, 0),
      received: this.#received.length,
      stepsLeft: this.#order.steps.length - this.#next,
      cpuMs: this.#cpuMs(),
    }
  }

  /** Says no more, and tells what was seen. The nodes go on. */
  settle(): WorkerRecord {
    clearTimeout(this.#timer)
    const peers = new Column()
    for (const { node } of this.#actors.values()) {
      if (node === undefined) continue
      this.#tally.add(node)
      for (const { id, presence } of node.peers()) {
        push(peers, [this.#indexOf(node.id), this.#indexOf(id), presence === 'alive' ? 1 : 0])
      }
    }
    return {
      ids: [...this.#ids.keys()],
      lives: this.#lives,
      views: this.#views.values(),
      sent: this.#sent.values(),
      received: this.#received.values(),
      peers: peers.values(),
      tally: this.#tally.sums(),
      warnings: Object.fromEntries(this.#warnings),
      unsaid: this.#unsaid,
      cpuMs: this.#cpuMs(),
      residentBytes: Math.max(0, process.memoryUsage.rss() - this.#residentBefore),
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await Promise.all([...this.#actors.values()].map(({ busy }) => busy))
    await Promise.all([...this.#actors.values()].map(({ node }) => node?.stop()))
  }

  // Playing

  #now(): number {
    return hostNow() - this.#order.beginAtMs
  }

  #cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#cpuBefore)
    return (user + system) / 1_000
  }

  #untilNext(): number {
    const step = this.#order.steps[this.#next]
    return step === undefined ? 0 : step.atMs - this.#now()
  }

  #play(): void {
    const { steps } = this.#order
    try {
      while (this.#next < steps.length && this.#untilNext() <= 0) this.#take(steps[this.#next++]!)
    } catch (error) {
      this.#onFailure(error)
      return
    }
    if (this.#next < steps.length) this.play()
  }

  #take(step: Step): void {
    const actor = this.#actors.get(step.member)!
    switch (step.kind) {
      case 'start':
        this.#queue(actor, () => this.#open(actor, step.member, step.options))
        break
      case 'stop':
        this.#queue(actor, () => this.#close(actor))
        break
      case 'pause':
        actor.node?.pause()
        break
      case 'resume':
        actor.node?.resume()
        break
      case 'say':
        this.#say(actor, step.message)
        break
    }
  }

  #queue(actor: Actor, action: () => Promise<void>): void {
    actor.busy = actor.busy.then(action).catch((error: unknown) => this.#onFailure(error))
  }

  async #open(actor: Actor, member: number, options: PartOptions): Promise<void> {
    if (actor.node !== undefined) await this.#close(actor)
    // Last, so that nothing can override it: nothing of a real run leaves this host.
    const node = await createNode({
      ...options,
      interfaces: '127.0.0.1',
      port: this.#order.port,
    })
    actor.node = node
    actor.starts++
    const startedAtMs = this.#now()
    actor.life = { id: node.id, member, start: actor.starts, startedAtMs, stoppedAtMs: null }
    this.#lives.push(actor.life)
    this.#listen(actor, node)
  }

  async #close(actor: Actor): Promise<void> {
    const { node, life } = actor
    if (node === undefined || life === undefined) return
    life.stoppedAtMs = this.#now()
    actor.node = undefined
    await node.stop()
    this.#tally.add(node)
  }

  // Sending

  /** Each message is that of the script, sent now; whoever is not there (yet) is not sent to. */
  #say(actor: Actor, scripted: TrackedMessage): void {
    const { node } = actor
    if (node === undefined || scripted.start !== actor.starts) {
      this.#unsaid++
      return
    }
    const message = { ...scripted, sentAtMs: this.#now() }
    if (message.to === undefined) this.#shout(node, message)
    else this.#whisper(node, message, message.to)
  }

  #whisper(node: MeshNode, message: TrackedMessage, to: number): void {
    const id = this.#newestId.get(to)
    if (id === undefined || node.peer(id as PeerInfo['id']) === undefined) {
      this.#unsaid++
      return
    }
    const accepted = node.tryWhisper(id as PeerInfo['id'], encodeTracked(message))
    this.#noteSent(message, accepted, accepted ? [id] : [])
  }

  #shout(node: MeshNode, message: TrackedMessage): void {
    const group = message.group ?? ''
    const members = node.members(group).map(({ id }) => id)
    const full = new Set(node.tryShout(group, encodeTracked(message)).full)
    const receivers = members.filter((id) => !full.has(id))
    this.#noteSent(message, full.size === 0, receivers)
  }

  #noteSent(message: TrackedMessage, accepted: boolean, receivers: readonly string[]): void {
    const { sentAtMs, sender, start, number } = message
    push(this.#sent, [sentAtMs, sender, start, number, accepted ? 1 : 0, receivers.length])
    push(
      this.#sent,
      receivers.map((id) => this.#indexOf(id)),
    )
  }

  // Hearing

  #listen(actor: Actor, node: MeshNode): void {
    const self = this.#indexOf(node.id)
    actor.known = 0
    const see = (peer: PeerInfo, present: 0 | 1): void => {
      if (actor.node === node) actor.known += present === 1 ? 1 : -1
      this.#noteView(self, peer, present)
    }
    // Peers that entered while it opened.
    for (const peer of node.peers()) see(peer, 1)
    node.on('enter', ({ peer }) => see(peer, 1))
    node.on('exit', ({ peer }) => see(peer, 0))
    node.on('warning', ({ code, suppressed }) => {
      this.#warnings.set(code, (this.#warnings.get(code) ?? 0) + 1 + suppressed)
    })
    node.on('whisper', ({ message }) => this.#noteReceived(self, message.bytes()))
    node.on('shout', ({ message, group }) => this.#noteReceived(self, message.bytes(), group))
  }

  #noteView(observer: number, peer: PeerInfo, present: 0 | 1): void {
    const member = this.#memberOfName.get(peer.name)
    // Somebody else on this port of this host.
    if (member === undefined) return
    if (present === 1) this.#newestId.set(member, peer.id)
    push(this.#views, [this.#now(), observer, this.#indexOf(peer.id), present])
  }

  #noteReceived(self: number, bytes: Uint8Array, group?: string): void {
    const message = decodeTracked(bytes, group)
    if (message === undefined) return
    const { sender, start, number, sentAtMs, intact } = message
    push(this.#received, [this.#now(), self, sender, start, number, sentAtMs, intact ? 1 : 0])
  }

  #indexOf(id: string): number {
    const known = this.#ids.get(id)
    if (known !== undefined) return known
    this.#ids.set(id, this.#ids.size)
    return this.#ids.size - 1
  }
}

function push(column: Column, row: readonly number[]): void {
  if (column.length + row.length > RECORD_MAX) {
    throw new Error(
      'this run has more messages than its record can hold; send less, or for less long',
    )
  }
  for (const value of row) column.push(value)
}
