/**
 * `earshot/core`: everything that runs on any host. Nothing beneath it touches Node.js; bring your own
 * `Platform` (see `runtime/platform.ts`) and start nodes with `createNodeOn`.
 */
export type { ErrorCode } from './base/errors.ts'
export { EarshotError } from './base/errors.ts'
export type { Limits } from './base/limits.ts'
export { DEFAULT_LIMITS } from './base/limits.ts'
export type { PeerId } from './base/peer-id.ts'
export { parsePeerId } from './base/peer-id.ts'
export { type Gossip, type GossipMetrics, startGossip } from './discovery/gossip/gossip.ts'
export type { GossipOptions } from './discovery/gossip/options.ts'
export type { DiscoveryHost } from './discovery/host.ts'
export { type SeedMetrics, type Seeds, startSeeds } from './discovery/seeds/seeds.ts'
export type { Collector } from './log/collector.ts'
export type {
  ClockEntry,
  CollectOptions,
  LogEntry,
  LostEntry,
  SourceEntry,
} from './log/entries.ts'
export type { FieldValue, LogFilter } from './log/filter.ts'
export type { Logger } from './log/logger.ts'
export type { LogMetrics, MeshLog } from './log/mesh-log.ts'
export { meshLog } from './log/mesh-log.ts'
export type { MeshLogOptions } from './log/options.ts'
export type { QueryOptions } from './log/queries.ts'
export type { Fields, LevelName, LogRecord } from './log/record.ts'
export { LEVELS, levelName } from './log/record.ts'
export type { RingLimits } from './log/ring.ts'
export type { MeshCounters, PeerCounters } from './mesh/counters.ts'
export type {
  BlockedEvent,
  DropEvent,
  EnterEvent,
  ExitEvent,
  ExitReason,
  FoundBy,
  MembershipEvent,
  PeerInfo,
  Presence,
  PresenceEvent,
  ShoutEvent,
  UnblockedEvent,
  WarningEvent,
  WhisperEvent,
} from './mesh/events.ts'
export type { LinkFailureKind } from './mesh/link-failure.ts'
export type { Message } from './mesh/message.ts'
export type { EngineMetrics, Evidence, LastSeen, PeerCounts, PeerMetrics } from './mesh/metrics.ts'
export type { Timers } from './mesh/options.ts'
export { DEFAULT_TIMERS } from './mesh/options.ts'
export type { WhenFull } from './mesh/outbox.ts'
export { WHEN_FULL } from './mesh/outbox.ts'
export type { Candidate, DiscoveryWarningCode, DiscoveryWay, Mailbox } from './runtime/candidate.ts'
export type { Channel, ChannelHandler } from './runtime/channels.ts'
export { bytes } from './runtime/codecs/bytes.ts'
export type { Codec, CodecInvalidCode, DecodeResult } from './runtime/codecs/codec.ts'
export { json } from './runtime/codecs/json.ts'
export { msgpack } from './runtime/codecs/msgpack.ts'
export { text } from './runtime/codecs/text.ts'
export type { ListenOptions } from './runtime/emitter.ts'
export type { EventStream, EventStreamOptions, OverflowPolicy } from './runtime/event-stream.ts'
export type {
  InterfaceSelection,
  InterfaceUse,
  InterfaceWish,
  SkipReason,
} from './runtime/interface-selection.ts'
export { SKIP_REASONS, selectInterfaces } from './runtime/interface-selection.ts'
export type { MeshNode } from './runtime/node.ts'
export { createNodeOn } from './runtime/node.ts'
export type {
  EventOf,
  NextOptions,
  NodeEvent,
  NodeEventType,
  SendOptions,
  ShoutOptions,
  ShoutOutcome,
  StopEvent,
  WaitOptions,
  WarningCode,
} from './runtime/node-events.ts'
export type { NodeMetrics } from './runtime/node-metrics.ts'
export type { NodeOptions } from './runtime/options.ts'
export type { MessageInput } from './runtime/outgoing.ts'
export type { PeerRef } from './runtime/peer-ref.ts'
export type {
  ByteStream,
  Clock,
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  DialOptions,
  Entropy,
  EventLoopDelay,
  IoFailure,
  IoFailureKind,
  Listener,
  ListenHandlers,
  NetworkInterface,
  Platform,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
  Timer,
} from './runtime/platform.ts'
export type { SuspendOptions } from './runtime/suspension.ts'
export type { TraceEvent, TraceStage } from './runtime/tracing.ts'
export type { TypedGroup, TypedGroupOptions, TypedMessage } from './runtime/typed-group.ts'
