/** One node of a soak: it whispers, shouts, listens, and keeps books. */
import type { MeshNode } from '../../src/index.ts'
import { createNode } from '../../src/index.ts'
import type { Kind, Page } from './books.ts'
import { Books, encode } from './books.ts'

const GROUP = 'soak'

/** What residents of one process have in common. */
export interface Observer {
  /** Has one message in so many not written down, to see that it is missed. */
  readonly overlookEvery: number | undefined
  /** A message that should not have come as it came. */
  handleFault(fault: string): void
  /** Something worth counting that is no fault in itself. */
  handleNotice(notice: string): void
}

export class Resident {
  readonly #node: MeshNode
  readonly #books: Books
  readonly #observer: Observer
  #turn = 0
  #heard = 0
  /** The last shout still waits for room. */
  #isShouting = false
  #isLeaving = false

  private constructor(node: MeshNode, observer: Observer) {
    this.#node = node
    this.#books = new Books(node.id)
    this.#observer = observer
    this.#listen()
  }

  static async start(port: number, observer: Observer): Promise<Resident> {
    const node = await createNode({ interfaces: '127.0.0.1', port, groups: [GROUP] })
    return new Resident(node, observer)
  }

  get id(): string {
    return this.#node.id
  }

  #listen(): void {
    const { id } = this.#node
    const { overlookEvery } = this.#observer
    const note = (peer: string, kind: Kind, bytes: Uint8Array): void => {
      if (overlookEvery !== undefined && ++this.#heard % overlookEvery === 0) return
      const fault = this.#books.noteHeard(peer, kind, bytes)
      if (fault !== undefined) this.#observer.handleFault(`${short(id)} ← ${short(peer)}: ${fault}`)
    }
    this.#node
      .on('enter', ({ peer }) => this.#books.handleEnter(peer.id))
      .on('join', ({ peer, group }) => group === GROUP && this.#books.handleJoin(peer.id))
      .on('exit', ({ peer, reason }) => {
        this.#books.handleExit(peer.id)
        this.#observer.handleNotice(`exit: ${reason}`)
      })
      .on('whisper', ({ peer, message }) => note(peer.id, 'whisper', message.bytes()))
      .on('shout', ({ peer, message }) => note(peer.id, 'shout', message.bytes()))
      .on('evasive', () => this.#observer.handleNotice('evasive'))
      .on('silent', () => this.#observer.handleNotice('silent'))
      .on('warning', ({ code }) => this.#observer.handleNotice(`warning: ${code}`))
  }

  /** Whispers to the next peer in turn. One that has no room is left out: it is not sent. */
  whisper(): void {
    if (this.#isLeaving) return
    const peers = this.#node.peers()
    if (peers.length === 0) return
    const { id } = peers[this.#turn++ % peers.length]!
    if (this.#node.tryWhisper(id, encode(this.#books.nextWhisper(id)))) this.#books.noteWhisper(id)
    else this.#observer.handleNotice('whisper not sent: no room')
  }

  async shout(): Promise<void> {
    if (this.#isLeaving) return
    if (this.#isShouting) {
      this.#observer.handleNotice('shout not sent: the last one waits for room')
      return
    }
    this.#isShouting = true
    try {
      await this.#node.shout(GROUP, encode(this.#books.noteShout()))
    } catch (error) {
      // The node stopped while the shout waited for room.
      if (!this.#isLeaving) throw error
    }
    this.#isShouting = false
  }

  /** What is new in the books. */
  turnPage(): Page {
    return this.#books.turnPage()
  }

  /** Leaves in order: all that was accepted goes out. Gives back how many messages the node itself says it lost. */
  async leave(): Promise<number> {
    this.#isLeaving = true
    await this.#node.stop()
    return this.#node.metrics().mesh.messagesLost
  }
}

function short(id: string): string {
  return id.slice(0, 6)
}
