/** One run: its heading, its progress, its summary, and whether it went as the one that it replays. */
import { stat, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { LogSink } from '../../sim/recording/entries.ts'
import { LogFile } from '../../sim/recording/log-file.ts'
import type { RunInfo } from '../../sim/scenario/info.ts'
import type { Progress, ScenarioRun } from '../../sim/scenario/run.ts'
import { type RunRequest, retryOf, runRequest } from '../../sim/sweep/request.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { failureOf } from '../failure.ts'
import { recordOf } from '../json.ts'
import { counted } from '../render/amounts.ts'
import { ProgressLine } from '../render/progress-line.ts'
import { runLine } from './progress.ts'
import { headingLines, partialLines, replayLine, summaryLines } from './summary.ts'
import type { SimContext } from './values.ts'

export interface RunOnceOptions {
  /** Writes a report to this file. */
  readonly report?: string
  /** Writes the merged log to this file. */
  readonly log?: string
  /** Of the run that this one should go like. */
  readonly hash?: string
}

export async function runOnce(
  context: SimContext,
  request: RunRequest,
  options: RunOnceOptions,
): Promise<ExitCode> {
  const { host, out } = context
  if (options.report !== undefined) await checkFolder('--report', options.report)
  const log = await openLog(options)
  const line = new ProgressLine(context)
  let last: Progress | undefined
  let hasStarted = false
  let run: ScenarioRun
  try {
    run = await runRequest(request, {
      keepsViews: options.report !== undefined,
      ...(log !== undefined && { log: sinkOf(log, host.version) }),
      signal: host.signal,
      onStart: (info) => {
        hasStarted = true
        tellStart(context, info)
      },
      onProgress: (progress) => {
        last = progress
        line.update(() => runLine(progress))
      },
    })
  } catch (error) {
    line.end()
    tellLog(context, log)
    if (host.signal.aborted) return tellPartial(context, request, last)
    const { exitCode, message } = failureOf(error, host.env)
    // Later, it is a script of the scenario that gave a wrong option, and not the user.
    if (exitCode === ExitCode.usage && !hasStarted) throw error
    out.problem(`the scenario failed: ${message}`)
    out.problem(replayLine(retryOf(request), (_style, text) => text))
    return ExitCode.failure
  } finally {
    line.end()
    out.setCurtain(undefined)
    log?.close()
  }
  return tellEnd(context, run, options, log)
}

/** @throws CliError usage, for a file that cannot be written */
async function openLog({ log, report }: RunOnceOptions): Promise<LogFile | undefined> {
  if (log === undefined) return undefined
  await checkFolder('--log', log)
  if (report !== undefined && resolve(report) === resolve(log)) {
    throw new CliError(ExitCode.usage, '--log and --report are one file')
  }
  try {
    return new LogFile(log)
  } catch (error) {
    throw new CliError(ExitCode.usage, `--log: cannot write ${log}: ${(error as Error).message}`)
  }
}

function sinkOf({ take }: LogFile, version: string): LogSink {
  return (entry) =>
    take(entry.type === 'earshot.recording/1' ? { ...entry, earshot: version } : entry)
}

function tellLog({ out }: SimContext, log: LogFile | undefined): void {
  if (log !== undefined) out.note(`the log is in ${log.path}: ${counted(log.records, 'record')}`)
}

function tellStart({ host, out }: SimContext, info: RunInfo): void {
  if (out.json) void out.printRecord(recordOf('sim-start', { ...info, version: host.version }))
  else for (const line of headingLines(info, out.paint)) void out.print(line)
}

async function tellEnd(
  context: SimContext,
  { result, ...rest }: ScenarioRun,
  { hash, report }: RunOnceOptions,
  log: LogFile | undefined,
): Promise<ExitCode> {
  const { out } = context
  const isSame = hash === undefined ? undefined : hash === result.hash
  if (out.json) {
    const compared = isSame === undefined ? {} : { expectedHash: hash, sameHash: isSame }
    await out.printRecord(recordOf('sim-result', { ...result, ...compared }))
  } else {
    for (const line of summaryLines(result, out.paint)) await out.print(line)
  }
  if (isSame === true) out.note('the same hash: it went exactly as before')
  if (isSame === false) {
    out.problem(
      `another hash than ${hash}: it did not go as before; another version of the program?`,
    )
  }
  tellLog(context, log)
  if (report !== undefined) await writeReport(context, { result, ...rest }, report, log)
  return result.ok ? ExitCode.ok : ExitCode.failure
}

/** A folder that is not there is told before the run, not after it. @throws CliError usage */
async function checkFolder(option: string, file: string): Promise<void> {
  const isFolder = await stat(dirname(resolve(file))).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new CliError(ExitCode.usage, `${option}: there is no folder for ${file}`)
}

async function writeReport(
  { out }: SimContext,
  run: ScenarioRun,
  file: string,
  log: LogFile | undefined,
): Promise<void> {
  const { renderReport } = await import('../../sim/report/index.ts')
  const link = log && {
    path: relative(dirname(resolve(file)), resolve(log.path))
      .split(sep)
      .join('/'),
    records: log.records,
  }
  await writeFile(file, renderReport(run, link === undefined ? {} : { log: link }))
  out.note(`the report is in ${file}`)
}

function tellPartial(
  { host, out }: SimContext,
  request: RunRequest,
  progress: Progress | undefined,
): ExitCode {
  if (host.signal.reason === 'output-closed') return ExitCode.ok
  if (out.json) void out.printRecord(recordOf('sim-partial', { ...request, ...progress }))
  else for (const line of partialLines(progress, out.paint)) void out.print(line)
  return ExitCode.interrupted
}
