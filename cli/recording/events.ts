/** Events back from their JSON: what `eventRecord` of `json.ts` wrote, as far as it can be shown again. */
import type { ExitReason, FoundBy, NodeEvent, PeerInfo } from '../../src/index.ts'
import type { ShownEvent } from '../render/event-lines.ts'
import { EXIT_WORDS } from '../render/event-lines.ts'
import type { ShownMessage } from '../render/message-text.ts'
import type { Json } from './values.ts'
import { count, isJsonObject, nodeId, number, text } from './values.ts'

/** `undefined` for one that is damaged; `unknown` for one that a later version may have written. */
export function readEvent(kind: string, record: Json): ShownEvent | 'unknown' | undefined {
  if (kind === 'stop') return { type: 'stop' }
  if (kind === 'warning') return readWarning(record)
  if (!Object.hasOwn(READERS, kind)) return 'unknown'
  const peer = readPeer(record['peer'])
  return peer && READERS[kind as keyof typeof READERS](record, peer)
}

type Reader = (record: Json, peer: PeerInfo) => ShownEvent | undefined

const presence =
  (type: 'evasive' | 'silent' | 'alive' | 'asleep'): Reader =>
  (_record, peer) => ({ type, peer })

const membership =
  (type: 'join' | 'leave'): Reader =>
  (record, peer) => {
    const group = text(record['group'])
    return group === undefined ? undefined : { type, peer, group }
  }

const READERS = {
  enter: (_record, peer) => ({ type: 'enter', peer }),
  exit: (record, peer) => {
    const reason = text(record['reason'])
    if (reason === undefined || !Object.hasOwn(EXIT_WORDS, reason)) return undefined
    return { type: 'exit', peer, reason: reason as ExitReason, lost: count(record['lost']) ?? 0 }
  },
  evasive: presence('evasive'),
  silent: presence('silent'),
  alive: presence('alive'),
  asleep: presence('asleep'),
  join: membership('join'),
  leave: membership('leave'),
  blocked: ({ messages, bytes }, peer) => ({
    type: 'blocked',
    peer,
    messages: count(messages) ?? 0,
    bytes: count(bytes) ?? 0,
  }),
  unblocked: ({ blockedMs }, peer) => ({
    type: 'unblocked',
    peer,
    blockedMs: number(blockedMs) ?? 0,
  }),
  drop: ({ oldest, newest }, peer) => ({
    type: 'drop',
    peer,
    oldest: count(oldest) ?? 0,
    newest: count(newest) ?? 0,
  }),
  shout: (record, peer) => {
    const message = readMessage(record)
    const group = text(record['group'])
    if (message === undefined || group === undefined) return undefined
    return { type: 'shout', peer, group, message }
  },
  whisper: (record, peer) => {
    const message = readMessage(record)
    return message && { type: 'whisper', peer, message }
  },
} as const satisfies Record<string, Reader>

function readWarning(record: Json): ShownEvent | undefined {
  const code = text(record['code'])
  const reason = text(record['reason'])
  if (code === undefined || reason === undefined) return undefined
  const peer = nodeId(record['peer'])
  const known = code as Extract<NodeEvent, { type: 'warning' }>['code']
  const suppressed = count(record['suppressed']) ?? 0
  return { type: 'warning', code: known, reason, suppressed, ...(peer !== undefined && { peer }) }
}

/** What is missing was not written: most events have no more than id and name. */
function readPeer(value: unknown): PeerInfo | undefined {
  if (!isJsonObject(value)) return undefined
  const id = nodeId(value['id'])
  const name = text(value['name'])
  if (id === undefined || name === undefined) return undefined
  const { headers, groups, foundBy } = value
  return {
    id,
    name,
    endpoint: text(value['endpoint']) ?? '',
    headers: isJsonObject(headers) ? textsOf(headers) : {},
    groups: Array.isArray(groups) ? groups.filter((each) => typeof each === 'string') : [],
    presence: 'alive',
    asleep: value['asleep'] === true,
    foundBy: Array.isArray(foundBy) ? foundBy.filter(isWay) : [],
  }
}

const WAYS: readonly unknown[] = ['beacon', 'mdns', 'gossip', 'seed', 'link'] satisfies FoundBy[]

function isWay(value: unknown): value is FoundBy {
  return WAYS.includes(value)
}

function textsOf(headers: Json): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return Object.fromEntries(entries)
}

function readMessage(record: Json): ShownMessage | undefined {
  const written = record['frames'] ?? [record]
  if (!Array.isArray(written)) return undefined
  const frames = written.flatMap((each): Uint8Array[] => {
    const frame = isJsonObject(each) ? readFrame(each) : undefined
    return frame === undefined ? [] : [frame]
  })
  return frames.length === written.length ? { frames: () => frames } : undefined
}

function readFrame(frame: Json): Uint8Array | undefined {
  const plain = text(frame['text'])
  if (plain !== undefined) return Buffer.from(plain)
  const base64 = text(frame['base64'])
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64')
}
