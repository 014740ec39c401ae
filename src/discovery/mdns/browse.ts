/**
 * Browsing without announcing anything, for those who only look (`scan.ts`): one question, asked again less and less often, on
 * each interface. Nothing is answered.
 */
import { NEVER } from '../../base/deadlines.ts'
import { withoutZone } from '../../base/ipv6.ts'
import { parsePeerId } from '../../base/peer-id.ts'
import type { NetworkInterface, Platform, SocketAddress, Timer } from '../../runtime/platform.ts'
import { isOnLink, zoneOfInterface } from './addresses.ts'
import { Browser } from './browser.ts'
import { newMdnsCounters } from './metrics.ts'
import { isInstanceName, SERVICE_NAME } from './names.ts'
import type { MdnsPacket } from './records.ts'
import type { FoundService } from './services.ts'
import { textValue } from './text.ts'
import { MDNS_PORT, type MdnsLink, type OpenMdnsTransport } from './transport.ts'

export interface NamedService extends FoundService {
  /** The label of its instance. */
  readonly name?: string
}

export interface BrowseOptions {
  /** `openMulticast` on Node.js. */
  readonly openTransport: OpenMdnsTransport
  /** Whose nodes: those with this port for their beacons. */
  readonly beaconPort: number
}

/** Tells of each node, and again every five seconds; gives back how to end that. The loopback interface is left out. */
export function browse(
  platform: Platform,
  interfaces: readonly NetworkInterface[],
  options: BrowseOptions,
  found: (service: NamedService) => void,
): () => void {
  const browses = linksOf(interfaces).map((link) => new Browse(platform, link, options, found))
  return () => {
    for (const each of browses) each.close()
  }
}

/** One for each interface and family. */
function linksOf(interfaces: readonly NetworkInterface[]): MdnsLink[] {
  const links = new Map<string, MdnsLink>()
  for (const { name, family, address, prefixLength, loopback } of interfaces) {
    if (loopback) continue
    const key = `${name} ${family}`
    const addresses = [
      ...(links.get(key)?.addresses ?? []),
      { address: withoutZone(address), prefixLength },
    ]
    const here = interfaces.filter((each) => each.name === name)
    const zone = zoneOfInterface(
      name,
      here.map((each) => each.address),
    )
    links.set(key, { interfaceName: name, family, zone, addresses })
  }
  return [...links.values()]
}

class Browse {
  readonly #platform: Platform
  readonly #link: MdnsLink
  readonly #browser: Browser
  readonly #transport: ReturnType<OpenMdnsTransport>
  /** By id. */
  readonly #names = new Map<string, string>()
  #state: 'opening' | 'open' | 'closed' = 'opening'
  #timer: Timer | undefined

  constructor(
    platform: Platform,
    link: MdnsLink,
    { openTransport, beaconPort }: BrowseOptions,
    found: (service: NamedService) => void,
  ) {
    this.#platform = platform
    this.#link = link
    const events = {
      send: (packet: MdnsPacket) => this.#transport.send(packet),
      found: (service: FoundService) => {
        if (this.#state !== 'open') return
        const name = this.#names.get(service.id)
        found({ ...service, ...(name !== undefined && { name }) })
      },
      invalid: () => {},
    }
    this.#browser = new Browser(
      link,
      { id: '', beaconPort },
      () => platform.entropy.random(),
      newMdnsCounters(),
      events,
      platform.clock.now(),
    )
    this.#transport = openTransport(link, {
      opened: () => {
        if (this.#state === 'opening') this.#state = 'open'
        this.#arm()
      },
      packet: (packet, from) => this.#handle(packet, from),
      malformed: () => {},
      failed: () => this.close(),
    })
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#transport.close(() => {})
  }

  /** RFC 6762 §6: from port 5353. And from the link itself. */
  #handle(packet: MdnsPacket, { address, port }: SocketAddress): void {
    if (packet.kind !== 'response' || port !== MDNS_PORT) return
    if (!isOnLink(address, this.#link)) return
    this.#learnNames(packet)
    this.#browser.handleResponse(packet, address, this.#platform.clock.now())
    this.#arm()
  }

  #learnNames({ answers = [], additionals = [] }: MdnsPacket): void {
    for (const record of [...answers, ...additionals]) {
      const id = parsePeerId(textValue(record, 'uuid') ?? '')
      if (id === undefined || !isInstanceName(record.name) || this.#names.size >= NAMES_MAX)
        continue
      this.#names.set(id, record.name.slice(0, -SERVICE_NAME.length - 1))
    }
  }

  #arm(): void {
    this.#timer?.cancel()
    const at = this.#browser.nextAt
    if (at === NEVER || this.#state !== 'open') return
    this.#timer = this.#platform.clock.setTimer(at, () => {
      this.#browser.handleDue(this.#platform.clock.now())
      this.#arm()
    })
  }
}

/** Records are easily made up. */
const NAMES_MAX = 1_024
