/** What `earshot doctor` does: starts a node, has it examined, and prints the findings. */
import { isIP } from 'node:net'
import type { Command } from 'commander'
import { diagnose, diagnoseStart, type Finding, type WantedPeer } from '../../src/index.ts'
import { settingsOf } from '../common-options.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { mayMean } from '../peer-ref.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import { findingFields, findingLines, findingRecord, verdictLine } from './print.ts'
import type { DoctorValues } from './values.ts'

/** Three beacons of each node. */
const LISTEN_MS = 3_000

export async function runDoctor(
  host: Host,
  command: Command,
  reference: string | undefined,
  values: DoctorValues,
): Promise<ExitCode> {
  if (reference === '') throw new CliError(ExitCode.usage, 'PEER is empty')
  const wanted = reference === undefined ? undefined : wantedPeer(reference)
  const out = new Output(host, settingsOf(command))
  // Warnings of this node say in passing what the findings say in full.
  const options = { visits: true, warningsAreData: true }
  let isUp = false
  try {
    return await withNode(host, command, options, async (session) => {
      isUp = true
      return report(out, await examine(session, wanted, values), values)
    })
  } catch (error) {
    if (isUp) throw error
    const { port, mailboxPort, interfaces } = settingsOf(command)
    const findings = await diagnoseStart({
      error,
      port,
      ...(mailboxPort !== undefined && { mailboxPort }),
      ...(interfaces !== undefined && { interfaces }),
    })
    if (findings.length === 0) throw error
    return report(out, findings, values)
  }
}

function examine(
  { node, out, settings, signal }: Session,
  wanted: WantedPeer | undefined,
  values: DoctorValues,
): Promise<readonly Finding[]> {
  const listenMs = values.for ?? settings.timeoutMs ?? LISTEN_MS
  out.hint(`listening for ${formatDuration(listenMs)}, then dialling; this takes some seconds`)
  return diagnose(node, {
    port: settings.port,
    mdns: settings.ways.mdns ?? true,
    listenMs,
    signal,
    ...(wanted !== undefined && { peer: wanted }),
  })
}

/** By name, id, the beginning of either, or address, perhaps with its port. */
function wantedPeer(reference: string): WantedPeer {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(reference) ?? []
  const address = [reference, bracketed, plain].find((each) => isIP(each ?? '') !== 0)
  return {
    reference,
    ...(address !== undefined && { address }),
    fits: (peer) =>
      address === undefined
        ? mayMean(reference, peer)
        : peer.address === address && (port === undefined || peer.port === Number(port)),
  }
}

async function report(
  out: Output,
  findings: readonly Finding[],
  { all = false }: DoctorValues,
): Promise<ExitCode> {
  for (const each of findings) {
    if (out.json) await out.printRecord(findingRecord(each))
    else if (!out.isTerminal) await out.print(findingFields(each))
    else if (all || each.level !== 'ok') {
      for (const line of findingLines(each, out.paint, out.columns)) await out.print(line)
    }
  }
  if (out.isTerminal) await out.print(verdictLine(findings, out.paint))
  return findings.some(({ level }) => level === 'problem') ? ExitCode.failure : ExitCode.ok
}
