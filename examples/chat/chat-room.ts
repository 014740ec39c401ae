/**
 * A small chat room on earshot: everybody in the group `chat` hears everybody else. Nothing in here knows whether
 * its node runs on a real network or in a simulation, so `chat-room.test.ts` can try it on thirty hosts at once.
 */
import type { MeshNode } from 'earshot'

export interface Line {
  readonly from: string
  readonly text: string
}

const GROUP = 'chat'

export class ChatRoom {
  readonly #node: MeshNode
  /** What was said, in the order in which it arrived here. */
  readonly lines: Line[] = []
  /** Called after each new line. */
  onLine: (line: Line) => void = () => {}

  constructor(node: MeshNode) {
    this.#node = node
    node.join(GROUP)
    node.on('shout', ({ peer, group, message }) => {
      if (group === GROUP) this.#add({ from: peer.name, text: message.text() })
    })
  }

  /** Who is in the room, beside us. */
  get people(): string[] {
    return this.#node
      .members(GROUP)
      .map(({ name }) => name)
      .sort()
  }

  /** Says something to everybody; resolves when it is on its way to all of them. */
  async say(text: string): Promise<void> {
    this.#add({ from: this.#node.name, text })
    await this.#node.shout(GROUP, text)
  }

  #add(line: Line): void {
    this.lines.push(line)
    this.onLine(line)
  }
}
