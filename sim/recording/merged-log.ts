/**
 * The merged log of a simulation: what all of its nodes log, and what is done to them, as one stream.
 *
 *     a node's MeshLog ─▶ each record, as it is written ─┐
 *     faults, starts, stops, notes of scripts ───────────┴─▶ virtual time ─▶ sink
 *
 * No node collects here: records are taken where they are written, so none is lost or late, and the network carries
 * nothing for it. A simulation does one thing after the other; the order of writing is the true order, in which
 * causes precede effects however wrong the nodes' clocks are. So nothing has to be sorted, or kept.
 */
import { TICKS_PER_MS } from '../../src/log/clock.ts'
import { meshLog } from '../../src/log/mesh-log.ts'
import { contentOf, type Fields, LEVELS, type LevelName } from '../../src/log/record.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { Fault, FaultListener } from '../faults.ts'
import { EPOCH_MS } from '../network/local-clock.ts'
import type { Member, Population } from '../population.ts'
import type { LogSink } from './entries.ts'
import { isoTime, loggedEntry, type Observed } from './lines.ts'

/** The simulator's place among the nodes. */
const SIMULATOR = { id: '0'.repeat(32), name: 'simulator' }
/** Nobody collects from most of these rings, and there are hundreds of them in one process. */
const RING = { records: 1_000, bytes: 256 * 1_024 }
/** A fault of many nodes names so many of them. */
const NAMES_MAX = 32

interface Logged extends Population {
  onFault(listener: FaultListener): void
}

/** A record as a node has it. */
type Content = Pick<Observed, 'node' | 'name' | 'seq' | 'level' | 'msg' | 'fields' | 'time'>

export class MergedLog {
  readonly #population: Population
  readonly #sink: LogSink
  readonly #taking = new Map<MeshNode, () => void>()
  #ticks = 0
  #notes = 0

  constructor(simulation: Logged, sink: LogSink) {
    this.#population = simulation
    this.#sink = sink
    const { seed } = simulation
    const time = isoTime(EPOCH_MS)
    sink({ type: 'earshot.recording/1', time, at: EPOCH_MS, source: 'simulation', seed })
    simulation.onStart((member, node) => this.#handleStart(member, node))
    simulation.onEnd((_member, node) => this.#release(node))
    simulation.onFault({
      began: (fault) => this.#handleBegan(fault),
      ended: (fault, atMs) => this.#handleEnded(fault, atMs),
    })
  }

  /** Writes a record of the simulator's own. */
  note(level: LevelName, msg: string, fields: Fields = {}): void {
    const { id: node, name } = SIMULATOR
    const time = EPOCH_MS + this.#population.now
    this.#write({ node, name, seq: ++this.#notes, time, level: LEVELS[level], msg, fields })
  }

  // What happens

  #handleStart(member: Member, node: MeshNode): void {
    const { id, name } = node
    const event = { event: 'start', peer: id, peerName: name, start: member.starts }
    this.note('info', `${name} starts`, event)
    const end = meshLog(node, { marks: false, ring: RING }).onRecord((record) => {
      const { seq, time, level, text } = record
      this.#write({ node: id, name, seq, time, level, ...contentOf(text) })
    })
    this.#taking.set(node, end)
    node.on('stop', () => {
      this.note('info', `${name} has stopped`, { event: 'stop', peer: id, peerName: name })
      this.#release(node)
    })
  }

  /** What is left of a node that was killed may go on talking. */
  #release(node: MeshNode): void {
    this.#taking.get(node)?.()
    this.#taking.delete(node)
  }

  #handleBegan(fault: Fault): void {
    this.note('warn', fault.label, this.#fieldsOf(fault))
  }

  #handleEnded(fault: Fault, atMs: number): void {
    if (!fault.lasts) return
    const lastedMs = atMs - fault.atMs
    this.note('info', `over: ${fault.label}`, { ...this.#fieldsOf(fault), lastedMs })
  }

  #fieldsOf({ kind, members }: Fault): Fields {
    const all = this.#population.members
    const nodes = members.slice(0, NAMES_MAX).map((index) => all[index]!.name)
    return { event: 'fault', kind, nodes, count: members.length }
  }

  #write(content: Content): void {
    const at = EPOCH_MS + this.#population.now
    this.#ticks = Math.max(this.#ticks + 1, Math.floor(at * TICKS_PER_MS))
    const offsetMs = content.time - at
    this.#sink(loggedEntry({ ...content, at, shownTime: at, ticks: this.#ticks, offsetMs }))
  }
}
