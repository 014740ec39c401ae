/**
 * What the engine tells: the mesh's events, in ZRE's own words, and notices meant for the MeshNode
 * alone. The catalogue for applications stands atop `runtime/node.ts`.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Message } from './message.ts'
import type { OutgoingContent } from './outbox.ts'
import type { WarningCode } from './warning-codes.ts'

/** How much of a peer is heard: `evasive` after a first silence, `silent` after a longer one. */
export type Presence = 'alive' | 'evasive' | 'silent'

/** How a peer was found: by its beacons, by the other ways of discovery, or because it dialled us (`link`). */
export type FoundBy = 'beacon' | 'mdns' | 'gossip' | 'seed' | 'link'

/** What is known of a peer at one moment. Immutable: an event keeps what was true when it happened. */
export interface PeerInfo {
  readonly id: PeerId
  readonly name: string
  /** Where its mailbox is: `tcp://address:port`. */
  readonly endpoint: string
  /** From its HELLO. Has no prototype: any header name is an ordinary key. */
  readonly headers: Readonly<Record<string, string>>
  /** In the order in which it joined them. */
  readonly groups: readonly string[]
  readonly presence: Presence
  /** It has said that it sleeps for a while, and was not heard since. */
  readonly asleep: boolean
  /** How it was found, so far. */
  readonly foundBy: readonly FoundBy[]
}

export type ExitReason =
  | 'goodbye' // it said so
  | 'expired' // nothing heard for `expiredMs`
  | 'closed' // its links closed, its mailbox refuses connections and its beacons stopped
  | 'replaced' // another node answers at its endpoint
  | 'restarted' // it started its conversation anew; an `enter` follows at once
  | 'blocked' // it read too little for too long, and the policy of a message was `disconnect`; it may enter again
  | 'protocol' // it lost messages of its own or broke the protocol; it may enter again

export interface EnterEvent {
  readonly type: 'enter'
  readonly peer: PeerInfo
}
export interface PresenceEvent {
  readonly type: 'alive' | 'evasive' | 'silent' | 'asleep'
  readonly peer: PeerInfo
}
export interface ExitEvent {
  readonly type: 'exit'
  readonly peer: PeerInfo
  readonly reason: ExitReason
  /**
   * Messages that were accepted for it and not yet taken by the host's network stack: it will not get them. What was
   * taken and had not arrived is not known, and not among them.
   */
  readonly lost: number
}
/** A peer takes too little: its outbox was full, and has not drained to its low marks within `blockedAfterMs`. */
export interface BlockedEvent {
  readonly type: 'blocked'
  readonly peer: PeerInfo
  /** Messages, and their bytes, that wait for it. */
  readonly messages: number
  readonly bytes: number
}
/**
 * Its outbox has drained to its low marks: into the host's network stack, which does not say that the peer has read it;
 * or into a link that broke.
 */
export interface UnblockedEvent {
  readonly type: 'unblocked'
  readonly peer: PeerInfo
  /** Milliseconds since its outbox was first full. */
  readonly blockedMs: number
}
/** Shouts were dropped for a peer whose outbox is full, as their policy wants. At most one event per peer and second. */
export interface DropEvent {
  readonly type: 'drop'
  readonly peer: PeerInfo
  /** Messages that waited and made room for newer ones, since the event before. */
  readonly oldest: number
  /** Messages that were not let in, since the event before. */
  readonly newest: number
}
export interface MembershipEvent {
  readonly type: 'join' | 'leave'
  readonly peer: PeerInfo
  readonly group: string
}
export interface WhisperEvent {
  readonly type: 'whisper'
  readonly peer: PeerInfo
  readonly message: Message
}
export interface ShoutEvent {
  readonly type: 'shout'
  readonly peer: PeerInfo
  readonly group: string
  readonly message: Message
}
export interface WarningEvent<Code extends string = WarningCode> {
  readonly type: 'warning'
  readonly code: Code
  /** One sentence for people. */
  readonly reason: string
  /** The peer concerned, when it is known. */
  readonly peer?: PeerId
  /** `address:port` of the other side, when there is one. */
  readonly address?: string
  /** Warnings of this code that were only counted since the last one reported. */
  readonly suppressed: number
}

/** How far a traced message has come, on our side. */
export interface TracedNotice {
  readonly type: 'traced'
  /**
   * `accepted` into the outbox, `dropped` by its policy, `written` to the link (it leaves at the end of the turn), or
   * `failed`: it waited, and the peer is gone or this node stops.
   */
  readonly stage: 'accepted' | 'dropped' | 'written' | 'failed'
  readonly id: PeerId
  readonly content: OutgoingContent
}

export type MeshEvent =
  | EnterEvent
  | PresenceEvent
  | BlockedEvent
  | UnblockedEvent
  | DropEvent
  | ExitEvent
  | MembershipEvent
  | WhisperEvent
  | ShoutEvent
  | WarningEvent

/** For the MeshNode: not events of the mesh, but answers its own promises wait for. */
export type EngineNotice =
  | { readonly type: 'aside'; readonly peer: PeerInfo; readonly message: Message } // of a service there
  | { readonly type: 'room'; readonly id: PeerId } // the outbox of a peer that was full has drained
  | { readonly type: 'pong'; readonly id: PeerId; readonly roundTripMs: number }
  | { readonly type: 'gone'; readonly id: PeerId } // follows every exit: nothing waits for this peer any more
  | { readonly type: 'astray'; readonly id: PeerId } // what a preface of this peer announced will not come any more
  | { readonly type: 'suspended' }
  | { readonly type: 'stopped' }
  | TracedNotice

export type EngineEvent = MeshEvent | EngineNotice
