/**
 * The books of a soak: what its messages look like, and what every node writes down of them. Nothing here decides
 * whether a message was lost: that is the auditor's part (`audit.ts`).
 *
 * A message starts with its number, in a row of its own for every pair of nodes and kind: a peer's whispers to us,
 * a peer's shouts. The rest is a pattern that follows from the number, so that damage shows.
 */

export const KINDS = ['whisper', 'shout'] as const
export type Kind = (typeof KINDS)[number]

/** Since the last page: how many were accepted for each peer, and how many came from it. */
export interface Page {
  readonly node: string
  readonly sent: Readonly<Record<string, Counts>>
  readonly heard: Readonly<Record<string, Counts>>
}

export type Counts = Readonly<Record<Kind, number>>

const NUMBER_BYTES = 4
const LENGTHS = [16, 100, 333, 1_024, 5_000] as const
/** Once in so many messages one that needs several reads. */
const LARGE_EVERY = 997
const LARGE_BYTES = 200_000

export function encode(number: number): Uint8Array {
  const bytes = new Uint8Array(lengthOf(number)).fill(number & 0xff)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

/** The number of a message; `undefined` for one that is damaged. */
function decode(bytes: Uint8Array): number | undefined {
  if (bytes.length < NUMBER_BYTES) return undefined
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const filling = number & 0xff
  const isWhole = bytes.length === lengthOf(number)
  return isWhole && bytes.subarray(NUMBER_BYTES).every((each) => each === filling)
    ? number
    : undefined
}

function lengthOf(number: number): number {
  return number % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE_BYTES : LENGTHS[number % LENGTHS.length]!
}

/** What one node writes down of one peer, while that peer is present. */
class Account {
  lastWhisper = 0
  /** Numbers; none before the first message, which may have any: the peer may know us for longer than we know it. */
  readonly lastHeard: Record<Kind, number | undefined> = { whisper: undefined, shout: undefined }
  sent: Record<Kind, number> = { whisper: 0, shout: 0 }
  heard: Record<Kind, number> = { whisper: 0, shout: 0 }
}

/** The books of one node. */
export class Books {
  readonly #node: string
  readonly #accounts = new Map<string, Account>()
  /** What was written of peers that are gone, and is not yet on a page. */
  #closed: [string, Account][] = []
  #shouts = 0
  readonly #members = new Set<string>()

  constructor(node: string) {
    this.#node = node
  }

  handleEnter(peer: string): void {
    this.#accounts.set(peer, new Account())
  }

  handleJoin(peer: string): void {
    this.#members.add(peer)
  }

  handleExit(peer: string): void {
    const account = this.#accounts.get(peer)
    if (account !== undefined) this.#closed.push([peer, account])
    this.#accounts.delete(peer)
    this.#members.delete(peer)
  }

  /** The number that the next whisper to a peer has to carry; `noteWhisper` when it is accepted. */
  nextWhisper(peer: string): number {
    return (this.#accounts.get(peer)?.lastWhisper ?? 0) + 1
  }

  noteWhisper(peer: string): void {
    const account = this.#accounts.get(peer)
    if (account === undefined) return
    account.lastWhisper++
    account.sent.whisper++
  }

  /** The number that the next shout has to carry, which goes to all members as they are now. */
  noteShout(): number {
    for (const peer of this.#members) {
      const account = this.#accounts.get(peer)
      if (account !== undefined) account.sent.shout++
    }
    return ++this.#shouts
  }

  /** What is wrong with a message that came, if anything. */
  noteHeard(peer: string, kind: Kind, bytes: Uint8Array): string | undefined {
    const account = this.#accounts.get(peer)
    if (account === undefined) return `a ${kind} of nobody`
    const number = decode(bytes)
    if (number === undefined) return `a damaged ${kind} of ${bytes.length} bytes`
    const last = account.lastHeard[kind]
    account.heard[kind]++
    account.lastHeard[kind] = number
    if (last === undefined || number === last + 1) return undefined
    return `${kind} ${number} after ${last}`
  }

  /** What is new since the last page. */
  turnPage(): Page {
    const page = { node: this.#node, sent: {}, heard: {} }
    for (const [peer, account] of [...this.#closed, ...this.#accounts]) {
      enter(page.sent, peer, account.sent)
      enter(page.heard, peer, account.heard)
      account.sent = { whisper: 0, shout: 0 }
      account.heard = { whisper: 0, shout: 0 }
    }
    this.#closed = []
    return page
  }
}

/** A peer that went and came back within one page has two accounts in it. */
function enter(side: Record<string, Counts>, peer: string, counts: Counts): void {
  if (counts.whisper === 0 && counts.shout === 0) return
  const before = side[peer] ?? { whisper: 0, shout: 0 }
  side[peer] = {
    whisper: before.whisper + counts.whisper,
    shout: before.shout + counts.shout,
  }
}
