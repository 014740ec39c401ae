/**
 * Snapshots from a recording: NDJSON, of which these lines matter:
 *
 *     {"type":"earshot.snapshot/1","at":1732221313000,"node":"EAC2…","name":"kitchen","data":{…the answer…}}
 *
 * Whatever else a recording holds is passed over. Lines that are no JSON, and snapshots that cannot be read, are counted.
 */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { addAbortSignal } from 'node:stream'
import type { PeerId } from '../../src/index.ts'
import { parsePeerId } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import type { Output } from '../output.ts'
import { type Frame, rowsOf, type Standing } from './rows.ts'
import { type NodeSnapshot, readSnapshot } from './snapshot.ts'

/** As long as recordings have them: a message of 16 MiB, as base64. */
const LINE_BYTES_MAX = 32 * 1_024 * 1_024
/** The last moment that a Date can hold. */
const AT_MAX = 8.64e15
const NEWLINE = 0x0a

/** What is found out while a recording is read. */
export interface RecordingFacts {
  /** Who recorded it, where it says so: no node of the mesh that was observed. */
  observer?: PeerId
  snapshots: number
  /** Lines that are no JSON, too long, or snapshots that are none. */
  bad: number
}

/** `-` is stdin. @throws CliError when the file cannot be read */
export async function* readRecording(
  host: Host,
  path: string,
  facts: RecordingFacts,
): AsyncGenerator<NodeSnapshot, undefined> {
  const source = path === '-' ? host.stdin : createReadStream(path)
  const lines = boundedLines(addAbortSignal(host.signal, source), () => {
    facts.bad++
  })
  try {
    for await (const line of lines) {
      const read = readLine(line)
      if (read.kind === 'bad') facts.bad++
      if (read.kind === 'observer') facts.observer = read.id
      if (read.kind !== 'snapshot' || read.snapshot.id === facts.observer) continue
      facts.snapshots++
      yield read.snapshot
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || host.signal.aborted) throw error
    throw new CliError(ExitCode.failure, `${path} cannot be read: ${(error as Error).message}`)
  }
}

type Line =
  | { readonly kind: 'snapshot'; readonly snapshot: NodeSnapshot }
  | { readonly kind: 'observer'; readonly id: PeerId }
  | { readonly kind: 'other' | 'bad' }

function readLine(line: string): Line {
  if (line.trim() === '') return { kind: 'other' }
  const fields = parsed(line)
  if (fields === undefined) return { kind: 'bad' }
  const { type, node } = fields
  const id = typeof node === 'string' ? parsePeerId(node) : undefined
  if (type === 'earshot.recording/1' && id !== undefined) return { kind: 'observer', id }
  if (type !== 'earshot.snapshot/1') return { kind: 'other' }
  const snapshot = id === undefined ? undefined : snapshotOf(id, fields)
  return snapshot === undefined ? { kind: 'bad' } : { kind: 'snapshot', snapshot }
}

function snapshotOf(
  id: PeerId,
  { at, name, data }: Readonly<Record<string, unknown>>,
): NodeSnapshot | undefined {
  if (typeof at !== 'number' || !(at >= 0 && at <= AT_MAX)) return undefined
  const snapshot = readSnapshot(id, at, data)
  if (snapshot === undefined || snapshot.name !== '' || typeof name !== 'string') return snapshot
  return { ...snapshot, name: name.slice(0, 255) }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A line that is too long is not kept: it is told, and reading goes on after it. */
async function* boundedLines(
  source: Readable,
  tooLong: () => void,
): AsyncGenerator<string, undefined> {
  let begun: Uint8Array[] = []
  let length = 0
  const take = (part: Uint8Array): void => {
    length += part.length
    if (length <= LINE_BYTES_MAX) begun.push(part)
    else begun = []
  }
  const finished = (): string | undefined => {
    const line = length <= LINE_BYTES_MAX ? Buffer.concat(begun).toString('utf8') : undefined
    if (line === undefined) tooLong()
    begun = []
    length = 0
    return line
  }
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end))
      start = end + 1
      const line = finished()
      if (line !== undefined) yield line
    }
    take(chunk.subarray(start))
  }
  const last = length > 0 ? finished() : undefined
  if (last !== undefined) yield last
}

/** @throws CliError for a recording without snapshots */
export function checkFound(out: Output, path: string, { snapshots, bad }: RecordingFacts): void {
  const lines = `${bad} bad ${bad === 1 ? 'line' : 'lines'}`
  if (bad > 0 && snapshots > 0) out.note(`${path}: ${lines} passed over`)
  if (snapshots > 0) return
  const text = `${path} holds no snapshots of nodes${bad > 0 ? `, and ${lines}` : ''}`
  throw new CliError(ExitCode.failure, text)
}

/** More are not taken for one round. */
const ROUND_NODES_MAX = 5_000

/**
 * Puts snapshots together into rounds: a round is over when a node comes that is in it already. So it does not matter
 * how often the recorder asked. Who is missing from one round was late, or the recording ended; from two: it was mute.
 */
export class Rounds {
  /** Of the nodes of the round before. */
  #latest: ReadonlyMap<PeerId, Kept> = new Map()
  #round = new Map<PeerId, NodeSnapshot>()

  /** The round that is over now, if it is. */
  push(snapshot: NodeSnapshot, observer?: PeerId): Round | undefined {
    const isOver = this.#round.has(snapshot.id) || this.#round.size >= ROUND_NODES_MAX
    const over = isOver ? this.end(observer) : undefined
    this.#round.set(snapshot.id, snapshot)
    return over
  }

  /** The round that was not yet over. The observer is in none. */
  end(observer?: PeerId): Round | undefined {
    const round = this.#round
    if (round.size === 0) return undefined
    this.#round = new Map()
    const kept = new Map<PeerId, Kept>()
    for (const [id, latest] of round) {
      kept.set(id, { latest, previous: this.#latest.get(id)?.latest, missed: 0 })
    }
    const silent: Standing[] = []
    for (const { id, name } of unanswering(round)) {
      if (id === observer) continue
      const before = this.#latest.get(id)
      if (before === undefined) {
        silent.push(standingOf({ id, name, silence: { kind: 'unrecorded' } }))
      } else {
        kept.set(id, { ...before, missed: before.missed + 1 })
      }
    }
    this.#latest = kept
    const at = [...round.values()].reduce((last, snapshot) => Math.max(last, snapshot.at), 0)
    const known = [...kept.values()].map(standingOfKept)
    const snapshots = known.flatMap(({ latest, silence }) => {
      return latest === undefined || silence !== undefined ? [] : [latest]
    })
    return { at, snapshots, standings: [...known, ...silent] }
  }
}

interface Kept {
  readonly latest: NodeSnapshot
  readonly previous: NodeSnapshot | undefined
  /** How many rounds it has been missing from since. */
  readonly missed: number
}

const MISSED_MAX = 1

function standingOfKept({ latest, previous, missed }: Kept): Standing {
  const { id, name, at } = latest
  const silence = missed > MISSED_MAX ? ({ kind: 'mute', since: at } as const) : undefined
  return standingOf({ id, name, latest, previous, silence })
}

/** Recordings know nothing of the recorder's own view. */
function standingOf(fields: Pick<Standing, 'id' | 'name'> & Partial<Standing>): Standing {
  const unknown = {
    presence: undefined,
    roundTripMs: undefined,
    latest: undefined,
    previous: undefined,
    silence: undefined,
  }
  return { ...unknown, ...fields }
}

export interface Round {
  readonly at: number
  readonly snapshots: readonly NodeSnapshot[]
  readonly standings: readonly Standing[]
}

export function frameOf({ at, standings }: Round, observer: PeerId | undefined): Frame {
  return { at, rows: rowsOf(standings, observer) }
}

/** Whom those of a round see, and who are not in it. */
function unanswering(
  round: ReadonlyMap<PeerId, NodeSnapshot>,
): Iterable<{ readonly id: PeerId; readonly name: string }> {
  const found = new Map<PeerId, { readonly id: PeerId; readonly name: string }>()
  for (const { peers } of round.values()) {
    for (const peer of peers.values()) {
      if (found.size >= ROUND_NODES_MAX) return found.values()
      if (!round.has(peer.id)) found.set(peer.id, peer)
    }
  }
  return found.values()
}
