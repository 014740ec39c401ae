/**
 * Gossip: peers found through hubs, where no broadcast goes. Wire-compatible with CZMQ's zgossip, which Zyre uses: each
 * node publishes where its mailbox is, each hub passes on what it hears, and whoever hears of a node dials it.
 *
 *     dialler ──┐                          ┌──► table ──► proposals to the node
 *     dialler ──┼── link ── conversation ──┤      │
 *     hub ──────┘                          └──◄───┘ to all other links
 *
 * Start reading here, then `table.ts` for what is believed and `age.ts` for how it ends.
 */
import type { DiscoveryWarningCode, Mailbox } from '../../runtime/candidate.ts'
import type { DiscoveryHost } from '../host.ts'
import { Rounds } from '../rounds.ts'
import { decodeAge, encodeAge, lifetimeOf, REFRESH_MS } from './age.ts'
import { Allowance } from './allowance.ts'
import { Conversation } from './conversation.ts'
import { GossipDialler } from './dialler.ts'
import { GossipHub } from './hub.ts'
import { DEFAULT_GOSSIP_LIMITS, type GossipLimits } from './limits.ts'
import { GossipLink, type LinkEvents, type LinkOptions } from './link.ts'
import type { LinkEnd } from './link-end.ts'
import type { Publish } from './message.ts'
import { checkGossipOptions, type GossipOptions } from './options.ts'
import { chooseOwnEndpoint, endpointOf } from './own-endpoint.ts'
import { Proposals } from './proposals.ts'
import { type Entry, GossipTable } from './table.ts'

export interface GossipMetrics {
  /** Hubs that are connected to. */
  readonly hubs: number
  /** Connections that our hub has. */
  readonly clients: number
  /** Entries that hold, ours included. */
  readonly entries: number
  /** Entries remembered as gone, so that no old copy brings them back. */
  readonly gone: number
  /** PUBLISH messages that came. */
  readonly heard: number
  /** Of these, not believed, or without room. */
  readonly refused: number
  /** Messages that were well-formed and of no use: no text, or too long. */
  readonly skipped: number
  /** Messages that had no place in the conversation. */
  readonly unexpected: number
  /** Connections ended for what they sent. */
  readonly invalid: number
  /** Connections ended because their handshake took too long. */
  readonly late: number
  /** Connections ended because nothing was taken, or heard, for too long. */
  readonly stalled: number
  readonly silent: number
  /** Connections that the limits did not allow. */
  readonly turnedAway: number
  /** Attempts to reach a hub. */
  readonly dials: number
}

/** Milliseconds between two looks at all entries: what holds is proposed anew, what is over is forgotten. */
const SWEEP_MS = 5_000
/** Milliseconds between two answers to somebody who has another value under our key. */
const CONTRADICT_MS = 5_000
/** Sweeps: between them lies more than TRANSIT_MS. */
const REPETITIONS = 2

/**
 * Starts gossip; it goes on by itself until it is closed, or the node stops.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option.
 */
export function startGossip(
  host: DiscoveryHost,
  options: GossipOptions,
  limits: Partial<GossipLimits> = {},
): Gossip {
  return new Gossip(host, options, { ...DEFAULT_GOSSIP_LIMITS, ...limits })
}

export class Gossip {
  readonly #host: DiscoveryHost
  readonly #limits: GossipLimits
  readonly #table: GossipTable
  readonly #hub: GossipHub | undefined
  readonly #diallers: readonly GossipDialler[]
  readonly #conversations = new Map<GossipLink, Conversation>()
  readonly #proposals: Proposals
  readonly #rounds: Rounds
  readonly #stopListening: () => void
  readonly #counts = {
    heard: 0,
    skipped: 0,
    unexpected: 0,
    invalid: 0,
    late: 0,
    stalled: 0,
    silent: 0,
  }
  #mailboxes: readonly Mailbox[] = []
  #own: Mailbox | undefined
  #ownAt = Number.NEGATIVE_INFINITY
  /** Sweeps that tell it once more: an older value was on its way, or a withdrawal that goes before what is just newer. */
  #ownToRepeat = 0
  #contradictedAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(host: DiscoveryHost, options: GossipOptions, limits: GossipLimits) {
    const { bind, connect } = checkGossipOptions(options, host.platform)
    this.#host = host
    this.#limits = limits
    this.#table = new GossipTable(host.id, limits, {
      spread: (entry, what, from) => this.#spread(entry, what, from),
      contradicted: () => this.#contradict(),
    })
    this.#proposals = new Proposals(host, (key) => this.#table.get(key))
    const { platform } = host
    this.#rounds = new Rounds(platform, SWEEP_MS, () => this.#sweep())
    this.#diallers = connect.map((place) => {
      const dialler: GossipDialler = new GossipDialler({
        platform,
        hub: place,
        makeLink: (source) => {
          const allowance = new Allowance(limits, platform.clock.now())
          return this.#makeLink({ role: 'dialler', source, allowance }, dialler)
        },
        onUnreachable: (reason) => this.#warn('gossip-unreachable', reason),
      })
      return dialler
    })
    this.#hub = bind && this.#openHub(bind)
    this.#stopListening = host.onMailboxes((mailboxes) => this.#handleMailboxes(mailboxes))
    host.onStopping(() => this.close())
  }

  /** Where our hub listens, once it does. */
  get listening(): { readonly address: string; readonly port: number } | undefined {
    return this.#hub?.listening
  }

  metrics(): GossipMetrics {
    let unexpected = this.#counts.unexpected
    for (const conversation of this.#conversations.values()) unexpected += conversation.unexpected
    return {
      ...this.#counts,
      unexpected,
      hubs: this.#diallers.filter(({ link }) => link?.isOpen).length,
      clients: this.#hub?.links.size ?? 0,
      entries: this.#table.aliveCount,
      gone: this.#table.goneCount,
      refused: this.#table.refused,
      turnedAway: this.#hub?.refused ?? 0,
      dials: this.#diallers.reduce((sum, { dials }) => sum + dials, 0),
    }
  }

  /** Withdraws what we published, as far as there are earshot nodes to hear it, and ends. Calling twice is harmless. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#sleep()
  }

  // The connections

  #openHub(at: { readonly address: string; readonly port: number }): GossipHub {
    const hub: GossipHub = new GossipHub({
      platform: this.#host.platform,
      at,
      limits: this.#limits,
      makeLink: (allowance) => this.#makeLink({ role: 'acceptor', allowance }, hub),
      onFailed: (reason) => this.#warn('gossip-failed', reason),
    })
    return hub
  }

  #makeLink(
    side: Pick<LinkOptions, 'role' | 'source' | 'allowance'>,
    owner: {
      handleOpened?(link: GossipLink): void
      handleEnded?(link: GossipLink, end: LinkEnd): void
      handleGone?(link: GossipLink): void
    },
  ): GossipLink {
    const events: LinkEvents = {
      opened: (link) => {
        owner.handleOpened?.(link)
        this.#handleOpened(link)
      },
      message: (link, message) => this.#conversations.get(link)?.handle(message, this.#now),
      skipped: (link, { reason }) => {
        this.#counts.skipped++
        this.#warn('gossip-invalid', `${link.remoteAddress}: ${reason}`)
      },
      beat: (link) => this.#conversations.get(link)?.beat(this.#now),
      publication: (link, key) => this.#publicationFor(link, key),
      ended: (link, end) => {
        this.#countEnd(link, end)
        owner.handleEnded?.(link, end)
        if (end.kind !== 'invalid') return
        this.#warn('gossip-invalid', `${link.remoteAddress}: ${end.problem.reason}`)
      },
      gone: (link) => owner.handleGone?.(link),
    }
    return new GossipLink({
      platform: this.#host.platform,
      ...side,
      ownId: this.#host.id,
      events,
      limits: this.#limits,
    })
  }

  #handleOpened(link: GossipLink): void {
    const conversation = new Conversation(link, {
      tellAll: (to) => {
        for (const key of this.#table.keys()) to.tell(key)
      },
      publish: (from, message) => this.#handlePublish(from, message),
    })
    this.#conversations.set(link, conversation)
    this.#chooseOwn()
    conversation.opened(this.#now)
  }

  #handlePublish(link: GossipLink, message: Publish): void {
    this.#counts.heard++
    const now = this.#now
    if (link.isAged) this.#table.hear(message, decodeAge(message.ttl), link, now)
    else this.#table.hearPlain(message, link, now)
  }

  #countEnd(link: GossipLink, { kind }: LinkEnd): void {
    this.#forget(link)
    if (kind === 'late' || kind === 'stalled' || kind === 'silent' || kind === 'invalid') {
      this.#counts[kind]++
    }
  }

  #forget(link: GossipLink): void {
    const conversation = this.#conversations.get(link)
    if (conversation === undefined) return
    this.#counts.unexpected += conversation.unexpected
    this.#conversations.delete(link)
    // Earshot nodes vouch for nothing: there is no need to go through all entries.
    if (!link.isAged) this.#table.release(link, this.#now)
  }

  // What is told

  #spread(entry: Entry, what: 'value' | 'refresh', from: unknown): void {
    // A hub of CZMQ's that has lost us says so only when it is told something.
    const isForAll = entry.state === 'alive' && (what === 'value' || entry.keeper === 'own')
    for (const [link, { isGreeted }] of this.#conversations) {
      if (link !== from && isGreeted && (link.isAged || isForAll)) link.tell(entry.key)
    }
    if (what === 'value' && entry.keeper !== 'own') this.#proposals.propose([entry.key])
  }

  #publicationFor(link: GossipLink, key: string): Publish | undefined {
    const entry = this.#table.get(key)
    if (entry === undefined || entry.state === 'expired' || entry.isDoubtful) return undefined
    const { value, keeper } = entry
    if (!link.isAged) {
      const isNews = entry.state === 'alive' && !entry.vouchers.has(link)
      return isNews ? { kind: 'publish', key, value, ttl: 0 } : undefined
    }
    const remainingMs = lifetimeOf(value) - (this.#now - entry.bornAt)
    if (remainingMs <= 0) return undefined
    const ttl = encodeAge({ remainingMs, isAdopted: keeper === 'told' })
    return { kind: 'publish', key, value, ttl }
  }

  // Our own entry

  #handleMailboxes(mailboxes: readonly Mailbox[]): void {
    if (this.#closed) return
    const isKept = (address: string): boolean => mailboxes.some((each) => each.address === address)
    const left = this.#mailboxes.filter(({ address }) => !isKept(address))
    this.#mailboxes = mailboxes
    if (mailboxes.length === 0) {
      this.#sleep()
      return
    }
    if (left.length > 0) this.#leave(left.map(({ address }) => address))
    this.#chooseOwn()
    this.#hub?.wake()
    for (const dialler of this.#diallers) dialler.wake()
    this.#proposals.wake()
    this.#rounds.start()
    this.#sweep()
  }

  /** These addresses are ours no more: what was dialled from there is dead, though nobody will say so. */
  #leave(addresses: readonly string[]): void {
    for (const dialler of this.#diallers) {
      const { link } = dialler
      if (link === undefined || (link.isOpen && !addresses.includes(link.localAddress))) continue
      dialler.sleep()
      this.#forget(link)
    }
  }

  /** Without a mailbox the node sleeps, or has no network. Nothing is left: no socket, no timer. */
  #sleep(): void {
    this.#rounds.stop()
    this.#proposals.sleep()
    if (this.#own !== undefined) this.#setOwn(undefined)
    for (const dialler of this.#diallers) dialler.sleep()
    this.#hub?.sleep()
    for (const link of [...this.#conversations.keys()]) this.#forget(link)
  }

  #chooseOwn(): void {
    if (this.#closed) return
    const hubs = this.#diallers.flatMap(({ link }) => (link?.isOpen ? [link.localAddress] : []))
    const clients = [...(this.#hub?.links ?? [])].filter(({ isOpen }) => isOpen)
    const spokenFrom = [...new Set([...hubs, ...clients.map(({ localAddress }) => localAddress)])]
    const own = chooseOwnEndpoint(this.#mailboxes, spokenFrom, this.#own)
    if (endpointOf(own) !== endpointOf(this.#own)) this.#setOwn(own)
  }

  #setOwn(own: Mailbox | undefined): void {
    this.#own = own
    this.#ownToRepeat = REPETITIONS
    this.#publishOwn()
  }

  #publishOwn(): void {
    this.#ownAt = this.#now
    this.#table.setOwn(endpointOf(this.#own), this.#ownAt)
  }

  #contradict(): void {
    if (this.#now - this.#contradictedAt < CONTRADICT_MS) return
    this.#contradictedAt = this.#now
    this.#ownToRepeat = REPETITIONS
    this.#publishOwn()
  }

  // Time

  get #now(): number {
    return this.#host.platform.clock.now()
  }

  #sweep(): void {
    const isDue = this.#ownToRepeat > 0 || this.#now - this.#ownAt >= REFRESH_MS
    if (isDue && this.#own !== undefined) {
      this.#ownToRepeat = Math.max(0, this.#ownToRepeat - 1)
      this.#publishOwn()
    }
    this.#table.sweep(this.#now)
    this.#proposals.propose(this.#table.alive().map(({ key }) => key))
  }

  /** Told last, since the application may stop the node; and nothing after that. */
  #warn(code: DiscoveryWarningCode, reason: string): void {
    if (!this.#closed) this.#host.warn(code, reason)
  }
}
