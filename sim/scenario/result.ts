/** What a run comes to, as plain data: the JSON of `earshot sim --json`, and what the summary is printed from. */
import type { Failure } from '../checks/check.ts'
import type { Percentiles } from '../journal/histogram.ts'
import type { Journal } from '../journal/journal.ts'
import { MILESTONES } from '../journal/views.ts'
import type { Simulation } from '../simulation.ts'
import { type RunInfo, replayCommand } from './info.ts'
import type { AnyScenario } from './scenario.ts'

export interface RunResult {
  /** Of this shape; a change that breaks readers changes the number. */
  readonly schema: 1
  readonly scenario: string
  readonly seed: number | string
  readonly nodes: number
  /** Virtual milliseconds of the scenario itself. */
  readonly durationMs: number
  readonly settings: Readonly<Record<string, string | number>>
  readonly ok: boolean
  readonly failures: readonly Failure[]
  /** Failures that were only counted, because there were many of the kind. */
  readonly moreFailures: number
  /** Rolling hash of the whole run. */
  readonly hash: string
  /** Virtual milliseconds in all, convergence and stopping included. */
  readonly virtualMs: number
  readonly wallMs: number
  readonly events: number
  /** Highest resident memory of this process so far, in bytes. */
  readonly memoryBytes: number
  readonly views: {
    readonly complete: number
    readonly known: number
    /** Virtual milliseconds until so many per cent of all views were there, by per cent; null: never. */
    readonly milestonesMs: Readonly<Record<string, number | null>>
    /** How long the mesh took to converge after the last fault had ended; null: it did not. */
    readonly convergedMs: number | null
  }
  readonly messages: {
    readonly sent: number
    readonly accepted: number
    readonly received: number
    readonly latencyMs: Percentiles
  }
  readonly traffic: {
    readonly datagramsSent: number
    readonly datagramsReceived: number
    readonly datagramsLost: number
    readonly connectionsOpened: number
    readonly streamBytes: number
    readonly bytesPerNodeAndSecond: number
  }
  /** What nodes told their applications, by event type. */
  readonly eventCounts: Readonly<Record<string, number>>
  readonly faults: number
  /** The command that runs exactly this again. */
  readonly replay: string
}

/** What the run itself knows, beside the simulation and the journal. */
export interface Ending {
  readonly failures: readonly Failure[]
  readonly moreFailures: number
  readonly wallMs: number
  readonly convergedMs: number | null
  /** When the mesh was settled, before all stopped. */
  readonly known: number
  readonly complete: number
}

export function resultOf(
  scenario: AnyScenario,
  info: RunInfo,
  sim: Simulation,
  journal: Journal,
  ending: Ending,
): RunResult {
  const { world, internet, now, hash } = sim
  const { views, latency, eventCounts, faults } = journal
  const { tcp, udp } = internet
  const bytes = tcp.counters.bytes + udp.counters.bytes
  const { failures, moreFailures, wallMs, convergedMs, known, complete } = ending
  return {
    schema: 1,
    scenario: info.scenario,
    seed: info.seed,
    nodes: info.nodes,
    durationMs: info.durationMs,
    settings: info.settings,
    ok: failures.length === 0,
    failures,
    moreFailures,
    hash,
    virtualMs: now,
    wallMs,
    events: world.events,
    memoryBytes: process.resourceUsage().maxRSS * 1_024,
    views: {
      complete,
      known,
      milestonesMs: Object.fromEntries(
        MILESTONES.map((percent) => [percent, views.milestone(percent) ?? null]),
      ),
      convergedMs,
    },
    messages: {
      sent: journal.messagesSent,
      accepted: journal.messagesAccepted,
      received: journal.messagesReceived,
      latencyMs: latency.percentilesMs(),
    },
    traffic: {
      datagramsSent: udp.counters.sent,
      datagramsReceived: udp.counters.received,
      datagramsLost: udp.counters.lost,
      connectionsOpened: tcp.counters.opened,
      streamBytes: tcp.counters.bytes,
      bytesPerNodeAndSecond: bytes / info.nodes / (now / 1_000),
    },
    eventCounts: Object.fromEntries(eventCounts),
    faults: faults.length,
    replay: replayCommand(scenario, info),
  }
}
