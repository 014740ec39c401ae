/**
 * The metrics of single peers, each with the labels `peer` (its id) and `name`.
 *
 * Peers are strangers, and every series costs memory here and in Prometheus. So:
 *  - Only peers that are present have series: an id that was only beaconed costs its sender nothing.
 *  - At most `PEERS_MAX` of them, those who have been known the longest: a crowd that comes later moves nobody out. How many
 *    are left out is a metric of its own, and the metrics of the node count them all.
 *  - Names are cut at `NAME_LENGTH_MAX` characters, and what controls terminals is replaced.
 */
import type { NodeMetrics, PeerMetrics } from '../../src/index.ts'
import type { Definition, Labels } from './definition.ts'
import { byLabel, MS_PER_S } from './definition.ts'
import { messageSamples } from './node-definitions.ts'

const PEERS_MAX = 250
const NAME_LENGTH_MAX = 64

/** The peers that have series, and how many present ones have not. */
export function shownPeers({ peers }: NodeMetrics): {
  readonly shown: readonly PeerMetrics[]
  readonly leftOut: number
} {
  const present = peers.filter(({ phase }) => phase === 'present')
  return { shown: present.slice(0, PEERS_MAX), leftOut: Math.max(0, present.length - PEERS_MAX) }
}

export const PEER_LABELS = ['peer', 'name'] as const

export function labelsOf({ id, name }: PeerMetrics): Labels {
  return { peer: id, name: labelText(name) }
}

/** Also what is no text at all, as half of a surrogate pair, becomes U+FFFD. */
function labelText(text: string): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, '\ufffd')
  const characters = [...safe]
  if (characters.length <= NAME_LENGTH_MAX) return safe
  return `${characters.slice(0, NAME_LENGTH_MAX - 1).join('')}…`
}

const PRESENCES = { alive: 0, evasive: 1, silent: 2 } as const

export const PEER_DEFINITIONS: readonly Definition<PeerMetrics>[] = [
  {
    kind: 'counter',
    name: 'earshot_peer_messages_total',
    help: 'Whispers and shouts received from the peer, and written to the link to it.',
    labels: ['direction', 'kind'],
    read: messageSamples,
  },
  {
    kind: 'counter',
    name: 'earshot_peer_message_bytes_total',
    help: 'Bytes of the content of these messages.',
    labels: ['direction'],
    read: ({ bytesIn, bytesOut }) => byLabel('direction', { in: bytesIn, out: bytesOut }),
  },
  {
    kind: 'counter',
    name: 'earshot_peer_messages_dropped_total',
    help:
      'Messages for the peer that did not go out: by the policy of a full queue (oldest, newest), or accepted ' +
      'and lost with a link (lost).',
    labels: ['reason'],
    read: ({ droppedOldest, droppedNewest, messagesLost }) =>
      byLabel('reason', { oldest: droppedOldest, newest: droppedNewest, lost: messagesLost }),
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_queue_messages',
    help: 'Messages accepted for the peer that the network stack has not taken yet.',
    labels: [],
    read: ({ outboxMessages }) => outboxMessages,
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_queue_bytes',
    help: 'Bytes of these messages.',
    labels: [],
    read: ({ outboxBytes }) => outboxBytes,
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_blocked',
    help: '1 when the queue was full and has not drained to its low marks since, otherwise 0.',
    labels: [],
    read: ({ blocked }) => Number(blocked),
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_presence',
    help: '0 alive, 1 evasive, 2 silent.',
    labels: [],
    read: ({ presence }) => PRESENCES[presence],
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_last_seen_seconds',
    help:
      'Time since a sign of life of the peer, by its kind: a beacon, anything on its link, a message, an answer ' +
      'to a PING. The least of them is when it was last seen.',
    labels: ['by'],
    read: ({ lastSeen }) =>
      byLabel('by', {
        beacon: secondsOf(lastSeen?.beaconAgoMs),
        link: secondsOf(lastSeen?.linkAgoMs),
        message: secondsOf(lastSeen?.messageAgoMs),
        'ping-ok': secondsOf(lastSeen?.pingOkAgoMs),
      }),
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_round_trip_seconds',
    help: 'Round trip of the last PING; missing before the first answer.',
    labels: [],
    read: ({ roundTripMs }) =>
      roundTripMs === undefined ? [] : [{ labels: {}, value: roundTripMs / MS_PER_S }],
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_link_up',
    help: '1 while a link stands, otherwise 0: out, ours to the peer; in, its to us.',
    labels: ['direction'],
    read: ({ link, linkedToUs }) =>
      byLabel('direction', { in: Number(linkedToUs), out: Number(link === 'open') }),
  },
  {
    kind: 'counter',
    name: 'earshot_peer_reconnects_total',
    help: 'How often our link to the peer came to stand again after the first time.',
    labels: [],
    read: ({ reconnects }) => reconnects,
  },
]

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MS_PER_S
}
