/**
 * A diagnosis: examines a running node from inside, and what can be seen from there of its host, its network and its peers.
 *
 *     facts (gathered here, and in `examine-peers.ts`) ──▶ findings (interfaces.ts, echoes.ts, peers.ts, others.ts: pure)
 *
 * It sends what nodes send anyway: beacons, dials to those that were heard, one question of mDNS.
 */
import type { PeerId } from '../../base/peer-id.ts'
import type { Mailbox } from '../../runtime/candidate.ts'
import type { MeshNode } from '../../runtime/node.ts'
import type { NetworkInterface } from '../../runtime/platform.ts'
import { BEACON_PORT } from '../../zre/beacon.ts'
import { type Overheard, openEar, subnetOf } from '../ear.ts'
import { browse } from '../mdns/browse.ts'
import { openMulticast } from '../mdns/multicast.ts'
import { comesToHold, passed } from '../waiting.ts'
import { echoFindings } from './echoes.ts'
import { examinePeers, type HeardPlace } from './examine-peers.ts'
import type { ElsewhereFacts, Facts, MailboxFacts, PeerFacts } from './facts.ts'
import type { Finding } from './findings.ts'
import { gatherHost } from './gather-host.ts'
import type { HostTools } from './host-tools.ts'
import { interfaceFindings } from './interfaces.ts'
import { multicastLoops } from './multicast-echo.ts'
import { missingFindings, otherFindings } from './others.ts'
import { peerFindings } from './peers.ts'

export interface DiagnoseOptions {
  /** Looks at this peer alone: what the user called it, and whether a peer is meant by that. */
  readonly peer?: WantedPeer
  /** UDP port of the beacons, as the node has it. Default: where its beacons go. */
  readonly port?: number
  /** Whether to look by mDNS, too. Default true. */
  readonly mdns?: boolean
  /** Milliseconds to listen. Default 3000. */
  readonly listenMs?: number
  /** Ends it early, with what was found by then. */
  readonly signal?: AbortSignal
}

export interface WantedPeer {
  readonly reference: string
  fits(peer: Pick<PeerFacts, 'id' | 'name' | 'address' | 'port'>): boolean
  /** Where it should be, if that is known. */
  readonly address?: string
}

const LISTEN_MS = 3_000
/** Beacons are easily made up: places beyond these are not looked at. */
const PLACES_MAX = 1_024
const FOREIGN_MAX = 16

export async function diagnoseNode(
  node: MeshNode,
  tools: HostTools,
  options: DiagnoseOptions,
): Promise<Finding[]> {
  const { listenMs = LISTEN_MS, signal, peer: wanted } = options
  const { platform } = node
  const mailboxes = await mailboxesOf(node, signal)
  const beaconPort =
    options.port ?? mailboxes.find(({ beaconTo }) => beaconTo)?.beaconTo?.port ?? BEACON_PORT
  const heard = new Heard(node)
  const used = node.interfaces().filter(({ skipped }) => skipped === undefined)
  const closeEar = await openEar(platform, beaconPort, used, (each, { address }) =>
    heard.handle(each, address),
  )
  const endBrowse = options.mdns === false ? () => {} : browseFor(node, used, beaconPort, heard)
  const names = node.interfaces().map(({ name }) => name)
  const [host, loops] = await Promise.all([
    gatherHost(tools, names),
    multicastEchoes(node, mailboxes),
    passed(platform.clock, listenMs, signal),
  ])
  const own = mailboxes.map((each) => heard.echoOf(each))
  const near = [...heard.places.values()].filter(({ address }) => subnetOf(address, own))
  const peers = await examinePeers(node, tools, {
    mailboxes: own,
    places: near,
    ...(wanted !== undefined && { fits: (each) => wanted.fits(each) }),
    ...(signal !== undefined && { signal }),
  })
  closeEar()
  endBrowse()
  const facts: Facts = {
    host,
    beaconPort,
    interfaces: node.interfaces(),
    mailboxes: mailboxes.map((each) => heard.echoOf(each, loops.get(each.address))),
    peers,
    nodesFound: near.length + node.peers().length,
    elsewhere: elsewhereOf(node, own, [...heard.places.values()]),
    foreign: heard.foreign,
    listenedMs: listenMs,
  }
  const found = findingsOf(facts)
  if (wanted === undefined || peers.length > 0) return found
  return [...found, ...(await missingFindings(platform, tools, facts, wanted))]
}

/** The pure half. */
export function findingsOf(facts: Facts): Finding[] {
  const found = [
    ...interfaceFindings(facts),
    ...echoFindings(facts),
    ...facts.peers.flatMap((peer) => peerFindings(facts, peer)),
  ]
  return [...found, ...otherFindings(facts, found)]
}

/** An address of IPv6 that is new can be used only after a second or two. */
const MAILBOXES_MS = 3_000

async function mailboxesOf(
  node: MeshNode,
  signal: AbortSignal | undefined,
): Promise<readonly Mailbox[]> {
  let latest: readonly Mailbox[] = []
  const unfollow = node.onMailboxes((mailboxes) => {
    latest = mailboxes
  })
  const { clock } = node.platform
  await comesToHold(clock, () => latest.length > 0, MAILBOXES_MS, signal)
  unfollow()
  return latest
}

/** Whoever is found by mDNS alone may be linked in one direction only, and so be no peer. */
function browseFor(
  { platform }: MeshNode,
  interfaces: readonly NetworkInterface[],
  beaconPort: number,
  heard: Heard,
): () => void {
  const options = { openTransport: openMulticast, beaconPort }
  return browse(platform, interfaces, options, ({ id, endpoints }) => {
    for (const { address, port } of endpoints.slice(0, 1)) heard.handlePlace(id, address, port)
  })
}

async function multicastEchoes(
  node: MeshNode,
  mailboxes: readonly Mailbox[],
): Promise<ReadonlyMap<string, boolean | undefined>> {
  const all = node.interfaces()
  const tried = mailboxes.filter(({ address }) =>
    all.some((each) => each.address === address && each.family === 'IPv4' && !each.loopback),
  )
  const entries = tried.map(
    async ({ address }) => [address, await multicastLoops(address)] as const,
  )
  return new Map(await Promise.all(entries))
}

/** What the ear hears. */
class Heard {
  readonly places = new Map<string, HeardPlace>()
  readonly foreign: { readonly address: string; readonly reason: string }[] = []
  readonly #node: MeshNode
  /** By source address. */
  readonly #own = new Map<string, number>()

  constructor(node: MeshNode) {
    this.#node = node
  }

  handle(heard: Overheard, address: string): void {
    if (heard.kind === 'invalid') {
      const isNew = this.foreign.every((each) => each.address !== address)
      if (isNew && this.foreign.length < FOREIGN_MAX) {
        this.foreign.push({ address, reason: heard.reason })
      }
      return
    }
    if (heard.id === this.#node.id) {
      this.#own.set(address, (this.#own.get(address) ?? 0) + 1)
      return
    }
    const { id, port, version } = heard
    const key = `${id} ${address}`
    const known = this.places.get(key)
    if (port === 0) this.places.delete(key)
    else if (known?.port === port) {
      known.beacons++
      known.version = version
    } else if (this.places.size < PLACES_MAX) {
      this.places.set(key, { id, address, port, version, beacons: 1 })
    }
  }

  /** It was found by another way than its beacons. */
  handlePlace(id: PeerId, address: string, port: number): void {
    const key = `${id} ${address}`
    if (id === this.#node.id || this.places.has(key) || this.places.size >= PLACES_MAX) return
    this.places.set(key, { id, address, port, version: undefined, beacons: 0 })
  }

  /** What came back of what a mailbox has sent. */
  echoOf({ interfaceName, address, port, beaconTo }: Mailbox, loops?: boolean): MailboxFacts {
    const own = this.#node.interfaces().find((each) => each.address === address)
    return {
      name: interfaceName,
      family: address.includes(':') ? 'IPv6' : 'IPv4',
      address,
      port,
      prefixLength: own?.prefixLength ?? 32,
      loopback: own?.loopback ?? false,
      ...(beaconTo !== undefined && { beaconTo }),
      ownBeacons: this.#own.get(address) ?? 0,
      ...(loops !== undefined && { multicastLoops: loops }),
    }
  }
}

/** Beacons from outside the mailboxes' subnets; not those of nodes that keep to this host. */
function elsewhereOf(
  node: MeshNode,
  mailboxes: readonly MailboxFacts[],
  places: readonly HeardPlace[],
): ElsewhereFacts[] {
  const byName = new Map<string | undefined, string[]>()
  for (const { address } of places) {
    if (subnetOf(address, mailboxes) !== undefined) continue
    const at = subnetOf(address, node.interfaces())
    if (at?.loopback === true) continue
    byName.set(at?.name, [...(byName.get(at?.name) ?? []), address])
  }
  return [...byName].map(([interfaceName, addresses]) => ({ interfaceName, addresses }))
}
