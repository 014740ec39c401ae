/**
 * A survey: asks every node of the mesh for its metrics, round after round, and remembers what each has said.
 *
 *     round() ─▶ those who are there, and not being asked already ─▶ queue ─▶ at most 64 at a time ─▶ answer │ silence
 *
 * A node that does not answer delays nobody: a round ends when its time is over, and the answer may come later.
 */
import type { ExitReason, MeshNode, PeerId, PeerInfo } from '../../src/index.ts'
import { meshLog } from '../../src/index.ts'
import { roundTrip } from '../round-trip.ts'
import { ANSWER_MS, ASKED_AT_ONCE, GONE_MS } from './limits.ts'
import type { Silence, Standing } from './rows.ts'
import { type NodeSnapshot, readSnapshot } from './snapshot.ts'

export interface SurveyOptions {
  /** Whom to ask; everybody by default. */
  readonly choose?: (peers: readonly PeerInfo[]) => readonly PeerInfo[]
  /** Ends all questions. */
  readonly signal: AbortSignal
}

/** What is remembered of a node. */
interface Watched {
  peer: PeerInfo
  isBeingAsked: boolean
  /** When it was asked first, or when it answered last. */
  heardAt: number
  isMute: boolean
  roundTripMs: number | undefined
  latest: NodeSnapshot | undefined
  previous: NodeSnapshot | undefined
  gone: { readonly since: number; readonly reason: ExitReason } | undefined
}

export class Survey {
  readonly #node: MeshNode
  readonly #choose: (peers: readonly PeerInfo[]) => readonly PeerInfo[]
  readonly #signal: AbortSignal
  readonly #watched = new Map<PeerId, Watched>()
  readonly #queue: Watched[] = []
  readonly #whenIdle = new Set<() => void>()
  #asked = 0

  constructor(node: MeshNode, { choose = (peers) => peers, signal }: SurveyOptions) {
    this.#node = node
    this.#choose = choose
    this.#signal = signal
    node.on('enter', ({ peer }) => this.#forget(peer.id))
    node.on('exit', ({ peer, reason }) => {
      const watched = this.#watched.get(peer.id)
      if (watched !== undefined) watched.gone = { since: wallNow(), reason }
    })
  }

  /** Asks everybody; resolves when all have answered, when the time is over, or when aborted. */
  async round(limitMs: number): Promise<void> {
    for (const peer of this.#choose(this.#node.peers())) {
      const watched = this.#watch(peer)
      if (watched.isBeingAsked) continue
      watched.isBeingAsked = true
      this.#queue.push(watched)
    }
    this.#askNext()
    if (!this.#isIdle()) await this.#idle(limitMs)
  }

  /** All nodes that are there, or have just left. */
  standings(): Standing[] {
    const now = wallNow()
    for (const [id, { gone }] of [...this.#watched]) {
      if (gone !== undefined && now - gone.since > GONE_MS) this.#watched.delete(id)
    }
    return [...this.#watched.values()].map((watched): Standing => {
      const { peer, roundTripMs, latest, previous } = watched
      const { id, name, presence } = this.#node.peer(peer.id) ?? peer
      const silence = silenceOf(watched)
      return { id, name, presence, roundTripMs, latest, previous, silence }
    })
  }

  #watch(peer: PeerInfo): Watched {
    let watched = this.#watched.get(peer.id)
    if (watched === undefined) {
      watched = {
        peer,
        isBeingAsked: false,
        heardAt: wallNow(),
        isMute: false,
        roundTripMs: undefined,
        latest: undefined,
        previous: undefined,
        gone: undefined,
      }
      this.#watched.set(peer.id, watched)
    }
    watched.peer = peer
    return watched
  }

  /** One that comes back begins anew. */
  #forget(id: PeerId): void {
    if (this.#watched.get(id)?.gone !== undefined) this.#watched.delete(id)
  }

  #askNext(): void {
    while (this.#asked < ASKED_AT_ONCE) {
      const watched = this.#queue.shift()
      if (watched === undefined) break
      this.#asked++
      void this.#ask(watched).finally(() => {
        this.#asked--
        watched.isBeingAsked = false
        this.#askNext()
      })
    }
    if (this.#isIdle()) for (const resolve of [...this.#whenIdle]) resolve()
  }

  /** First a PING: the question would delay its answer. Who does not answer that answers nothing. */
  async #ask(watched: Watched): Promise<void> {
    const { peer } = watched
    watched.roundTripMs = await roundTrip(this.#node, peer, ANSWER_MS, this.#signal)
    if (isForeign(peer)) return
    const options = { timeoutMs: ANSWER_MS, signal: this.#signal }
    const data =
      watched.roundTripMs === undefined
        ? undefined
        : await meshLog(this.#node)
            .query(peer.id, 'metrics', options)
            .catch(() => undefined)
    const snapshot = readSnapshot(peer.id, wallNow(), data)
    watched.isMute = snapshot === undefined
    if (snapshot === undefined) return
    watched.heardAt = snapshot.at
    watched.previous = watched.latest
    watched.latest = snapshot
  }

  #isIdle(): boolean {
    return this.#asked === 0 && this.#queue.length === 0
  }

  #idle(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#signal.removeEventListener('abort', end)
        this.#whenIdle.delete(end)
        resolve()
      }
      const timer = setTimeout(end, limitMs)
      this.#signal.addEventListener('abort', end)
      this.#whenIdle.add(end)
      if (this.#signal.aborted) end()
    })
  }
}

/** Another implementation of ZRE: it has no log that could be asked. */
function isForeign({ headers }: PeerInfo): boolean {
  return headers['X-EARSHOT'] === undefined
}

function silenceOf({ peer, isMute, heardAt, gone }: Watched): Silence | undefined {
  if (gone !== undefined) return { kind: 'gone', ...gone }
  if (isForeign(peer)) return { kind: 'foreign' }
  return isMute ? { kind: 'mute', since: heardAt } : undefined
}

/** Wall time that never jumps while we run. */
export function wallNow(): number {
  return performance.timeOrigin + performance.now()
}
