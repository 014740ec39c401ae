/**
 * The metrics of a node in Prometheus' text format, by `prom-client`. Our numbers are absolute already, so each metric
 * is emptied and filled anew at each scrape, all from one snapshot: whoever is gone leaves no series behind.
 *
 * The registry is its own: nothing that else happens to use `prom-client` in this process is in it.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { NodeMetrics } from '../../src/index.ts'
import type { Definition, Labels, Snapshot } from './definition.ts'
import { NODE_DEFINITIONS } from './node-definitions.ts'
import { labelsOf, PEER_DEFINITIONS, PEER_LABELS, shownPeers } from './peer-definitions.ts'

export interface ExpositionOptions {
  /** Of this program. */
  readonly version: string
  /** Also what `prom-client` knows of the process: processor time, memory, garbage collection. */
  readonly processMetrics: boolean
}

/** Puts samples into a metric of the registry. */
interface Filler<Source> {
  readonly definition: Definition<Source>
  clear(): void
  put(labels: Labels, value: number): void
}

const LEFT_OUT: Definition<number> = {
  kind: 'gauge',
  name: 'earshot_peers_without_series',
  help: 'Present peers that the metrics earshot_peer_… leave out, because there are too many.',
  labels: [],
  read: (leftOut) => leftOut,
}

export class Exposition {
  readonly #registry = new Registry()
  readonly #version: string
  readonly #node: readonly Filler<Snapshot>[]
  readonly #peers: readonly Filler<PeerSource>[]
  readonly #leftOut: Filler<number>

  constructor({ version, processMetrics }: ExpositionOptions) {
    this.#version = version
    this.#node = NODE_DEFINITIONS.map((each) => this.#register(each, each.labels))
    this.#leftOut = this.#register(LEFT_OUT, [])
    this.#peers = PEER_DEFINITIONS.map((each) =>
      this.#register(each, [...PEER_LABELS, ...each.labels]),
    )
    if (processMetrics) collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The text of a scrape. */
  render(metrics: NodeMetrics): Promise<string> {
    const { shown, leftOut } = shownPeers(metrics)
    for (const filler of this.#node) fill(filler, { metrics, version: this.#version })
    fill(this.#leftOut, leftOut)
    const labelled = shown.map((peer) => ({ peer, labels: labelsOf(peer) }))
    for (const filler of this.#peers) {
      filler.clear()
      for (const { peer, labels } of labelled) add(filler, peer, labels)
    }
    return this.#registry.metrics()
  }

  #register<Source>(definition: Definition<Source>, labelNames: readonly string[]): Filler<Source> {
    const { kind, name, help } = definition
    const settings = { name, help, labelNames: [...labelNames], registers: [this.#registry] }
    if (kind === 'counter') {
      const counter = new Counter(settings)
      return {
        definition,
        clear: () => counter.reset(),
        put: (labels, value) => counter.inc(labels, value),
      }
    }
    const gauge = new Gauge(settings)
    return {
      definition,
      clear: () => gauge.reset(),
      put: (labels, value) => gauge.set(labels, value),
    }
  }
}

type PeerSource = Parameters<(typeof PEER_DEFINITIONS)[number]['read']>[0]

function fill<Source>(filler: Filler<Source>, source: Source): void {
  filler.clear()
  add(filler, source, {})
}

function add<Source>(filler: Filler<Source>, source: Source, common: Labels): void {
  const read = filler.definition.read(source)
  if (typeof read === 'number') {
    filler.put(common, read)
    return
  }
  for (const { labels, value } of read) filler.put({ ...common, ...labels }, value)
}
