/**
 * Seeds: places where peers are, as the options name them: `tcp://host:port`. Names are resolved, and again from time to
 * time, since in a cloud the same name leads elsewhere tomorrow (`seed.ts`). Each is proposed every second: the node
 * dials those that it is not linked to, when it holds it for worth while.
 */
import { isIpv6 } from '../../base/ipv6.ts'
import type { Mailbox } from '../../runtime/candidate.ts'
import { badOption } from '../../runtime/options.ts'
import type { Platform, SocketAddress } from '../../runtime/platform.ts'
import type { DiscoveryHost } from '../host.ts'
import { checkPlace, checkResolvable, type Place } from '../place.ts'
import { Rounds } from '../rounds.ts'
import { Seed } from './seed.ts'

export interface SeedMetrics {
  readonly seeds: number
  /** Of these, names that were not resolved when last asked. */
  readonly unresolved: number
  /** Addresses that the seeds have now, and that are proposed. */
  readonly addresses: number
  /** Addresses that are too many. */
  readonly leftOut: number
  /** Names that were asked for. */
  readonly lookups: number
  readonly failures: number
}

const SEEDS_MAX = 256
/** Addresses of one name. */
const ADDRESSES_MAX = 64
/** Addresses of all seeds: the node remembers no more places of strangers. */
const ADDRESSES_OF_ALL_MAX = 256
/** Milliseconds between two proposals. */
const PROPOSE_MS = 1_000

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
  readonly #rounds: Rounds
  readonly #stopListening: () => void
  #isAwake = false
  /** Addresses that each seed may have proposed. */
  #share = ADDRESSES_MAX
  #leftOut = 0
  /** The seed that the next round begins with: the node dials only so many at once, and the last shall have a turn. */
  #first = 0

  constructor(host: DiscoveryHost, places: readonly Place[]) {
    this.#host = host
    this.#seeds = places.map(
      (place) => new Seed(host, place, (seed) => this.#handleAddresses(seed)),
    )
    this.#rounds = new Rounds(host.platform, PROPOSE_MS, () => this.#proposeAll())
    this.#stopListening = host.onMailboxes((mailboxes) => this.#handleMailboxes(mailboxes))
    host.onStopping(() => this.close())
  }

  metrics(): SeedMetrics {
    const sum = (count: (seed: Seed) => number): number =>
      this.#seeds.reduce((total, seed) => total + count(seed), 0)
    return {
      seeds: this.#seeds.length,
      unresolved: sum(({ isUnresolved }) => Number(isUnresolved)),
      addresses: sum(({ addresses }) => Math.min(this.#share, addresses.length)),
      leftOut: this.#leftOut,
      lookups: sum(({ lookups }) => lookups),
      failures: sum(({ failures }) => failures),
    }
  }

  /** Nothing is proposed any more. Calling twice is harmless. */
  close(): void {
    this.#stopListening()
    this.#sleep()
  }

  /** Without a mailbox the node sleeps, or has no network: there is nobody to look for. */
  #handleMailboxes(mailboxes: readonly Mailbox[]): void {
    if (mailboxes.length === 0) {
      this.#sleep()
      return
    }
    this.#isAwake = true
    for (const seed of this.#seeds) seed.wake()
    this.#rounds.start()
    this.#proposeAll()
  }

  #sleep(): void {
    this.#isAwake = false
    this.#rounds.stop()
    for (const seed of this.#seeds) seed.sleep()
  }

  #handleAddresses(seed: Seed): void {
    const counts = this.#seeds.map(({ addresses }) => addresses.length)
    const sumUpTo = (share: number): number =>
      counts.reduce((total, count) => total + Math.min(share, count), 0)
    this.#share = ADDRESSES_MAX
    // There are no more seeds than addresses that are allowed: at least one is left for each.
    while (sumUpTo(this.#share) > ADDRESSES_OF_ALL_MAX) this.#share--
    const before = this.#leftOut
    this.#leftOut = sumUpTo(Number.POSITIVE_INFINITY) - sumUpTo(this.#share)
    this.#propose(seed)
    if (before > 0 || this.#leftOut === 0 || !this.#isAwake) return
    const reason = `the seeds lead to too many addresses: ${this.#leftOut} are left out`
    this.#host.warn('seed-unresolved', reason)
  }

  #proposeAll(): void {
    const from = this.#first++ % this.#seeds.length
    const seeds = [...this.#seeds.slice(from), ...this.#seeds.slice(0, from)]
    for (const seed of seeds) this.#propose(seed)
  }

  /** A list of seeds may be the same for all nodes, so that it names us, too: the node knows its own places. */
  #propose({ addresses }: Seed): void {
    for (const endpoints of somebodies(addresses.slice(0, this.#share))) {
      // Each may be what the application was waiting for to stop the node.
      if (this.#isAwake) this.#host.propose({ way: 'seed', endpoints })
    }
  }
}

/**
 * Who is at the addresses of one name. One of IPv4 and one of IPv6 are two ways to the same host. Several of one family
 * are the hosts of a service, each of which is to be met.
 */
function somebodies(addresses: readonly SocketAddress[]): readonly (readonly SocketAddress[])[] {
  const ofIpv6 = addresses.filter(({ address }) => isIpv6(address)).length
  const isOne = ofIpv6 <= 1 && addresses.length - ofIpv6 <= 1
  if (addresses.length === 0) return []
  return isOne ? [addresses] : addresses.map((each) => [each])
}
