/**
 * What a metric of ours is to Prometheus: a line of a table that says how it is called, and how it is read from
 * `node.metrics()`. Names follow https://prometheus.io/docs/practices/naming/: base units (seconds, bytes), units and
 * `_total` in the name.
 */
import type { NodeMetrics } from '../../src/index.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface Definition<Source> {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** One number, for a metric without labels; otherwise one sample for each combination that there is. */
  readonly read: (source: Source) => number | readonly Sample[]
}

/** What is read at a scrape. */
export interface Snapshot {
  readonly metrics: NodeMetrics
  readonly version: string
}

export const MS_PER_S = 1_000

/** Samples that differ in one label. */
export function byLabel(
  label: string,
  values: Readonly<Record<string, number | undefined>>,
): Sample[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ labels: { [label]: name }, value }],
  )
}
