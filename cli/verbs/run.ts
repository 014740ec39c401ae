/** `earshot run`: a node that stays, and tells who comes and goes; with `--metrics`, Prometheus as well. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { NodeEvent } from '../../src/index.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { eventRecord, nodeRecord } from '../json.ts'
import { type MetricsAddress, metricsOption } from '../metrics/address.ts'
import type { MetricsServer } from '../metrics/server.ts'
import { EventLines } from '../render/event-lines.ts'
import type { Session } from '../session.ts'
import { stay, whereabouts, withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface RunOptions {
  readonly metrics?: MetricsAddress
}

export function addRun({ program, host, action }: Cli): void {
  program
    .command('run')
    .summary('be a node, and print who comes and goes')
    .description(
      'Be a node of the mesh until Ctrl-C (or --timeout), and print presence and membership as they change: ' +
        'enter, exit, evasive, silent, alive, join, leave.',
    )
    .addOption(
      new Option(
        '--metrics <address:port>',
        'serve metrics for Prometheus at /metrics; a port alone is on 127.0.0.1',
      ).argParser(metricsOption),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot run', 'on every network interface'],
        ['earshot run --name relay --group sensors', 'with a name, in a group'],
        ['earshot run --header X-ROLE=relay --json', 'with a header; output for programs'],
        ['earshot run --metrics 9464', 'with metrics at http://127.0.0.1:9464/metrics'],
      ]),
    )
    .action(
      action(({ metrics }: RunOptions, command: Command) => {
        return metrics === undefined
          ? withNode(host, command, {}, run)
          : withMetrics(host, metrics, (server) =>
              withNode(host, command, {}, (session) => {
                server.serve(session.node)
                return run(session, server.url)
              }),
            )
      }),
    )
}

/** The endpoint opens first: if it cannot, nobody has seen the node come and go. */
async function withMetrics(
  host: Host,
  at: MetricsAddress,
  verb: (server: MetricsServer) => Promise<ExitCode>,
): Promise<ExitCode> {
  // Loaded when it is asked for: other commands start without it.
  const { MetricsServer } = await import('../metrics/server.ts')
  const server = await MetricsServer.open(at, { version: host.version, processMetrics: true })
  try {
    return await verb(server)
  } finally {
    await server.close()
  }
}

function run(session: Session, metricsUrl?: string): Promise<ExitCode> {
  if (metricsUrl !== undefined) session.out.note(`metrics are at ${metricsUrl}`)
  return printEvents(
    session,
    ({ type }) => {
      return type !== 'shout' && type !== 'whisper' && type !== 'warning' && type !== 'stop'
    },
    metricsUrl === undefined ? {} : { metrics: metricsUrl },
  )
}

/** Prints those events that are wanted until all ends; with `--json`, `about` goes with the record of the node. */
export function printEvents(
  session: Session,
  isWanted: (event: NodeEvent) => boolean,
  about: Readonly<Record<string, unknown>> = {},
): Promise<ExitCode> {
  const { node, out, settings } = session
  const lines = new EventLines(out.isTerminal, out.paint)
  if (out.json) void out.printRecord({ ...nodeRecord(node, settings.port), ...about })
  out.note(`${node.name} (${node.id}) is up ${whereabouts(session)}`)
  return stay(session, async (event) => {
    if (!isWanted(event)) return false
    await (out.json
      ? out.printRecord(eventRecord(event))
      : out.print(lines.line(event, new Date())))
    return false
  })
}
