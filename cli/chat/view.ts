/**
 * What a chat shows of events: others' lines as `name: text`, and announcements after a `*`.
 */
import type { NodeEvent, PeerInfo } from '../../src/index.ts'
import { escapeText } from '../render/escape.ts'
import { EXIT_WORDS, shownName } from '../render/event-lines.ts'
import { messageText } from '../render/message-text.ts'
import type { Paint } from '../render/style.ts'
import { nameStyle } from '../render/style.ts'

export interface ChatViewOptions {
  readonly group: string
  readonly ownName: string
  readonly paint: Paint
  /** Who is in the group now. */
  members(): readonly PeerInfo[]
}

const ID_DIGITS = 4

export class ChatView {
  readonly #options: ChatViewOptions

  constructor(options: ChatViewOptions) {
    this.#options = options
  }

  /** The line for an event; `undefined` for those that a chat does not show. */
  line(event: NodeEvent): string | undefined {
    const { group } = this.#options
    switch (event.type) {
      case 'shout':
        return event.group === group
          ? this.#spoken(event.peer, messageText(event.message))
          : undefined
      case 'whisper':
        return this.#spoken(event.peer, messageText(event.message), 'whispers')
      case 'join':
        return event.group === group ? this.#announced(event.peer, 'joined') : undefined
      case 'leave':
        return event.group === group ? this.#announced(event.peer, 'left') : undefined
      case 'exit':
        if (!event.peer.groups.includes(group)) return undefined
        return event.reason === 'goodbye'
          ? this.#announced(event.peer, 'left')
          : this.#announced(event.peer, `is gone: ${EXIT_WORDS[event.reason]}`)
      default:
        return undefined
    }
  }

  /** The name of a peer as the chat shows it: with a bit of its id where others have the same name. */
  name(peer: PeerInfo): string {
    const { ownName, members } = this.#options
    const isShared =
      peer.name === ownName ||
      members().some(({ id, name }) => name === peer.name && id !== peer.id)
    return isShared ? `${shownName(peer)}#${peer.id.slice(0, ID_DIGITS)}` : shownName(peer)
  }

  #spoken(peer: PeerInfo, text: string, how = ''): string {
    const { paint } = this.#options
    const name = paint(nameStyle(peer.id), this.name(peer))
    return how === '' ? `${name}: ${text}` : `${name} ${paint('magenta', `(${how})`)}: ${text}`
  }

  #announced(peer: PeerInfo, what: string): string {
    return this.#options.paint('dim', `* ${this.name(peer)} ${escapeText(what)}`)
  }
}
