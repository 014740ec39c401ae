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
import { type Frame, rowsOf, type Standing } from './rows.ts'
import { type NodeSnapshot, readSnapshot } from './snapshot.ts'

/** The answer of a node with two thousand peers is half of this. */
const LINE_BYTES_MAX = 4 * 1_024 * 1_024
/** The last moment that a Date can hold. */
const AT_MAX = 8.64e15
const NEWLINE = 0x0a

export interface RecordingCounts {
  snapshots: number
  /** Lines that are no JSON, too long, or snapshots that are none. */
  bad: number
}

/** `-` is stdin. @throws CliError when the file cannot be read */
export async function* readRecording(
  host: Host,
  path: string,
  counts: RecordingCounts,
): AsyncGenerator<NodeSnapshot, undefined> {
  const source = path === '-' ? host.stdin : createReadStream(path)
  const lines = boundedLines(addAbortSignal(host.signal, source), () => {
    counts.bad++
  })
  try {
    for await (const line of lines) {
      const read = readLine(line)
      if (read === 'bad') counts.bad++
      else if (read !== 'other') {
        counts.snapshots++
        yield read
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || host.signal.aborted) throw error
    throw new CliError(ExitCode.failure, `${path} cannot be read: ${(error as Error).message}`)
  }
}

function readLine(line: string): NodeSnapshot | 'other' | 'bad' {
  if (line.trim() === '') return 'other'
  const fields = parsed(line)
  if (fields === undefined) return 'bad'
  if (fields['type'] !== 'earshot.snapshot/1') return 'other'
  const { at, node, name, data } = fields
  const id = typeof node === 'string' ? parsePeerId(node) : undefined
  const isTime = typeof at === 'number' && at >= 0 && at <= AT_MAX
  if (id === undefined || !isTime) return 'bad'
  const snapshot = readSnapshot(id, at, data)
  if (snapshot === undefined) return 'bad'
  const isNamed = snapshot.name !== '' || typeof name !== 'string'
  return isNamed ? snapshot : { ...snapshot, name: name.slice(0, 255) }
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

/**
 * Puts snapshots together into rounds: a round is over when a node comes that is in it already. So it does not matter
 * how often the recorder asked, nor that it got no answer from some.
 */
export class Rounds {
  readonly #latest = new Map<PeerId, NodeSnapshot>()
  readonly #previous = new Map<PeerId, NodeSnapshot>()
  #round = new Map<PeerId, NodeSnapshot>()

  /** The round that is over now, if it is. */
  push(snapshot: NodeSnapshot): Round | undefined {
    const over = this.#round.has(snapshot.id) ? this.end() : undefined
    this.#round.set(snapshot.id, snapshot)
    return over
  }

  /** The round that was not yet over. */
  end(): Round | undefined {
    const round = this.#round
    if (round.size === 0) return undefined
    this.#round = new Map()
    for (const [id, snapshot] of round) {
      const before = this.#latest.get(id)
      if (before !== undefined) this.#previous.set(id, before)
      this.#latest.set(id, snapshot)
    }
    const standings = [...round.values()].map((latest) => this.#answering(latest))
    for (const { id, name } of unanswering(round)) standings.push(this.#silent(id, name))
    const at = [...round.values()].reduce((last, snapshot) => Math.max(last, snapshot.at), 0)
    // Of those who left, and were not just late, nothing is needed any more.
    const present = new Set(standings.map(({ id }) => id))
    for (const id of [...this.#latest.keys()]) {
      if (present.has(id)) continue
      this.#latest.delete(id)
      this.#previous.delete(id)
    }
    return { at, snapshots: [...round.values()], standings }
  }

  #answering(latest: NodeSnapshot): Standing {
    const { id, name } = latest
    const previous = this.#previous.get(id)
    const unknown = { presence: undefined, roundTripMs: undefined, silence: undefined }
    return { id, name, latest, previous, ...unknown }
  }

  /** Others see it: either it did not answer this time, or it was never asked. */
  #silent(id: PeerId, name: string): Standing {
    const latest = this.#latest.get(id)
    const silence =
      latest === undefined
        ? ({ kind: 'unrecorded' } as const)
        : ({ kind: 'mute', since: latest.at } as const)
    const unknown = { presence: undefined, roundTripMs: undefined, previous: undefined }
    return { id, name, latest, silence, ...unknown }
  }
}

export interface Round {
  readonly at: number
  readonly snapshots: readonly NodeSnapshot[]
  readonly standings: readonly Standing[]
}

export function frameOf({ at, standings }: Round): Frame {
  return { at, rows: rowsOf(standings, undefined) }
}

/** Whom those of a round see, and who are not in it. */
function unanswering(
  round: ReadonlyMap<PeerId, NodeSnapshot>,
): Iterable<{ readonly id: PeerId; readonly name: string }> {
  const found = new Map<PeerId, { readonly id: PeerId; readonly name: string }>()
  for (const { peers } of round.values()) {
    for (const peer of peers.values()) {
      if (!round.has(peer.id) && !found.has(peer.id)) found.set(peer.id, peer)
    }
  }
  return found.values()
}
