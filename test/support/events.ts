/**
 * The rules that every stream of engine events keeps, and a telling of events in one line each.
 */
import { assertNever } from '../../src/base/assert.ts'
import { utf8Decode } from '../../src/base/bytes.ts'
import type { EngineEvent } from '../../src/mesh/events.ts'
import type { Message } from '../../src/mesh/message.ts'

export interface EventRules {
  readonly present: Map<string, Set<string>>
  stopped: boolean
}

export function newEventRules(): EventRules {
  return { present: new Map(), stopped: false }
}

/**
 * The first event of a peer is `enter`; no second `enter` without an `exit` between; nothing about a peer after
 * its `exit`; joins and leaves alternate; nothing at all after `stopped`.
 */
export function checkEvent(rules: EventRules, event: EngineEvent): void {
  const { present } = rules
  if (rules.stopped) throw new Error(`${event.type} after stopped`)
  if (event.type === 'stopped') rules.stopped = true
  if (!('peer' in event) || typeof event.peer !== 'object') return
  const { id, name } = event.peer
  if (event.type === 'enter') {
    if (present.has(id)) throw new Error(`a second enter of ${name}`)
    present.set(id, new Set())
    return
  }
  const groups = present.get(id)
  if (groups === undefined) throw new Error(`${event.type} of ${name}, which has not entered`)
  if (event.type === 'exit') present.delete(id)
  if (event.type === 'join' && groups.has(event.group)) {
    throw new Error(`a second join of ${name} to ${event.group}`)
  }
  if (event.type === 'join') groups.add(event.group)
  if (event.type === 'leave' && !groups.delete(event.group)) {
    throw new Error(`a leave of ${name}, which is not in ${event.group}`)
  }
}

/** One line, or none for notices that answer the node's own promises. */
export function tell(event: EngineEvent): string[] {
  switch (event.type) {
    case 'enter':
    case 'alive':
    case 'evasive':
    case 'silent':
    case 'asleep':
    case 'blocked':
    case 'unblocked':
      return [`${event.type} ${event.peer.name}`]
    case 'drop':
      return [`drop ${event.peer.name} ${event.oldest}+${event.newest}`]
    case 'exit':
      return [`exit ${event.peer.name} ${event.reason}`]
    case 'join':
    case 'leave':
      return [`${event.type} ${event.peer.name} ${event.group}`]
    case 'whisper':
      return [`whisper ${event.peer.name}: ${tellMessage(event.message)}`]
    case 'shout':
      return [`shout ${event.peer.name} ${event.group}: ${tellMessage(event.message)}`]
    case 'warning':
      return [`warning ${event.code}`]
    case 'aside':
    case 'suspended':
    case 'astray':
    case 'room':
    case 'pong':
    case 'gone':
    case 'traced':
    case 'stopped':
      return []
    default:
      return assertNever(event)
  }
}

function tellMessage(message: Message): string {
  return message.frames().map(utf8Decode).join(' | ')
}
