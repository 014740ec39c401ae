/** What `earshot record` does: writes what a node observes to a file, for as long as it may. */
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Command } from 'commander'
import type { MeshNode, PeerId } from '../../src/index.ts'
import { EarshotError, meshLog } from '../../src/index.ts'
import { observed } from '../collecting.ts'
import { pause, withDeadline } from '../deadline.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { eventRecord } from '../json.ts'
import { bytesText, counted } from '../render/amounts.ts'
import { ProgressLine } from '../render/progress-line.ts'
import type { Session } from '../session.ts'
import { endedByTimeout, withNode } from '../session.ts'
import type { ZreLogValue } from '../zre-log.ts'
import { entryRecord, headerRecord, observedEvent, snapshotRecord } from './format.ts'
import { RecordingWriter } from './writer.ts'

export interface RecordValues {
  readonly since?: number
  readonly every: number
  readonly force?: boolean
  readonly zreLog?: ZreLogValue
}

/** Nodes that are asked at once: answers are large where there are many nodes. */
const ASKED_MAX = 16
const ASKED_POLL_MS = 10
const FIRST_LOOK_MS = 500
const PROGRESS_MS = 500
/** How long a disk may take for what waits, in the end. */
const FLUSH_MS = 10_000

/** @throws CliError for a file that cannot be written; timeout when `--timeout` passes */
export async function runRecord(
  host: Host,
  command: Command,
  file: string,
  values: RecordValues,
): Promise<ExitCode> {
  const stream = await openFile(host, file, values.force === true)
  return withNode(host, command, { visits: true, zreLog: values.zreLog }, (session) => {
    return record(session, { ...values, file, stream })
  })
}

/** Opened before the node starts. @throws CliError usage, failure */
async function openFile(host: Host, file: string, isForced: boolean): Promise<Writable> {
  if (file === '-') return host.stdout
  try {
    const handle = await open(file, isForced ? 'w' : 'wx')
    return createWriteStream(file, { fd: handle })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError(ExitCode.usage, `${file} is there already; --force overwrites it`)
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(ExitCode.failure, `cannot write ${file}: ${reason}`)
  }
}

interface Target extends RecordValues {
  readonly file: string
  readonly stream: Writable
}

async function record(session: Session, target: Target): Promise<ExitCode> {
  const { host, node, out, settings, signal } = session
  const { file, stream, every, since = 0 } = target
  const writer = new RecordingWriter(stream)
  const options = { groups: node.groups(), everyMs: every, sinceMs: since }
  writer.write(headerRecord({ version: host.version, node, options }, Date.now()))
  out.hint(`recording to ${file === '-' ? 'stdout' : file}; Ctrl-C ends it`)
  const passed = await withDeadline(signal, settings.timeoutMs, async (deadline) => {
    const broken = new AbortController()
    stream.once('error', () => broken.abort())
    const stop = (): void => void node.stop()
    for (const each of [deadline.signal, broken.signal]) each.addEventListener('abort', stop)
    if (deadline.signal.aborted) stop()
    const progress = new ProgressLine(session)
    const ticker = setInterval(() => progress.update(() => summary(node, writer)), PROGRESS_MS)
    const over = new AbortController()
    node.on('stop', () => over.abort())
    await Promise.all([
      writeEvents(node, writer),
      writeEntries(node, writer, since, over.signal),
      writeSnapshots(node, writer, every, over.signal),
    ])
    clearInterval(ticker)
    progress.end()
    return deadline.passed
  })
  await close(target, signal)
  out.note(`recorded ${summary(node, writer)}`)
  if (passed && !signal.aborted) throw endedByTimeout(settings)
  return ExitCode.ok
}

async function writeEvents(node: MeshNode, writer: RecordingWriter): Promise<void> {
  // Nothing waits here: what the disk has no room for is dropped and counted.
  for await (const event of node.events()) {
    writer.write(observedEvent(eventRecord(event), Date.now()))
  }
}

/** Where the disk is slow the sources wait, and tell in the end what they have lost. */
async function writeEntries(
  node: MeshNode,
  writer: RecordingWriter,
  sinceMs: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of observed(meshLog(node).collect({ sinceMs }), node)) {
    writer.write(entryRecord({ ...line, at: Date.now() }))
    await writer.room(signal)
  }
}

async function writeSnapshots(
  node: MeshNode,
  writer: RecordingWriter,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  const asked = new Set<PeerId>()
  const ask = async (peer: PeerId, name: string): Promise<void> => {
    if (asked.has(peer)) return
    asked.add(peer)
    try {
      const data = await meshLog(node).query(peer, 'metrics', { signal })
      writer.write(snapshotRecord({ node: peer, name, data }, Date.now()))
    } catch (error) {
      // It has no log, or is gone, or is too busy: the next look may find it.
      if (!(error instanceof EarshotError)) throw error
    } finally {
      asked.delete(peer)
    }
  }
  // Those who are there have answered by then.
  await pause(Math.min(everyMs, FIRST_LOOK_MS), signal)
  while (!signal.aborted) {
    const peers = node.peers().map(({ id, name, presence }) => ({ id, name, presence }))
    const own = { id: node.id, name: node.name, peers, metrics: node.metrics() }
    const data = { ...own, log: meshLog(node).metrics() }
    writer.write(snapshotRecord({ node: node.id, name: node.name, data }, Date.now()))
    for (const { id, name } of peers) {
      while (asked.size >= ASKED_MAX && !signal.aborted) await pause(ASKED_POLL_MS, signal)
      void ask(id, name)
    }
    await pause(everyMs, signal)
  }
}

/** @throws CliError failure when the file could not be written. */
async function close({ file, stream }: Target, signal: AbortSignal): Promise<void> {
  if (file === '-') return
  stream.end()
  try {
    await withDeadline(
      signal.aborted ? new AbortController().signal : signal,
      FLUSH_MS,
      (deadline) => finished(stream, { signal: deadline.signal }),
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(ExitCode.failure, `cannot write ${file}: ${reason}`)
  }
}

/** `1,234 lines, 345 kB, with 3 peers`. */
function summary(node: MeshNode, { lines, bytes, dropped }: RecordingWriter): string {
  const lost = dropped > 0 ? `, ${counted(dropped, 'line')} dropped: the disk is too slow` : ''
  const others = counted(node.peers().length, 'peer')
  return `${counted(lines, 'line')}, ${bytesText(bytes)}, with ${others}${lost}`
}
