/**
 * What `node.metrics()` gives: all that the engine counted, with what only the runtime knows: who this is, since
 * when, and how late the host's event loop is.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Engine } from '../mesh/engine.ts'
import type { EngineMetrics } from '../mesh/metrics.ts'
import type { WarningLedger } from '../mesh/warnings.ts'
import type { Channels } from './channels.ts'
import type { WarningCode } from './node-events.ts'
import type { EventLoopDelay, Platform } from './platform.ts'

export interface NodeMetrics extends EngineMetrics {
  readonly node: {
    readonly id: PeerId
    readonly name: string
    /** When these metrics were taken: milliseconds since 1970, by this host's clock. */
    readonly time: number
    /** Milliseconds since the node was started. */
    readonly uptimeMs: number
    /** How many groups it is in. */
    readonly groups: number
    /** Of `mesh.serviceMessagesIn`, those of services that this node has not: nobody took them. */
    readonly serviceMessagesUnclaimed: number
  }
  /**
   * How late the event loop was. Absent on hosts that cannot say (the simulator), and in the first metrics that are
   * asked for: measuring begins with them. See `EventLoopDelay` for what it covers.
   */
  readonly eventLoopDelay?: EventLoopDelay
}

/** Takes the metrics of one node. */
export class NodeMeter {
  readonly #platform: Platform
  readonly #engine: Engine
  readonly #node: { readonly id: PeerId; readonly name: string }
  readonly #warnings: WarningLedger<WarningCode>
  readonly #channels: Channels
  readonly #startedAt: number

  constructor(
    platform: Platform,
    engine: Engine,
    node: { readonly id: PeerId; readonly name: string },
    warnings: WarningLedger<WarningCode>,
    channels: Channels,
  ) {
    this.#platform = platform
    this.#engine = engine
    this.#node = node
    this.#warnings = warnings
    this.#channels = channels
    this.#startedAt = platform.clock.now()
  }

  take(): NodeMetrics {
    const { clock } = this.#platform
    const now = clock.now()
    const metrics = this.#engine.metrics(now)
    const delay = this.#platform.eventLoopDelay?.()
    return {
      node: {
        id: this.#node.id,
        name: this.#node.name,
        time: Math.round(clock.wallNow()),
        uptimeMs: Math.round(now - this.#startedAt),
        groups: this.#engine.ownGroups().length,
        serviceMessagesUnclaimed: this.#channels.unclaimed,
      },
      ...metrics,
      warnings: { ...metrics.warnings, ...this.#warnings.counts() },
      ...(delay !== undefined && { eventLoopDelay: delay }),
    }
  }
}
