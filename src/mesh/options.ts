/**
 * What the engine can be told: its identity and its timers. Bounds are in `base/limits.ts`.
 */
import type { Limits } from '../base/limits.ts'
import type { PeerId } from '../base/peer-id.ts'

/** Every timer of the mesh, in milliseconds. */
export interface Timers {
  /** Between two beacons (RFC 36: "one second"). 0 sends none. */
  readonly beaconIntervalMs: number
  /**
   * While nothing changes (no mailbox of ours, nobody new, nobody gone) the time between two beacons doubles up to this.
   * Longer than `evasiveMs` of the others, they will PING instead. Default: as `beaconIntervalMs`, which never grows.
   */
  readonly beaconIntervalMaxMs: number
  /** Silence after which a peer is `evasive` and gets a PING. */
  readonly evasiveMs: number
  /** Silence after which an evasive peer is `silent`. */
  readonly silentMs: number
  /** Silence after which a peer is gone. */
  readonly expiredMs: number
  /**
   * Without a beacon for this long, a peer's beacons have stopped: part of the hard evidence of its end. Default: 1.5
   * times `beaconIntervalMaxMs`, and at least 50.
   */
  readonly beaconsStoppedMs: number
  /** How long a peer has to answer a PING that checks a doubtful goodbye or move. */
  readonly confirmMs: number
  /** How long the holder of an identity has to defend it against a newcomer from another address. */
  readonly takeoverMs: number
  /** An idle link is checked with a PING this often. */
  readonly linkProbeMs: number
  /**
   * A link whose PING stays unanswered for this long is redialled; to a peer that is not earshot, after `expiredMs` (see
   * `link-silence.ts`).
   */
  readonly linkDeadMs: number
  /** First wait before a redial; doubles with every failure. */
  readonly redialMinMs: number
  /** Longest wait before a redial. */
  readonly redialMaxMs: number
  /** A peer may restart its side of the conversation (HELLO again) this often. */
  readonly restartMinMs: number
  /** A peer whose outbox was full, and has not drained to its low marks within this time, is told as `blocked`. */
  readonly blockedAfterMs: number
  /** It is given up so long after there was no room for a message whose policy is `disconnect`. */
  readonly blockedDisconnectMs: number
  /** A peer that says that it sleeps is kept for so long without a sign of life, at the most. */
  readonly asleepMaxMs: number
  /** Between the beacons of a burst: at the start, and when leaving. */
  readonly goodbyeSpacingMs: number
  /** How long `stop()` waits for accepted messages to be written, and then for links to close. */
  readonly lingerMs: number
}

export const DEFAULT_TIMERS: Timers = {
  beaconIntervalMs: 1_000,
  beaconIntervalMaxMs: 1_000,
  // RFC 36 suggests 5 s for evasive and 30 s for expired.
  evasiveMs: 5_000,
  silentMs: 10_000,
  expiredMs: 30_000,
  // One and a half beacon intervals: one lost beacon is not enough, and a killed process is gone within 2 s.
  beaconsStoppedMs: 1_500,
  // A stopping process closes its links within milliseconds; half a second is generous on a LAN.
  confirmMs: 500,
  takeoverMs: 1_000,
  // Rare: n nodes that probe each other cost n² PINGs per period.
  linkProbeMs: 30_000,
  linkDeadMs: 10_000,
  redialMinMs: 100,
  redialMaxMs: 5_000,
  restartMinMs: 1_000,
  // A garbage collection or a roaming laptop pauses for less.
  blockedAfterMs: 1_000,
  // As long as a silent peer has.
  blockedDisconnectMs: 30_000,
  // Longer than an application is usually away; its peers keep what waits for it within the outbox's limits.
  asleepMaxMs: 600_000,
  goodbyeSpacingMs: 5,
  lingerMs: 1_000,
}

export interface EngineOptions {
  readonly id: PeerId
  /** 1 to 255 bytes of UTF-8. */
  readonly name: string
  readonly headers: ReadonlyMap<string, string>
  readonly timers: Timers
  readonly limits: Limits
  /** A number in [0, 1): for jitter, and for how ids are hashed. No secret that is worth a lot hangs on it. */
  readonly random: () => number
}
