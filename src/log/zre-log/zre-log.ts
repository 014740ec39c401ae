/**
 * A node's part in ZRE/LOG: what it reports to collectors of others, and what comes to a collector of its own, as the
 * log of the mesh has it. What goes wrong is a warning in the node's log, of each kind only some a second; an event is
 * none of it, as nothing of the mesh is concerned.
 */
import type { MeshNode } from '../../runtime/node.ts'
import type { IoFailure } from '../../runtime/platform.ts'
import type { NodeRecorder } from '../node-records.ts'
import type { RawRecord } from '../record.ts'
import { RecordBudget } from '../record-budget.ts'
import type { Origin } from '../reorder.ts'
import { adopt, Origins } from './adopted.ts'
import type { ZreLogCollector, ZreLogCollectorMetrics } from './collector.ts'
import type { ZreLogProblem } from './link.ts'
import type { ZreLogRecord } from './record.ts'
import { NOTHING_REPORTED, ZreLogReporter, type ZreLogReporterMetrics } from './reporter.ts'

export interface ZreLogMetrics extends ZreLogReporterMetrics {
  /** Of a collector of this node's, where it has one. */
  readonly collected?: ZreLogCollectorMetrics
}

/** The host could not take a connection, or our collector cannot listen any more. */
type Code = ZreLogProblem['code'] | 'accept-failed'

export class ZreLog {
  readonly #record: NodeRecorder
  /** Of each code; there are only some. */
  readonly #budget: RecordBudget
  readonly #origins: Origins
  readonly #reporter: ZreLogReporter | undefined
  #collector: Pick<ZreLogCollector, 'metrics'> | undefined
  #adopted = 0

  constructor(node: MeshNode, record: NodeRecorder, isReporting: boolean) {
    this.#record = record
    this.#budget = new RecordBudget(node.platform.clock, (what, count) => {
      record('debug', 'ZRE/LOG caused more than is recorded', { event: 'limit', what, count })
    })
    this.#origins = new Origins(node)
    this.#reporter = isReporting ? new ZreLogReporter(node, this.handleProblem) : undefined
  }

  /** This collector's metrics are among ours from now on. */
  observe(collector: Pick<ZreLogCollector, 'metrics'>): void {
    this.#collector = collector
  }

  adopt(record: ZreLogRecord, ticks: number): { readonly source: Origin; readonly raw: RawRecord } {
    return { source: this.#origins.of(record), raw: adopt(record, ++this.#adopted, ticks) }
  }

  /** Somebody broke the rules, at our collector or as one. */
  readonly handleProblem = ({ code, reason, remote }: ZreLogProblem): void => {
    this.#warn(code, reason, remote.address)
  }

  readonly handleFailure = ({ message }: IoFailure): void => {
    this.#warn('accept-failed', message)
  }

  metrics(): ZreLogMetrics {
    const reported = this.#reporter?.metrics() ?? NOTHING_REPORTED
    return this.#collector === undefined
      ? reported
      : { ...reported, collected: this.#collector.metrics() }
  }

  #warn(code: Code, reason: string, address?: string): void {
    this.#budget.settle()
    if (!this.#budget.take(code, false)) return
    this.#record('warn', `ZRE/LOG: ${reason}`, { event: 'warning', code, address })
  }
}
