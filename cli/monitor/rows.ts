/**
 * Rows: each node of the mesh in numbers, from the answers of all of them. The one shape that tables, JSON and
 * recordings share.
 */
import type { ExitReason, PeerId, Presence } from '../../src/index.ts'
import { dropsOf, NO_RATES, type Rates, ratesBetween } from './rates.ts'
import type { NodeSnapshot } from './snapshot.ts'

/** What is known of a node when a table is made. */
export interface Standing {
  readonly id: PeerId
  readonly name: string
  /** As the observer sees it; `undefined` when there is no observer. */
  readonly presence: Presence | undefined
  /** Between the observer and it. */
  readonly roundTripMs: number | undefined
  readonly latest: NodeSnapshot | undefined
  /** The answer before the latest. */
  readonly previous: NodeSnapshot | undefined
  readonly silence: Silence | undefined
}

/** Why there is no new answer. Times are milliseconds since 1970. */
export type Silence =
  /** It was asked, and does not answer. */
  | { readonly kind: 'mute'; readonly since: number }
  /** It cannot be asked: it is another implementation of ZRE. */
  | { readonly kind: 'foreign' }
  /** It has left the mesh. */
  | { readonly kind: 'gone'; readonly since: number; readonly reason: ExitReason }
  /** A recording has nothing of it. */
  | { readonly kind: 'unrecorded' }
  /** Others see it, the observer does not. */
  | { readonly kind: 'unseen' }

export interface NodeRow {
  readonly id: PeerId
  readonly name: string
  /** The worst that anybody who answered, or the observer, thinks of it. */
  readonly state: Presence | 'gone' | undefined
  readonly silence: Silence | undefined
  readonly roundTripMs: number | undefined
  /** What it said; `undefined` when it has said nothing, or not lately. */
  readonly numbers: RowNumbers | undefined
}

export interface RowNumbers {
  /** When it said so. */
  readonly at: number
  readonly peers: number
  /** The worst presence among them. */
  readonly sees: Presence
  /** The mean of its own round trips to them. */
  readonly meanRoundTripMs: number | undefined
  readonly rates: Rates
  /** What waits in its outboxes. */
  readonly queueMessages: number | undefined
  readonly queueBytes: number | undefined
  /** How many of its peers read too slowly. */
  readonly blocked: number
  /** Since its start: messages dropped or lost. */
  readonly drops: number | undefined
  readonly warnings: number | undefined
  /** More warnings than in the answer before. */
  readonly hasNewWarnings: boolean
  readonly loopDelayMs: number | undefined
  readonly uptimeMs: number | undefined
}

/** The latest answers of those who still answer. */
export function answersOf(standings: readonly Standing[]): NodeSnapshot[] {
  return standings.flatMap(({ latest, silence }) => {
    return latest === undefined || silence !== undefined ? [] : [latest]
  })
}

/** Of a node of which nothing more is known. */
export function standingOf(fields: Pick<Standing, 'id' | 'name'> & Partial<Standing>): Standing {
  const unknown = {
    presence: undefined,
    roundTripMs: undefined,
    latest: undefined,
    previous: undefined,
    silence: undefined,
  }
  return { ...unknown, ...fields }
}

/** More are not taken for one table. */
export const NODES_MAX = 5_000

/** Whom these see, and who are not known otherwise. */
export function onlySeen(
  snapshots: readonly NodeSnapshot[],
  known: { has(id: PeerId): boolean },
): readonly { readonly id: PeerId; readonly name: string }[] {
  const found = new Map<PeerId, { readonly id: PeerId; readonly name: string }>()
  for (const { peers } of snapshots) {
    for (const peer of peers.values()) {
      if (found.size >= NODES_MAX) return [...found.values()]
      if (!known.has(peer.id)) found.set(peer.id, peer)
    }
  }
  return [...found.values()]
}

/** A table at a moment. */
export interface Frame {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly rows: readonly NodeRow[]
}

const BADNESS: Readonly<Record<Presence, number>> = { alive: 0, evasive: 1, silent: 2 }

export function worse(a: Presence | undefined, b: Presence | undefined): Presence | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return BADNESS[a] >= BADNESS[b] ? a : b
}

/** `observer` is not a node of the mesh it observes: nobody's peers, queues and rates include it. */
export function rowsOf(
  standings: readonly Standing[],
  observer: PeerId | undefined,
): readonly NodeRow[] {
  const views = new Map<PeerId, Presence>()
  for (const { peers } of answersOf(standings)) {
    for (const { id, presence } of peers.values()) {
      views.set(id, worse(views.get(id), presence)!)
    }
  }
  return standings.map((standing) => {
    const { id, name, presence, roundTripMs, latest, previous, silence } = standing
    const state = silence?.kind === 'gone' ? 'gone' : worse(presence, views.get(id))
    const isAnswering = latest !== undefined && silence === undefined
    const numbers = isAnswering ? numbersOf(latest, previous, observer) : undefined
    return { id, name, state, silence, roundTripMs, numbers }
  })
}

const collator = new Intl.Collator('en', { numeric: true })

/** As people count: `node2` before `node10`. */
export function compareNames(
  a: Pick<NodeRow, 'id' | 'name'>,
  b: Pick<NodeRow, 'id' | 'name'>,
): number {
  return collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)
}

function numbersOf(
  latest: NodeSnapshot,
  previous: NodeSnapshot | undefined,
  observer: PeerId | undefined,
): RowNumbers {
  const { at, metrics } = latest
  const others = [...latest.peers.values()].filter(({ id }) => id !== observer)
  const counted = [...metrics.peers].filter(([id]) => id !== observer).map(([, peer]) => peer)
  const before = previous?.metrics.warnings
  return {
    at,
    peers: others.length,
    sees: others.reduce<Presence>((worst, { presence }) => worse(worst, presence)!, 'alive'),
    meanRoundTripMs: meanOf(counted.map(({ roundTripMs }) => roundTripMs)),
    rates: previous === undefined ? NO_RATES : ratesBetween(previous, latest, observer),
    queueMessages: sumOf(counted.map(({ queueMessages }) => queueMessages)),
    queueBytes: sumOf(counted.map(({ queueBytes }) => queueBytes)),
    blocked: counted.filter(({ blocked }) => blocked).length,
    drops: dropsOf(metrics),
    warnings: metrics.warnings,
    hasNewWarnings: before !== undefined && (metrics.warnings ?? 0) > before,
    loopDelayMs: metrics.loopDelayMs,
    uptimeMs: metrics.uptimeMs,
  }
}

type Values = readonly (number | undefined)[]

/** Of nothing at all it is 0; where there are values and none of them is known, it is unknown. */
function sumOf(values: Values): number | undefined {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0 && values.length > 0) return undefined
  return known.reduce((sum, value) => sum + value, 0)
}

function meanOf(values: Values): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0
    ? undefined
    : known.reduce((sum, value) => sum + value, 0) / known.length
}
