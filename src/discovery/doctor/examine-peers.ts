/** Facts about peers: each is waited for, visited, and asked to dial back. */
import { isLinkLocalIpv6 } from '../../base/ipv6.ts'
import type { PeerId } from '../../base/peer-id.ts'
import type { MeshNode } from '../../runtime/node.ts'
import { parseEndpoint } from '../../zre/endpoint.ts'
import { type DialBackAnswer, dialBack } from '../dial-back.ts'
import { subnetOf } from '../ear.ts'
import { visit } from '../visit.ts'
import { comesToHold } from '../waiting.ts'
import type { MailboxFacts, PeerFacts } from './facts.ts'
import { answersArp, routeTo } from './gather-host.ts'
import type { HostTools } from './host-tools.ts'

/** Where a node is, by its beacons or by mDNS. */
export interface HeardPlace {
  readonly id: PeerId
  readonly address: string
  readonly port: number
  /** Of its beacons; `undefined`: none was heard. */
  version: number | undefined
  beacons: number
}

export interface PeersToExamine {
  readonly mailboxes: readonly MailboxFacts[]
  readonly places: readonly HeardPlace[]
  readonly fits?: (peer: Pick<PeerFacts, 'id' | 'name' | 'address' | 'port'>) => boolean
  readonly signal?: AbortSignal
}

/** Examined in detail; more of them would say the same. */
const PEERS_MAX = 32
/** Asked to dial back: each may do so ten times a minute. */
const ASKED_MAX = 8
/** For links both ways to come to stand: a dial that is dropped takes longer, and that is what is looked for. */
const LINKS_MS = 4_000
/** A neighbour's hardware address is asked for three times, a second apart. */
const VISIT_MS = 4_500
const PING_MS = 2_000
/** More than one packet of any MTU below 9,000. */
const PADDING_BYTES = 9_000

export async function examinePeers(
  node: MeshNode,
  tools: HostTools,
  { mailboxes, places, fits = () => true, signal }: PeersToExamine,
): Promise<PeerFacts[]> {
  const { clock } = node.platform
  const nameOf = (id: PeerId): string => node.peer(id)?.name ?? ''
  const chosen = allPlaces(node, places)
    .filter((each) => fits({ ...each, name: nameOf(each.id) }))
    .slice(0, PEERS_MAX)
  const isWhole = (id: PeerId): boolean => {
    const { isPresent, isLinked, linksToUs } = standingOf(node, id)
    return isPresent && isLinked && linksToUs
  }
  const areWhole = (): boolean => chosen.every(({ id }) => isWhole(id))
  const [visits] = await Promise.all([
    Promise.all(
      chosen.map((to) =>
        visit(node.platform, to, { limitMs: VISIT_MS, ...(signal !== undefined && { signal }) }),
      ),
    ),
    comesToHold(clock, areWhole, LINKS_MS, signal),
  ])
  const ids = [...new Set(chosen.map(({ id }) => id))].slice(0, ASKED_MAX)
  const asked = new Map(ids.map((id) => [id, ask(node, id, signal)]))
  return Promise.all(
    chosen.map(async (place, i): Promise<PeerFacts> => {
      const { id, address, port, beacons, version } = place
      const near = subnetOf(address, mailboxes)
      const visited = visits[i]!
      const isLost = visited.kind === 'failed' && visited.failure !== 'refused'
      const [routeBy, arp, answer] = await Promise.all([
        routeTo(tools, address),
        isLost ? answersArp(tools, clock, address, signal) : undefined,
        asked.get(id) ?? NOT_ASKED,
      ])
      return {
        id,
        name: nameOf(id),
        address,
        port,
        beacons,
        ...(version !== undefined && { beaconVersion: version }),
        ...standingOf(node, id),
        visit: visited,
        ...(arp !== undefined && { answersArp: arp }),
        ...(routeBy !== undefined && { routeBy }),
        ...(near !== undefined && { near }),
        ...answer,
      }
    }),
  )
}

/** Those that were heard, and peers that were not. */
function allPlaces(node: MeshNode, heard: readonly HeardPlace[]): HeardPlace[] {
  const unheard = node.peers().flatMap(({ id, endpoint }): HeardPlace[] => {
    const at = parseEndpoint(endpoint)
    const isHeard = heard.some((each) => each.id === id)
    // Without its zone a link-local address cannot be dialled.
    const isPlace = at !== undefined && !isLinkLocalIpv6(at.address)
    return isHeard || !isPlace ? [] : [{ id, ...at, version: undefined, beacons: 0 }]
  })
  return [...heard, ...unheard]
}

function standingOf(
  node: MeshNode,
  id: PeerId,
): Pick<PeerFacts, 'isPresent' | 'isLinked' | 'linksToUs'> {
  const measured = node.metrics().peers.find((each) => each.id === id)
  return {
    isPresent: measured?.phase === 'present',
    isLinked: measured?.link === 'open',
    linksToUs: measured?.linkedToUs === true,
  }
}

type Asked = Pick<PeerFacts, 'dialBack' | 'stopsAtLarge'>

const NOT_ASKED: Asked = { stopsAtLarge: false }

/** Whoever answers a PING, gets a large question, and then answers no PING any more, has a link that large packets stop. */
async function ask(node: MeshNode, id: PeerId, signal: AbortSignal | undefined): Promise<Asked> {
  if (signal?.aborted || !(await answersPing(node, id))) return NOT_ASKED
  const answer: DialBackAnswer | undefined = await dialBack(node).ask(id, {
    paddingBytes: PADDING_BYTES,
  })
  if (answer !== undefined) return { dialBack: answer, stopsAtLarge: false }
  return { stopsAtLarge: !signal?.aborted && !(await answersPing(node, id)) }
}

async function answersPing(node: MeshNode, id: PeerId): Promise<boolean> {
  if (node.peer(id) === undefined) return false
  const { clock } = node.platform
  const limit = new AbortController()
  const timer = clock.setTimer(clock.now() + PING_MS, () => limit.abort())
  const isAnswered = await node.ping(id, { signal: limit.signal }).then(
    () => true,
    () => false,
  )
  timer.cancel()
  return isAnswered
}
