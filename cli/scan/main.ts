/** What `earshot scan` does: listens, visits, and prints what it found. */
import type { Command } from 'commander'
import { type Sighting, scan } from '../../src/index.ts'
import { settingsOf } from '../common-options.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { sightingFields, sightingRecord, sightingTable } from './print.ts'
import type { ScanValues } from './values.ts'

const LISTEN_MS = 3_000

export async function runScan(host: Host, command: Command, values: ScanValues): Promise<ExitCode> {
  const settings = settingsOf(command)
  const { port, interfaces, ipv6, ways } = settings
  const out = new Output(host, settings)
  const forMs = values.for ?? settings.timeoutMs ?? LISTEN_MS
  out.hint(`listening on UDP port ${port} for ${formatDuration(forMs)}`)
  const found = await scan({
    port,
    ...(interfaces !== undefined && { interfaces }),
    ipv6,
    mdns: ways.mdns ?? true,
    forMs,
    signal: host.signal,
  })
  await print(out, found)
  if (host.signal.aborted || found.some(({ isLeaving }) => !isLeaving)) return ExitCode.ok
  const where = interfaces === undefined ? '' : ` on ${interfaces.join(', ')}`
  const text = `nobody is heard${where} within ${formatDuration(forMs)}, UDP port ${port}; \`earshot doctor\` looks why`
  throw new CliError(ExitCode.noSuchPeer, text)
}

async function print(out: Output, found: readonly Sighting[]): Promise<void> {
  if (found.length === 0) return
  if (out.isTerminal) {
    for (const line of sightingTable(found, out.paint, out.columns)) await out.print(line)
    return
  }
  for (const each of found) {
    await (out.json ? out.printRecord(sightingRecord(each)) : out.print(sightingFields(each)))
  }
}
