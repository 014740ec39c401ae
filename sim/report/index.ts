/**
 * The report of a run: one HTML file that needs nothing else, no network and no server. Run the scenario with
 * `keepsViews`, or presence and matrix are left out.
 */
import type { ScenarioRun } from '../scenario/run.ts'
import { readAssets } from './assets.ts'
import { reportData, viewBytes } from './data.ts'
import { documentOf } from './document.ts'

export interface ReportOptions {
  /** The file of the merged log, to be linked: its path as seen from the report's folder, with slashes. */
  readonly log?: { readonly path: string; readonly records: number }
}

/** The text of the file. About 3 bytes per change of a view, and 200 kB beside. */
export function renderReport(run: ScenarioRun, { log }: ReportOptions = {}): string {
  const data = reportData(run)
  const views = viewBytes(run, data.endMs)
  return documentOf({ run, data, views, assets: readAssets(), ...(log !== undefined && { log }) })
}
