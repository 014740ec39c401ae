/** `earshot ping`: round trips to one peer, or to all. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { PeerInfo } from '../../src/index.ts'
import { pause } from '../deadline.ts'
import { DISCOVERY_MS } from '../discovery.ts'
import { formatDuration, roundedMs } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { findAll, findPeer } from '../find-peer.ts'
import { briefPeer, recordOf } from '../json.ts'
import { countOption, durationOption } from '../parsers.ts'
import { shownName } from '../render/event-lines.ts'
import { pingLine, pingSummary, RoundTrips } from '../render/ping-lines.ts'
import { byName, roundTrip } from '../round-trip.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface PingOptions {
  readonly count: number
  readonly interval: number
}

const COUNT_DEFAULT = 4
const INTERVAL_DEFAULT_MS = 1_000
/** How long to wait for one answer. On a network where this is too short, nothing else works either. */
const ANSWER_MS = 2_000

export function addPing({ program, host, action }: Cli): void {
  program
    .command('ping')
    .summary('measure round trips to a peer, or to all')
    .description(
      'Measure round trips to a peer, or to all who are there, and sum them up as ping does. Looks for peers for up ' +
        `to ${formatDuration(DISCOVERY_MS)} (or --timeout): none is exit code 3. A peer that never answers within ` +
        `${formatDuration(ANSWER_MS)} is exit code 27.`,
    )
    .argument('[peer]', 'its name, its UUID, or the beginning of either; default: all')
    .addOption(
      new Option('-c, --count <count>', 'round trips per peer')
        .default(COUNT_DEFAULT)
        .argParser(countOption),
    )
    .addOption(
      new Option('--interval <time>', 'time from one to the next')
        .default(INTERVAL_DEFAULT_MS, '1s')
        .argParser(durationOption),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot ping', 'all peers, four times'],
        ['earshot ping kitchen --count 100 --interval 10ms', 'one peer, in a second'],
      ]),
    )
    .action(
      action((reference: string | undefined, options: PingOptions, command: Command) => {
        return withNode(host, command, { visits: true }, (session) =>
          ping(session, reference, options),
        )
      }),
    )
}

async function ping(
  session: Session,
  reference: string | undefined,
  options: PingOptions,
): Promise<ExitCode> {
  const { signal } = session
  const targets =
    reference === undefined ? byName(await findAll(session)) : [await findPeer(session, reference)]
  if (signal.aborted) return ExitCode.ok
  const trips = new Map(targets.map((peer) => [peer, new RoundTrips()]))
  for (let sequence = 1; sequence <= options.count && !signal.aborted; sequence++) {
    const nextAt = performance.now() + options.interval
    await Promise.all([...trips].map(([peer, each]) => pingOnce(session, peer, each, sequence)))
    const restMs = nextAt - performance.now()
    if (sequence < options.count && restMs > 0) await pause(restMs, signal)
  }
  for (const [peer, each] of trips) await printSummary(session, peer, each)
  const mute = targets.filter((peer) => trips.get(peer)?.answered === 0)
  if (mute.length === 0 || signal.aborted) return ExitCode.ok
  throw new CliError(ExitCode.timeout, `no answer from ${mute.map(shownName).join(', ')}`)
}

async function pingOnce(
  { node, out, signal }: Session,
  peer: PeerInfo,
  trips: RoundTrips,
  sequence: number,
): Promise<void> {
  const roundTripMs = await roundTrip(node, peer, ANSWER_MS, signal)
  // Interrupted: this one was neither answered nor lost.
  if (roundTripMs === undefined && signal.aborted) return
  trips.note(roundTripMs)
  const record = {
    peer: briefPeer(peer),
    sequence,
    roundTripMs: roundTripMs === undefined ? null : roundedMs(roundTripMs),
  }
  await (out.json
    ? out.printRecord(recordOf('ping', record))
    : out.print(pingLine(peer, sequence, roundTripMs, out.paint)))
}

async function printSummary({ out }: Session, peer: PeerInfo, trips: RoundTrips): Promise<void> {
  if (out.json) {
    await out.printRecord(recordOf('ping-summary', { peer: briefPeer(peer), ...trips.summary() }))
    return
  }
  for (const line of pingSummary(peer, trips.summary(), out.paint)) await out.print(line)
}
