/**
 * Discovery by mDNS and DNS-SD: announces a node as an instance of `_zre._tcp.local` on every interface that it is
 * reached at, and proposes the nodes that others announce there. Beside beacons, not in their place: it finds nodes
 * where broadcasts do not get through and multicasts do, and standard tools see the mesh.
 *
 *     transport (multicast.ts) ⇄ Link ─┬─ Responder, Answers   what we announce      (RFC 6762 §6, §8–10)
 *                                      └─ Browser, Services, RecordCache   what others do   (§5, §10; RFC 6763)
 *
 * Everything beneath a link is without clocks. Start reading in `link.ts`.
 */
import { isIpv6, withoutZone } from '../../base/ipv6.ts'
import type { Mailbox } from '../../runtime/candidate.ts'
import type { NetworkInterface } from '../../runtime/platform.ts'
import type { DiscoveryHost } from '../host.ts'
import { zoneOfInterface } from './addresses.ts'
import { Link, type LinkOwner, type MdnsPlace } from './link.ts'
import { type MdnsCounters, type MdnsMetrics, newMdnsCounters } from './metrics.ts'
import { instanceLabel } from './names.ts'
import type { OpenMdnsTransport } from './transport.ts'

export interface MdnsOptions {
  /** `openMulticast` on Node.js. */
  readonly openTransport: OpenMdnsTransport
}

export interface MdnsDiscovery {
  /** The label of our instance, as tools show it: the node's name, numbered where somebody else has that. */
  readonly label: string
  metrics(): MdnsMetrics
  /** Says goodbye and frees everything; also done when the node stops. Calling it twice is harmless. */
  close(): Promise<void>
}

/**
 * Starts announcing and browsing, on the interfaces that the node has mailboxes on, for as long as it has. Never throws
 * for what the network does: that comes as warnings `mdns-failed`, `mdns-conflict` and `mdns-invalid`.
 *
 *     const mdns = startMdns(host, { openTransport: openMulticast })
 */
export function startMdns(host: DiscoveryHost, options: MdnsOptions): MdnsDiscovery {
  return new Mdns(host, options)
}

class Mdns implements MdnsDiscovery, LinkOwner {
  readonly host: DiscoveryHost
  readonly openTransport: OpenMdnsTransport
  readonly counters: MdnsCounters = newMdnsCounters()
  label: string
  #attempt = 1
  /** By interface and family. */
  readonly #links = new Map<string, Link>()
  readonly #closing = new Set<Promise<void>>()
  readonly #unfollow: () => void
  #closed = false

  constructor(host: DiscoveryHost, { openTransport }: MdnsOptions) {
    this.host = host
    this.openTransport = openTransport
    this.label = instanceLabel(host.name, 1)
    this.#unfollow = host.onMailboxes((mailboxes) => this.#follow(mailboxes))
    host.onStopping(() => void this.close())
  }

  metrics(): MdnsMetrics {
    const links = [...this.#links.values()]
    const sum = (count: (link: Link) => number): number =>
      links.reduce((total, link) => total + count(link), 0)
    return {
      ...this.counters,
      links: sum(({ isOpen }) => (isOpen ? 1 : 0)),
      records: sum(({ records }) => records),
      services: sum(({ services }) => services),
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#unfollow()
      this.#keepOnly(new Map())
    }
    await Promise.all(this.#closing)
  }

  conflict(interfaceName: string): void {
    const taken = this.label
    this.label = instanceLabel(this.host.name, ++this.#attempt)
    const reason = `“${taken}” is announced by somebody else on ${interfaceName}`
    for (const link of this.#links.values()) link.relabel()
    // Last: whoever is told may close us.
    this.host.warn('mdns-conflict', `${reason}; now “${this.label}”`)
  }

  // Interfaces

  #follow(mailboxes: readonly Mailbox[]): void {
    if (this.#closed) return
    const places = placesOf(mailboxes, this.host.platform.interfaces())
    this.#keepOnly(places)
    for (const [key, place] of places) {
      const link = this.#links.get(key)
      if (link === undefined) this.#links.set(key, new Link(place, this))
      else link.update(place)
    }
  }

  /** Closes the links of places that are not the same any more. */
  #keepOnly(places: ReadonlyMap<string, MdnsPlace>): void {
    for (const [key, link] of [...this.#links]) {
      const place = places.get(key)
      if (place !== undefined && link.serves(place)) continue
      this.#links.delete(key)
      const closed = new Promise<void>((resolve) => link.close(resolve))
      this.#closing.add(closed)
      closed.then(() => this.#closing.delete(closed))
    }
  }
}

/** One place for each interface and family that has a mailbox. */
function placesOf(
  mailboxes: readonly Mailbox[],
  interfaces: readonly NetworkInterface[],
): Map<string, MdnsPlace> {
  const places = new Map<string, MdnsPlace>()
  for (const { interfaceName, address, port } of mailboxes) {
    const own = withoutZone(address)
    const family = isIpv6(own) ? 'IPv6' : 'IPv4'
    const key = `${interfaceName} ${family}`
    const here = interfaces.filter(({ name }) => name === interfaceName)
    const zone = zoneOfInterface(
      interfaceName,
      here.map((each) => each.address),
    )
    const addresses = here
      .map((each) => ({ address: withoutZone(each.address), prefixLength: each.prefixLength }))
      .sort((a, b) => Number(b.address === own) - Number(a.address === own))
    // The address may have gone since; then the mailbox will, too.
    if (places.has(key) || addresses[0]?.address !== own) continue
    const announced = mailboxes
      .filter((each) => each.interfaceName === interfaceName && each.port === port)
      .map((each) => withoutZone(each.address))
    places.set(key, { interfaceName, family, zone, addresses, port, announced })
  }
  return places
}
