/**
 * The output of `--json`: NDJSON, one object a line, on stdout.
 *
 * Every object has a `type`, `earshot.<kind>/<version>`, and a `time` (ISO 8601, UTC: when it was written; of log records
 * and traces, when it happened). Within a version, fields are only ever added; another version means that something else changed. Kinds:
 *
 *   node          this node is up (first line of run, watch and chat): id, name, port, interfaces, groups,
 *                 and metrics, the address of its endpoint, when there is one
 *   peer          a peer in a list: id, name, endpoint, headers, groups, presence, roundTripMs (null: no answer)
 *   enter         a peer entered: peer with all that is in its introduction
 *   join, leave   peer, group
 *   shout         peer, group, message
 *   whisper       peer, message
 *   evasive, silent, alive   peer
 *   blocked       peer, messages, bytes: what waits for it
 *   unblocked     peer, blockedMs
 *   drop          peer, oldest, newest: so many shouts for it were dropped
 *   exit          peer, reason, lost: messages for it that were not sent
 *   warning       code, reason, suppressed; peer (its id) and address where they are known
 *   stop          this node has stopped
 *   sent          a message was accepted for sending: to (the peers), group (of a shout), bytes
 *   ping          peer, sequence, roundTripMs (null: no answer)
 *   ping-summary  peer, sent, answered, and minMs, avgMs, maxMs when anything was answered
 *   log, lost, source, gone, refused, unanswered, cut, clock   of the mesh-wide log: see recording/format.ts
 *   trace         a traced message: trace (its id), kind (whisper, shout), from, group, bytes, complete, and receivers:
 *                 each id, name, outcome (the last stage that is known) and stages (milliseconds after it was sent, by the
 *                 mesh's time); sentUnknown when the sender has not told: then after the first report
 *   recording, snapshot, dropped   of `earshot record`: see recording/format.ts
 *   top           a node at a moment: node, state, at, silence (why it says nothing), roundTripMs, peers, worstPresence,
 *                 meanRoundTripMs, messages and bytes (In, Out, each PerSecond), queueMessages, queueBytes,
 *                 blockedPeers, drops, dropsPerSecond, warnings, loopDelayMs, uptimeMs; null: unknown
 *   graph         who sees whom: at, nodes (id, name, answered, presence), edges (from, to, presence, kind), asymmetric
 *   sighting      what `earshot scan` found: id, name, implementation, address, port, interface, heard (times, by way), agoMs,
 *                 beaconVersion, extensions, answeredAs (an id), visitMs, failure; null: unknown
 *   finding       of `earshot doctor`: code, level (ok, note, problem), sentence, advice (an array), facts
 *   demo          a step of the demo: ms, ok (when it was checked), text
 *
 * Of `earshot sim`, all times in milliseconds:
 *
 *   sim-start     what a run starts with: scenario, seed, nodes, durationMs, settings, checks, version
 *   sim-result    what it came to: a RunResult of `earshot/sim`; sameHash, when another hash was expected
 *   sim-partial   what had come of a run that was interrupted: phase, virtualMs, events, knownViews, completeViews
 *   sim-sweep     what a sweep starts with: as sim-start, with seeds, count and jobs instead of a seed
 *   sim-broken    a seed of a sweep without a result: seed, reason, replay
 *   sim-total     what a sweep came to: ok, done, failed, failedSeeds, ended, seedsPerMinute
 *   sim-real-start      what --real starts with: scenario, nodes, durationMs, seed, jobs, filesPerJob, fileLimit
 *   sim-real-processes  its worker processes: pids
 *   sim-real      what it came to: real and virtual (the same quantities), ratios, ok, failures, warnings, unsaid
 *   sim-scenario, sim-check   what there is: name, summary, and nodes, durationMs, settings, skipChecks
 *
 * `peer` in events is `{ id, name }`. A message is its fields `text` (valid UTF-8) or `base64` (anything else), or
 * `frames`, an array of such, when it has not exactly one frame.
 */
import type { MeshNode, Message, NodeEvent, PeerInfo } from '../src/index.ts'
import { roundedMs } from './duration.ts'
import { textOf } from './render/message-text.ts'

const VERSION = 1

export interface JsonRecord {
  readonly type: `earshot.${string}/${number}`
  readonly time: string
  readonly [field: string]: unknown
}

export function recordOf(kind: string, fields: Readonly<Record<string, unknown>>): JsonRecord {
  return { type: `earshot.${kind}/${VERSION}`, time: new Date().toISOString(), ...fields }
}

export function eventRecord(event: NodeEvent): JsonRecord {
  switch (event.type) {
    case 'enter':
      return recordOf('enter', { peer: fullPeer(event.peer) })
    case 'exit':
      return recordOf('exit', {
        peer: briefPeer(event.peer),
        reason: event.reason,
        lost: event.lost,
      })
    case 'join':
    case 'leave':
      return recordOf(event.type, { peer: briefPeer(event.peer), group: event.group })
    case 'evasive':
    case 'silent':
    case 'asleep':
    case 'alive':
      return recordOf(event.type, { peer: briefPeer(event.peer) })
    case 'blocked':
    case 'unblocked':
    case 'drop': {
      const { type, peer, ...fields } = event
      return recordOf(type, { peer: briefPeer(peer), ...fields })
    }
    case 'shout':
      return recordOf('shout', {
        peer: briefPeer(event.peer),
        group: event.group,
        ...messageFields(event.message),
      })
    case 'whisper':
      return recordOf('whisper', {
        peer: briefPeer(event.peer),
        ...messageFields(event.message),
      })
    case 'warning': {
      const { type, ...fields } = event
      return recordOf(type, fields)
    }
    case 'stop':
      return recordOf('stop', {})
  }
}

export function nodeRecord(node: MeshNode, port: number): JsonRecord {
  const interfaces = usedInterfaces(node).map(({ name, address }) => ({ name, address }))
  return recordOf('node', { id: node.id, name: node.name, port, interfaces, groups: node.groups() })
}

/** Those that a node speaks on. */
export function usedInterfaces(node: MeshNode): ReturnType<MeshNode['interfaces']> {
  return node.interfaces().filter(({ skipped }) => skipped === undefined)
}

export function peerRecord(peer: PeerInfo, roundTripMs: number | undefined): JsonRecord {
  return recordOf('peer', {
    ...fullPeer(peer),
    roundTripMs: roundTripMs === undefined ? null : roundedMs(roundTripMs),
  })
}

export function sentRecord(
  to: readonly PeerInfo[],
  group: string | undefined,
  bytes: number,
): JsonRecord {
  const peers = to.map(briefPeer)
  return recordOf('sent', { to: peers, ...(group !== undefined && { group }), bytes })
}

export function briefPeer({ id, name }: PeerInfo): { id: string; name: string } {
  return { id, name }
}

function fullPeer(peer: PeerInfo): Omit<PeerInfo, never> {
  const { id, name, endpoint, headers, groups, presence, asleep, foundBy } = peer
  return { id, name, endpoint, headers, groups, presence, asleep, foundBy }
}

type FrameFields = { readonly text: string } | { readonly base64: string }

function messageFields(
  message: Message,
): FrameFields | { readonly frames: readonly FrameFields[] } {
  const frames = message.frames().map(frameFields)
  return frames.length === 1 ? frames[0]! : { frames }
}

function frameFields(bytes: Uint8Array): FrameFields {
  const text = textOf(bytes)
  return text === undefined ? { base64: Buffer.from(bytes).toString('base64') } : { text }
}
