/**
 * Prints `N passed, N failed, N skipped` from Vitest's JSON report, and fails unless all is well.
 *
 * A file that could not even be loaded counts as one failure; so does a report that is missing.
 */
import { existsSync, readFileSync } from 'node:fs'

function tally(file) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((each) => each.status !== 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const { passed, failed, skipped } = tally(process.argv[2])
const ending = skipped > 0 ? `, ${skipped} skipped` : ''
process.stdout.write(`${passed} passed, ${failed} failed${ending}\n`)
if (failed > 0 || passed === 0) process.exitCode = 1
