/**
 * The journal of a run: everything that the summary, the report and the comparison with a real run are made of.
 * It watches and never judges; that is what `sim/checks` are for.
 */
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Watcher } from '../checks/check.ts'
import type { Fault } from '../faults.ts'
import type { Member } from '../population.ts'
import type { TrackedMessage } from '../scenario/ledger.ts'
import type { Simulation } from '../simulation.ts'
import { Column } from './columns.ts'
import { Histogram } from './histogram.ts'
import { Views } from './views.ts'

export interface FaultRecord {
  readonly kind: string
  readonly label: string
  readonly members: readonly number[]
  readonly atMs: number
  /** `undefined`: lasted to the end. */
  endMs: number | undefined
}

/** What a member truly is, whatever the others think. */
export type Truth = 'up' | 'down'

export interface TruthRecord {
  readonly atMs: number
  readonly member: number
  readonly truth: Truth
}

/** From `atMs` on a member is in these networks, by name. */
export interface PlaceRecord {
  readonly atMs: number
  readonly member: number
  readonly networks: readonly string[]
}

/** One column per quantity, all of one length; counters are totals since the beginning. */
export const SAMPLE_COLUMNS = [
  'atMs',
  'wallMs',
  'events',
  'pendingEvents',
  'knownViews',
  'completeViews',
  'running',
  'datagramsSent',
  'datagramsReceived',
  'datagramsLost',
  'datagramBytes',
  'streamBytes',
  'streamChunks',
  'connectionsOpened',
  'retransmits',
  'resets',
  'messagesSent',
  'messagesReceived',
  'latencyP50Ms',
  'latencyP90Ms',
  'latencyP99Ms',
  'outboxMessagesMax',
  'outboxBytes',
  'heapBytes',
] as const
export type SampleColumn = (typeof SAMPLE_COLUMNS)[number]

export interface JournalOptions {
  /** Members at the most. */
  readonly size: number
  /** Keeps every change of every view, and takes the samples: what a report needs, and a sweep does not. */
  readonly keepsViews: boolean
}

export class Journal implements Watcher {
  readonly views: Views
  readonly faults: FaultRecord[] = []
  readonly truths: TruthRecord[] = []
  /** Where members are, as often as samples are taken; only of runs with several networks, and kept with the views. */
  readonly places: PlaceRecord[] = []
  readonly samples: Readonly<Record<SampleColumn, Column>>
  readonly latency: Histogram = new Histogram()
  /** By event type. */
  readonly eventCounts: Map<NodeEvent['type'], number> = new Map()
  /** Of events of type `warning`, by their code. */
  readonly warningCounts: Map<string, number> = new Map()
  /** When the scenario was over and the mesh had converged; `undefined` until then. What follows is the end of all. */
  settledMs: number | undefined
  messagesSent = 0
  messagesAccepted = 0
  messagesReceived = 0
  readonly #sim: Simulation
  readonly #takesSamples: boolean
  readonly #startedAt = performance.now()
  readonly #keepsPlaces: boolean
  readonly #lastPlaces: string[] = []
  readonly #open = new Map<Fault, FaultRecord>()
  #recentLatency = new Histogram()

  constructor(sim: Simulation, options: JournalOptions) {
    this.#sim = sim
    this.#takesSamples = options.keepsViews
    this.#keepsPlaces = options.keepsViews && sim.network.subnets.length > 1
    this.views = new Views(sim, options.size, options.keepsViews)
    this.samples = Object.fromEntries(SAMPLE_COLUMNS.map((name) => [name, new Column()])) as Record<
      SampleColumn,
      Column
    >
  }

  started(member: Member, node: MeshNode): void {
    this.views.started(member, node)
    this.truths.push({ atMs: this.#sim.now, member: member.index, truth: 'up' })
    if (this.#keepsPlaces) this.#notePlace(member)
  }

  ended(member: Member, node: MeshNode): void {
    this.views.ended(member, node)
    this.truths.push({ atMs: this.#sim.now, member: member.index, truth: 'down' })
  }

  event(member: Member, node: MeshNode, event: NodeEvent): void {
    this.eventCounts.set(event.type, (this.eventCounts.get(event.type) ?? 0) + 1)
    if (event.type === 'warning') {
      this.warningCounts.set(event.code, (this.warningCounts.get(event.code) ?? 0) + 1)
    }
    if (event.type === 'stop') this.ended(member, node)
    else this.views.event(member, event)
  }

  settled(): void {
    this.settledMs = this.#sim.now
  }

  faultBegan(fault: Fault): void {
    const { kind, label, members, atMs } = fault
    const record: FaultRecord = { kind, label, members, atMs, endMs: undefined }
    this.faults.push(record)
    this.#open.set(fault, record)
  }

  faultEnded(fault: Fault, atMs: number): void {
    const record = this.#open.get(fault)
    if (record !== undefined) record.endMs = atMs
    this.#open.delete(fault)
  }

  sent(_message: TrackedMessage, accepted: boolean): void {
    this.messagesSent++
    if (accepted) this.messagesAccepted++
  }

  received(_member: Member, _node: MeshNode, message: TrackedMessage): void {
    this.messagesReceived++
    const ms = this.#sim.now - message.sentAtMs
    this.latency.add(ms)
    this.#recentLatency.add(ms)
  }

  sampled(): void {
    if (!this.#takesSamples) return
    if (this.#keepsPlaces) for (const member of this.#sim.members) this.#notePlace(member)
    const { world, internet, now } = this.#sim
    const { tcp, udp } = internet
    const recent = this.#recentLatency
    const outboxes = this.#outboxes()
    this.#row({
      atMs: now,
      wallMs: performance.now() - this.#startedAt,
      events: world.events,
      pendingEvents: world.pendingEvents,
      knownViews: this.views.known,
      completeViews: this.views.complete,
      running: this.#sim.nodes().length,
      datagramsSent: udp.counters.sent,
      datagramsReceived: udp.counters.received,
      datagramsLost: udp.counters.lost + udp.counters.overflowed,
      datagramBytes: udp.counters.bytes,
      streamBytes: tcp.counters.bytes,
      streamChunks: tcp.counters.chunks,
      connectionsOpened: tcp.counters.opened,
      retransmits: tcp.counters.retransmits,
      resets: tcp.counters.resets,
      messagesSent: this.messagesSent,
      messagesReceived: this.messagesReceived,
      latencyP50Ms: recent.percentileMs(50),
      latencyP90Ms: recent.percentileMs(90),
      latencyP99Ms: recent.percentileMs(99),
      ...outboxes,
      heapBytes: process.memoryUsage().heapUsed,
    })
    if (recent.count > 0) this.#recentLatency = new Histogram()
  }

  #notePlace({ index, host }: Member): void {
    const networks = host.attachments.map(({ subnet }) => subnet.name)
    const place = networks.join()
    if (this.#lastPlaces[index] === place) return
    this.#lastPlaces[index] = place
    this.places.push({ atMs: this.#sim.now, member: index, networks })
  }

  #row(row: Readonly<Record<SampleColumn, number>>): void {
    for (const name of SAMPLE_COLUMNS) this.samples[name].push(row[name])
  }

  /** Waiting messages of the peers that wait most; looked at where it costs little. */
  #outboxes(): { outboxMessagesMax: number; outboxBytes: number } {
    let outboxMessagesMax = 0
    let outboxBytes = 0
    const nodes = this.#sim.nodes()
    if (nodes.length > OUTBOX_NODES_MAX) return { outboxMessagesMax, outboxBytes }
    for (const node of nodes) {
      for (const peer of node.metrics().peers) {
        outboxMessagesMax = Math.max(outboxMessagesMax, peer.outboxMessages)
        outboxBytes += peer.outboxBytes
      }
    }
    return { outboxMessagesMax, outboxBytes }
  }
}

/** Asking for all outboxes costs nodes². */
export const OUTBOX_NODES_MAX = 200
