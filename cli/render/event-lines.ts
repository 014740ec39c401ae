/**
 * Events as lines for people.
 *
 * On a terminal: time of day, what happened, who, and the details in words, aligned as well as a stream allows. In a
 * pipe: always six fields, separated by tabs: ISO time, event, name, id, group, detail (the message; the endpoint
 * of an enter; the reason of an exit; messages that wait for a blocked peer, or were dropped; code and reason of a warning).
 */
import type { ExitReason, NodeEvent, PeerInfo } from '../../src/index.ts'
import { escapeText } from './escape.ts'
import type { ShownMessage } from './message-text.ts'
import { messageText } from './message-text.ts'
import type { Paint, Style } from './style.ts'
import { nameStyle } from './style.ts'
import { tabbed } from './table.ts'
import { padEnd, textWidth } from './width.ts'

type WithMessage = 'shout' | 'whisper'

/** An event of a node, or one read from a recording: of its message there is only what is shown. */
export type ShownEvent =
  | Exclude<NodeEvent, { type: WithMessage }>
  | { readonly type: 'whisper'; readonly peer: PeerInfo; readonly message: ShownMessage }
  | {
      readonly type: 'shout'
      readonly peer: PeerInfo
      readonly group: string
      readonly message: ShownMessage
    }

const EVENT_STYLES: Readonly<Record<NodeEvent['type'], Style>> = {
  enter: 'green',
  join: 'green',
  alive: 'green',
  leave: 'yellow',
  evasive: 'yellow',
  silent: 'yellow',
  asleep: 'dim',
  blocked: 'yellow',
  unblocked: 'green',
  drop: 'red',
  exit: 'red',
  warning: 'yellow',
  shout: 'cyan',
  whisper: 'magenta',
  stop: 'dim',
}

/** Of all but `unblocked`, which is rare. */
const EVENT_WIDTH = 7

export const EXIT_WORDS: Readonly<Record<ExitReason, string>> = {
  goodbye: 'it said goodbye',
  expired: 'nothing was heard of it for too long',
  closed: 'its process ended without a goodbye',
  replaced: 'another node answers at its address',
  restarted: 'it starts its conversation anew',
  blocked: 'it read too little for too long',
  protocol: 'it lost messages or broke the protocol',
}

const NAME_WIDTH_MIN = 8
const NAME_WIDTH_MAX = 24

/** Makes lines of events; remembers how wide names are. */
export class EventLines {
  readonly #terminal: boolean
  readonly #paint: Paint
  #nameWidth = NAME_WIDTH_MIN

  constructor(terminal: boolean, paint: Paint) {
    this.#terminal = terminal
    this.#paint = paint
  }

  line(event: ShownEvent, at: Date): string {
    return this.#terminal ? this.#terminalLine(event, at) : pipeLine(event, at)
  }

  #terminalLine(event: ShownEvent, at: Date): string {
    const { type } = event
    return [
      this.#paint('dim', timeOfDay(at)),
      this.#paint(EVENT_STYLES[type], padEnd(type, EVENT_WIDTH)),
      'peer' in event && typeof event.peer === 'object' ? this.name(event.peer) : '',
      terminalDetail(event, this.#paint),
    ]
      .filter((part) => part !== '')
      .join('  ')
      .trimEnd()
  }

  /** A name in its colour, padded to the widest so far. */
  name(peer: Pick<PeerInfo, 'id' | 'name'>): string {
    const name = shownName(peer)
    this.#nameWidth = Math.min(Math.max(this.#nameWidth, textWidth(name)), NAME_WIDTH_MAX)
    return this.#paint(nameStyle(peer.id), padEnd(name, this.#nameWidth))
  }
}

/** A peer's name, or the beginning of its id where it has none. */
export function shownName({ id, name }: Pick<PeerInfo, 'id' | 'name'>): string {
  return name === '' ? shortId(id) : escapeText(name)
}

/** Enough of an id to tell peers apart, and to name one on the command line. */
export function shortId(id: string): string {
  return escapeText(id.slice(0, 8))
}

/** `14:02:31.120`, in local time. */
export function timeOfDay(at: Date): string {
  const part = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((each) => part(each))
    .join(':')
  return `${clock}.${part(at.getMilliseconds(), 3)}`
}

/** Where a mailbox is, without what is the same for all. */
export function shortEndpoint(endpoint: string): string {
  return escapeText(endpoint.replace(/^tcp:\/\//, ''))
}

/** `X-ROLE=display`, without the header by which earshot nodes know each other. */
export function headerWords(headers: PeerInfo['headers']): string {
  return Object.entries(headers)
    .filter(([name]) => name.toUpperCase() !== 'X-EARSHOT')
    .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
    .join(', ')
}

function terminalDetail(event: ShownEvent, paint: Paint): string {
  switch (event.type) {
    case 'enter': {
      const { id, endpoint, headers } = event.peer
      return [paint('dim', shortId(id)), shortEndpoint(endpoint), headerWords(headers)].join('  ')
    }
    case 'join':
    case 'leave':
      return escapeText(event.group)
    case 'shout':
      return `${paint('dim', `${escapeText(event.group)}:`)} ${messageText(event.message)}`
    case 'whisper':
      return messageText(event.message)
    case 'exit':
      return `${event.reason}: ${EXIT_WORDS[event.reason]}${lostWords(event.lost)}`
    case 'warning':
      return escapeText(`[${event.code}] ${event.reason}`)
    case 'evasive':
      return 'not heard for a while'
    case 'silent':
      return 'not heard for long'
    case 'asleep':
      return 'sleeps for a while'
    case 'alive':
      return 'heard again'
    case 'blocked':
      return `reads too slowly: ${event.messages} messages wait (${event.bytes} bytes)`
    case 'unblocked':
      return `reads again, after ${(event.blockedMs / 1_000).toFixed(1)} s`
    case 'drop':
      return `messages dropped while it was blocked: ${event.oldest} old, ${event.newest} new`
    case 'stop':
      return ''
  }
}

function lostWords(lost: number): string {
  return lost === 0 ? '' : `; ${lost} messages for it were not sent`
}

function pipeLine(event: ShownEvent, at: Date): string {
  const { id, name } = subjectOf(event)
  const group = 'group' in event ? escapeText(event.group) : ''
  return tabbed([at.toISOString(), event.type, escapeText(name), id, group, pipeDetail(event)])
}

function subjectOf(event: ShownEvent): { readonly id: string; readonly name: string } {
  if (event.type === 'stop') return { id: '', name: '' }
  return event.type === 'warning' ? { id: event.peer ?? '', name: '' } : event.peer
}

function pipeDetail(event: ShownEvent): string {
  switch (event.type) {
    case 'enter':
      return escapeText(event.peer.endpoint)
    case 'shout':
    case 'whisper':
      return messageText(event.message)
    case 'exit':
      return event.reason
    case 'warning':
      return escapeText(`[${event.code}] ${event.reason}`)
    case 'blocked':
      return String(event.messages)
    case 'unblocked':
      return `${Math.round(event.blockedMs)} ms`
    case 'drop':
      return String(event.oldest + event.newest)
    default:
      return ''
  }
}
