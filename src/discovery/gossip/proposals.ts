/**
 * Tells the node where others are. So many at once, and the rest in slices: each is a look at the table of peers, and some
 * are dials.
 */
import { isLinkLocalIpv6 } from '../../base/ipv6.ts'
import type { Candidate } from '../../runtime/candidate.ts'
import { parseEndpoint } from '../../zre/endpoint.ts'
import { isDialable, isLoopback } from '../addresses.ts'
import type { DiscoveryHost } from '../host.ts'
import { Rounds } from '../rounds.ts'
import type { Entry } from './table.ts'

/** Proposals of one slice, and milliseconds to the next: 4,096 entries take 4 s, the time between two looks at them. */
const SLICE = 256
const SLICE_MS = 250
const UUID = /^[0-9A-F]{32}$/

export class Proposals {
  readonly #host: DiscoveryHost
  readonly #entryOf: (key: string) => Entry | undefined
  readonly #waiting = new Set<string>()
  readonly #slices: Rounds
  #state: 'asleep' | 'idle' | 'slicing' = 'asleep'
  /** Of this slice. */
  #left = SLICE

  constructor(host: DiscoveryHost, entryOf: (key: string) => Entry | undefined) {
    this.#host = host
    this.#entryOf = entryOf
    this.#slices = new Rounds(host.platform, SLICE_MS, () => this.#nextSlice())
  }

  wake(): void {
    if (this.#state === 'asleep') this.#state = 'idle'
  }

  sleep(): void {
    this.#state = 'asleep'
    this.#slices.stop()
    this.#waiting.clear()
    this.#left = SLICE
  }

  /** Proposes what there is to propose; calls the application, which may put everything to sleep. */
  propose(keys: readonly string[]): void {
    if (this.#state === 'asleep') return
    for (const key of keys) this.#waiting.add(key)
    this.#proposeSome()
  }

  #nextSlice(): void {
    this.#left = SLICE
    if (this.#waiting.size > 0) {
      this.#proposeSome()
      return
    }
    this.#state = 'idle'
    this.#slices.stop()
  }

  #proposeSome(): void {
    while (this.#state !== 'asleep' && this.#left > 0) {
      const [key] = this.#waiting
      if (key === undefined) return
      this.#waiting.delete(key)
      const entry = this.#entryOf(key)
      const candidate = entry && candidateOf(entry, this.#host.id)
      if (candidate === undefined) continue
      this.#left--
      if (this.#state === 'idle') {
        this.#state = 'slicing'
        this.#slices.start()
      }
      this.#host.propose(candidate)
    }
  }
}

/** Where a node is, if the entry is about one: a value is an endpoint, and with CURVE also `|` and a key. */
function candidateOf({ key, value, state, isLocal }: Entry, ownId: string): Candidate | undefined {
  if (state !== 'alive' || key === ownId || !UUID.test(key)) return undefined
  const bar = value.indexOf('|')
  const endpoint = parseEndpoint(bar < 0 ? value : value.slice(0, bar))
  if (endpoint === undefined || !isDialable(endpoint.address)) return undefined
  // A stranger's loopback is not ours; a link-local address says nothing without its link.
  if (isLoopback(endpoint.address) && !isLocal) return undefined
  if (isLinkLocalIpv6(endpoint.address)) return undefined
  return { way: 'gossip', id: key, endpoints: [endpoint] }
}
