/**
 * The report of a run: one HTML file that needs nothing else, no network and no server. Run the scenario with
 * `keepsViews`, or presence and matrix are left out.
 */
import type { ScenarioRun } from '../scenario/run.ts'
import { readAssets } from './assets.ts'
import { reportData, viewBytes } from './data.ts'
import { documentOf } from './document.ts'

/** The text of the file. About 3 bytes per change of a view, and 200 kB beside. */
export function renderReport(run: ScenarioRun): string {
  const data = reportData(run)
  return documentOf({ run, data, views: viewBytes(run, data.endMs), assets: readAssets() })
}
