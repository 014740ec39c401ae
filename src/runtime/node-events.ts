/**
 * The types of a node's events, and of what its methods take and give. The catalogue that says when each
 * fires stands atop `node.ts`.
 */
import type { PeerId } from '../base/peer-id.ts'
import type {
  BlockedEvent,
  DropEvent,
  EnterEvent,
  ExitEvent,
  MembershipEvent,
  PresenceEvent,
  ShoutEvent,
  UnblockedEvent,
  WarningEvent,
  WhisperEvent,
} from '../mesh/events.ts'
import type { WhenFull } from '../mesh/outbox.ts'
import type { WarningCode as EngineWarningCode } from '../mesh/warning-codes.ts'
import type { DiscoveryWarningCode } from './candidate.ts'
import type { CodecInvalidCode } from './codecs/codec.ts'

export type { PeerInfo } from '../mesh/events.ts'

/** Every code a `warning` can have; `docs/errors.md` explains them. */
export type WarningCode = EngineWarningCode | CodecInvalidCode | DiscoveryWarningCode

export interface StopEvent {
  readonly type: 'stop'
}

/** Everything a node tells, closed under `type`. */
export type NodeEvent =
  | EnterEvent
  | PresenceEvent
  | BlockedEvent
  | UnblockedEvent
  | DropEvent
  | ExitEvent
  | MembershipEvent
  | WhisperEvent
  | ShoutEvent
  | WarningEvent<WarningCode>
  | StopEvent

export type NodeEventType = NodeEvent['type']

/** The event of a type: `EventOf<'shout'>` is a ShoutEvent. */
export type EventOf<Type extends NodeEventType> = Type extends PresenceEvent['type']
  ? PresenceEvent
  : Type extends MembershipEvent['type']
    ? MembershipEvent
    : Extract<NodeEvent, { readonly type: Type }>

export interface WaitOptions {
  /** Ends the wait: the promise rejects with ERR_EARSHOT_ABORTED. */
  readonly signal?: AbortSignal
}

export interface SendOptions extends WaitOptions {
  /** Follows the message: who listens (`onTrace`; the log does) learns how far it has come, here and at the receivers. */
  readonly trace?: boolean
}

export interface ShoutOptions extends SendOptions {
  /** What becomes of it for members whose outbox is full. Default: what the node's options say of the group. */
  readonly whenFull?: WhenFull
}

export interface NextOptions<Event> extends WaitOptions {
  /** Only an event for which this is true. */
  readonly where?: (event: Event) => boolean
}

/** What became of a `tryShout`. */
export interface ShoutOutcome {
  /** Peers whose outbox took the message. */
  readonly accepted: number
  /** Peers whose outbox was full: they will not get it. */
  readonly full: readonly PeerId[]
}
