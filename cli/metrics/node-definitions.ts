/** The metrics of the node as a whole. `docs/metrics.md` has them as a table; a test holds both to each other. */
import type { Definition, Snapshot } from './definition.ts'
import { byLabel, MS_PER_S } from './definition.ts'

const NODE: readonly Definition<Snapshot>[] = [
  {
    kind: 'gauge',
    name: 'earshot_node_info',
    help: 'Always 1; who this is, in its labels. The id is a fresh one at every start.',
    labels: ['id', 'name', 'version'],
    read: ({ metrics: { node }, version }) => [
      { labels: { id: node.id, name: node.name, version }, value: 1 },
    ],
  },
  {
    kind: 'gauge',
    name: 'earshot_uptime_seconds',
    help: 'Time since the node started.',
    labels: [],
    read: ({ metrics }) => metrics.node.uptimeMs / MS_PER_S,
  },
  {
    kind: 'gauge',
    name: 'earshot_event_loop_delay_seconds',
    help: 'How late the event loop was of late: the mean, the 99th percentile and the maximum.',
    labels: ['statistic'],
    read: ({ metrics: { eventLoopDelay: delay } }) =>
      delay === undefined
        ? []
        : byLabel('statistic', {
            mean: delay.meanMs / MS_PER_S,
            p99: delay.p99Ms / MS_PER_S,
            max: delay.maxMs / MS_PER_S,
          }),
  },
  {
    kind: 'counter',
    name: 'earshot_warnings_total',
    help: 'Warnings by code (docs/errors.md): protocol errors and all else that went wrong.',
    labels: ['code'],
    read: ({ metrics }) => byLabel('code', metrics.warnings),
  },
]

const PEERS: readonly Definition<Snapshot>[] = [
  {
    kind: 'gauge',
    name: 'earshot_peers',
    help: 'Peers that are present, by presence.',
    labels: ['presence'],
    read: ({ metrics: { peerCounts } }) => {
      const { alive, evasive, silent } = peerCounts
      return byLabel('presence', { alive, evasive, silent })
    },
  },
  {
    kind: 'gauge',
    name: 'earshot_peer_candidates',
    help: 'Peers that are heard of and have not introduced themselves.',
    labels: [],
    read: ({ metrics }) => metrics.peerCounts.candidates,
  },
  {
    kind: 'gauge',
    name: 'earshot_peers_blocked',
    help: 'Peers that read more slowly than we send: their queue was full and has not drained since.',
    labels: [],
    read: ({ metrics }) => metrics.peerCounts.blocked,
  },
  {
    kind: 'gauge',
    name: 'earshot_links',
    help: 'Links that stand: out, ours to peers; in, theirs to us.',
    labels: ['direction'],
    read: ({ metrics: { peerCounts } }) =>
      byLabel('direction', { in: peerCounts.linkedToUs, out: peerCounts.linked }),
  },
  {
    kind: 'counter',
    name: 'earshot_peer_enters_total',
    help: 'Peers that entered.',
    labels: [],
    read: ({ metrics }) => metrics.mesh.enters,
  },
  {
    kind: 'counter',
    name: 'earshot_peer_exits_total',
    help: 'Peers that exited, by reason.',
    labels: ['reason'],
    read: ({ metrics }) => byLabel('reason', metrics.mesh.exits),
  },
]

const DISCOVERY: readonly Definition<Snapshot>[] = [
  {
    kind: 'counter',
    name: 'earshot_beacons_total',
    help: 'Beacons: sent; received from others; own, heard back; invalid datagrams on the port.',
    labels: ['kind'],
    read: ({ metrics: { mesh } }) =>
      byLabel('kind', {
        sent: mesh.beaconsSent,
        received: mesh.beaconsReceived - mesh.ownBeaconsHeard,
        own: mesh.ownBeaconsHeard,
        invalid: mesh.beaconsInvalid,
      }),
  },
  {
    kind: 'counter',
    name: 'earshot_dials_started_total',
    help: 'Links to peers that were begun to dial.',
    labels: [],
    read: ({ metrics }) => metrics.mesh.dials,
  },
  {
    kind: 'counter',
    name: 'earshot_dials_ended_total',
    help: 'What became of dials: linked, given up by ourselves (abandoned), or how they failed.',
    labels: ['outcome'],
    read: ({ metrics: { mesh } }) =>
      byLabel('outcome', {
        linked: mesh.dialsSucceeded,
        abandoned: mesh.dialsAbandoned,
        ...mesh.dialFailures,
      }),
  },
  {
    kind: 'counter',
    name: 'earshot_connections_total',
    help: 'Connections of others: accepted, to a handshake; refused, by a limit or their identity; of accepted ones, visitors.',
    labels: ['outcome'],
    read: ({ metrics: { mesh } }) =>
      byLabel('outcome', {
        accepted: mesh.connectionsAccepted,
        refused: mesh.connectionsRefused,
        visitor: mesh.visitors,
      }),
  },
  {
    kind: 'counter',
    name: 'earshot_handshakes_total',
    help: 'How the handshakes of accepted connections ended. (Those of dials are among the dials.)',
    labels: ['outcome'],
    read: ({ metrics: { mesh } }) =>
      byLabel('outcome', {
        complete: mesh.handshakesAccepted,
        failed: mesh.handshakesFailed,
        timeout: mesh.handshakesTimedOut,
      }),
  },
]

const TRAFFIC: readonly Definition<Snapshot>[] = [
  {
    kind: 'counter',
    name: 'earshot_link_bytes_total',
    help: 'Bytes on all connections, of every kind: messages, commands, handshakes.',
    labels: ['direction'],
    read: ({ metrics: { mesh } }) => byLabel('direction', { in: mesh.bytesIn, out: mesh.bytesOut }),
  },
  {
    kind: 'counter',
    name: 'earshot_messages_total',
    help: 'Whispers and shouts of applications received, and written to links: a shout once for each member.',
    labels: ['direction', 'kind'],
    read: ({ metrics: { mesh } }) => messageSamples(mesh),
  },
  {
    kind: 'counter',
    name: 'earshot_service_messages_total',
    help: 'Messages of services (the log of the mesh, for one) received, and written to links.',
    labels: ['direction'],
    read: ({ metrics: { mesh } }) =>
      byLabel('direction', { in: mesh.serviceMessagesIn, out: mesh.serviceMessagesOut }),
  },
  {
    kind: 'counter',
    name: 'earshot_service_message_bytes_total',
    help: 'Bytes of the content of these messages.',
    labels: ['direction'],
    read: ({ metrics: { mesh } }) =>
      byLabel('direction', { in: mesh.serviceBytesIn, out: mesh.serviceBytesOut }),
  },
  {
    kind: 'counter',
    name: 'earshot_service_messages_unclaimed_total',
    help: 'Of the messages of services that were received, those of services that this node has not.',
    labels: [],
    read: ({ metrics }) => metrics.node.serviceMessagesUnclaimed,
  },
  {
    kind: 'counter',
    name: 'earshot_messages_dropped_total',
    help:
      'Messages that did not go out: by the policy of a full queue (oldest, newest), or accepted and lost ' +
      'when a link broke (link), a peer was gone (exit), or this node stopped (stop).',
    labels: ['reason'],
    read: ({ metrics: { mesh } }) =>
      byLabel('reason', {
        oldest: mesh.droppedOldest,
        newest: mesh.droppedNewest,
        link: mesh.lostByLinks,
        exit: mesh.lostByExits,
        stop: mesh.lostByStop,
      }),
  },
  {
    kind: 'counter',
    name: 'earshot_stray_shouts_total',
    help: 'Shouts received for a group that this node is not in.',
    labels: [],
    read: ({ metrics }) => metrics.mesh.strayShouts,
  },
  {
    kind: 'counter',
    name: 'earshot_pings_total',
    help: 'PINGs sent and received.',
    labels: ['direction'],
    read: ({ metrics: { mesh } }) =>
      byLabel('direction', { in: mesh.pingsReceived, out: mesh.pingsSent }),
  },
  {
    kind: 'counter',
    name: 'earshot_election_commands_total',
    help: 'ELECT and LEADER commands received; they are not acted on yet.',
    labels: [],
    read: ({ metrics }) => metrics.mesh.elections,
  },
]

export const NODE_DEFINITIONS: readonly Definition<Snapshot>[] = [
  ...NODE,
  ...PEERS,
  ...DISCOVERY,
  ...TRAFFIC,
]

interface MessageCounts {
  readonly messagesIn: number
  readonly whispersIn: number
  readonly messagesOut: number
  readonly whispersOut: number
}

/** Whispers and shouts apart: their sum is what was counted. */
export function messageSamples(counts: MessageCounts): readonly {
  readonly labels: { readonly direction: string; readonly kind: string }
  readonly value: number
}[] {
  const { messagesIn, whispersIn, messagesOut, whispersOut } = counts
  return [
    { labels: { direction: 'in', kind: 'shout' }, value: messagesIn - whispersIn },
    { labels: { direction: 'in', kind: 'whisper' }, value: whispersIn },
    { labels: { direction: 'out', kind: 'shout' }, value: messagesOut - whispersOut },
    { labels: { direction: 'out', kind: 'whisper' }, value: whispersOut },
  ]
}
