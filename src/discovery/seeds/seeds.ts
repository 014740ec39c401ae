/**
 * Seeds: places where peers are, as the options name them: `tcp://host:port`. Names are resolved, and again every
 * RESOLVE_MS, since in a cloud the same name leads elsewhere tomorrow. Each address is proposed again and again: the node
 * dials those that it is not linked to.
 */
import type { Mailbox } from '../../runtime/candidate.ts'
import { badOption } from '../../runtime/options.ts'
import type { Platform, SocketAddress, Timer } from '../../runtime/platform.ts'
import type { DiscoveryHost } from '../host.ts'
import { Patience } from '../patience.ts'
import { checkPlace, checkResolvable, type Place } from '../place.ts'

export interface SeedMetrics {
  readonly seeds: number
  /** Of these, names that were not resolved when last asked. */
  readonly unresolved: number
  /** Addresses that the seeds have now. */
  readonly addresses: number
  /** Names that were asked for. */
  readonly lookups: number
  readonly failures: number
}

const SEEDS_MAX = 256
/** Addresses of one name. */
const ADDRESSES_MAX = 64
/** Milliseconds between two proposals. */
const PROPOSE_MS = 5_000
/** Milliseconds for which what a name leads to is believed. */
const RESOLVE_MS = 30_000
/** Milliseconds to the next question after one without an answer. */
const RETRY_MS = { min: 1_000, max: 60_000 } as const

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkSeeds(peers: string | readonly string[], platform: Platform): Place[] {
  const texts: readonly unknown[] = Array.isArray(peers) ? peers : [peers]
  if (texts.length > SEEDS_MAX) throw badOption('peers', `at most ${SEEDS_MAX} endpoints`)
  const places = new Map<string, Place>()
  for (const text of texts) {
    const place = checkPlace('peers', text)
    places.set(place.text, place)
  }
  checkResolvable('peers', [...places.values()], platform)
  return [...places.values()]
}

/**
 * Starts to propose what the options name; goes on until it is closed, or the node stops.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option.
 */
export function startSeeds(host: DiscoveryHost, peers: string | readonly string[]): Seeds {
  return new Seeds(host, checkSeeds(peers, host.platform))
}

export class Seeds {
  readonly #host: DiscoveryHost
  readonly #seeds: readonly Seed[]
  readonly #stopListening: () => void
  #mailboxes: readonly Mailbox[] = []
  #timer: Timer | undefined
  #closed = false

  constructor(host: DiscoveryHost, places: readonly Place[]) {
    this.#host = host
    this.#seeds = places.map((place) => new Seed(host, place, (seed) => this.#propose(seed)))
    this.#stopListening = host.onMailboxes((mailboxes) => this.#handleMailboxes(mailboxes))
    host.onStopping(() => this.close())
  }

  metrics(): SeedMetrics {
    const sum = (count: (seed: Seed) => number): number =>
      this.#seeds.reduce((total, seed) => total + count(seed), 0)
    return {
      seeds: this.#seeds.length,
      unresolved: sum(({ isUnresolved }) => Number(isUnresolved)),
      addresses: sum(({ addresses }) => addresses.length),
      lookups: sum(({ lookups }) => lookups),
      failures: sum(({ failures }) => failures),
    }
  }

  /** Nothing is proposed any more. Calling twice is harmless. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#sleep()
  }

  /** Without a mailbox the node sleeps, or has no network: there is nobody to look for. */
  #handleMailboxes(mailboxes: readonly Mailbox[]): void {
    if (this.#closed) return
    this.#mailboxes = mailboxes
    this.#sleep()
    if (mailboxes.length === 0) return
    for (const seed of this.#seeds) seed.wake()
    this.#armProposals()
  }

  #sleep(): void {
    this.#timer?.cancel()
    for (const seed of this.#seeds) seed.sleep()
  }

  #armProposals(): void {
    const { clock, entropy } = this.#host.platform
    const at = clock.now() + PROPOSE_MS * (0.9 + 0.1 * entropy.random())
    this.#timer = clock.setTimer(at, () => {
      for (const seed of this.#seeds) this.#propose(seed)
      this.#armProposals()
    })
  }

  /** A list of seeds may be the same for all nodes, so that it names us, too. */
  #propose({ addresses }: Seed): void {
    for (const to of addresses) {
      const isOwn = this.#mailboxes.some(
        (own) => own.address === to.address && own.port === to.port,
      )
      if (!isOwn) this.#host.propose({ way: 'seed', endpoints: [to] })
    }
  }
}

/** One of them. */
class Seed {
  readonly #host: DiscoveryHost
  readonly #place: Place
  readonly #onChange: (seed: Seed) => void
  readonly #patience: Patience
  #addresses: readonly SocketAddress[] = []
  #timer: Timer | undefined
  /** Counts the times that it was woken or put to sleep: answers to older questions come too late. */
  #epoch = 0
  #lookups = 0
  #failures = 0

  constructor(host: DiscoveryHost, place: Place, onChange: (seed: Seed) => void) {
    this.#host = host
    this.#place = place
    this.#onChange = onChange
    this.#patience = new Patience(RETRY_MS.min, RETRY_MS.max, host.platform.entropy)
    if (place.kind === 'address') this.#addresses = [place.to]
  }

  /** What the name led to when it was last resolved. */
  get addresses(): readonly SocketAddress[] {
    return this.#addresses
  }

  get isUnresolved(): boolean {
    return this.#addresses.length === 0 || this.#patience.failures > 0
  }

  get lookups(): number {
    return this.#lookups
  }

  get failures(): number {
    return this.#failures
  }

  /** Resolves at once, and then from time to time. */
  wake(): void {
    this.sleep()
    this.#patience.reset()
    if (this.#place.kind === 'address') this.#onChange(this)
    else this.#resolve(this.#place.name, this.#place.port)
  }

  sleep(): void {
    this.#timer?.cancel()
    this.#epoch++
  }

  #resolve(name: string, port: number): void {
    const epoch = this.#epoch
    this.#lookups++
    this.#host.platform.resolve!(name).then(
      (addresses) => {
        if (epoch !== this.#epoch) return
        if (addresses.length === 0) this.#handleFailure(name, port, 'it has no address')
        else this.#handleAddresses(name, port, addresses)
      },
      (error: unknown) => {
        if (epoch !== this.#epoch) return
        this.#handleFailure(name, port, error instanceof Error ? error.message : `${error}`)
      },
    )
  }

  #handleAddresses(name: string, port: number, addresses: readonly string[]): void {
    this.#patience.reset()
    this.#addresses = addresses.slice(0, ADDRESSES_MAX).map((address) => ({ address, port }))
    this.#onChange(this)
    this.#askAgain(name, port, RESOLVE_MS)
  }

  /** What the name led to before is still proposed: who is there need not be gone. */
  #handleFailure(name: string, port: number, reason: string): void {
    this.#failures++
    const ms = this.#patience.nextMs()
    this.#host.warn('seed-unresolved', `${this.#place.text}: ${reason}`)
    this.#askAgain(name, port, ms)
  }

  #askAgain(name: string, port: number, afterMs: number): void {
    const { clock } = this.#host.platform
    this.#timer = clock.setTimer(clock.now() + afterMs, () => this.#resolve(name, port))
  }
}
