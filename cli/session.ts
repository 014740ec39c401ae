/**
 * One run of a verb: a node that starts, serves the verb, and always leaves the mesh politely.
 */
import type { Command } from 'commander'
import type { LevelName, MeshNode, NodeEvent, Timers } from '../src/index.ts'
import { createNode } from '../src/index.ts'
import type { Settings } from './common-options.ts'
import { settingsOf } from './common-options.ts'
import { withDeadline } from './deadline.ts'
import { formatDuration } from './duration.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import type { Ending, Host } from './host.ts'
import { usedInterfaces } from './json.ts'
import { Output } from './output.ts'
import type { ZreLogValue } from './zre-log.ts'
import { zreLogAddress } from './zre-log.ts'

/** What a verb works with. */
export interface Session {
  readonly host: Host
  readonly node: MeshNode
  readonly out: Output
  readonly settings: Settings
  /** Aborted when everything should end: `host.signal`. */
  readonly signal: AbortSignal
}

export interface SessionOptions {
  /** Groups to be in, beside those of `--group`. */
  readonly groups?: readonly string[]
  /** Whether it is in the groups of `--group`, which mean something else for some verbs. Default true. */
  readonly joins?: boolean
  /**
   * It reads, and says nothing to anybody: others log its coming and going at `debug` (`VISITOR_HEADER`), and it
   * leaves without waiting for those who do not read.
   */
  readonly visits?: boolean
  /** Where to listen for log records of other implementations. */
  readonly zreLog?: ZreLogValue | undefined
  /** The least level of what the library logs of this node. A verb that reads logs has little to say of itself. */
  readonly logLevel?: LevelName
  /** Timers other than the library's. */
  readonly timers?: (settings: Settings) => Partial<Timers>
  /** Warnings are data for this verb: do not write them to stderr as well. */
  readonly warningsAreData?: boolean
}

const VISITOR_HEADER = { 'X-EARSHOT-VISITOR': '1' }
/** Nothing of the user's is on the way: enough for goodbyes. */
const VISIT_TIMERS = { lingerMs: 200 }

/** Runs a verb with a node of its own. Every failure comes as an exception. */
export async function withNode(
  host: Host,
  command: Command,
  options: SessionOptions,
  verb: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  const settings = settingsOf(command)
  const out = new Output(host, settings)
  const { name, interfaces, port, mailboxPort, ipv6, ways, headers } = settings
  const { logLevel, timers, visits = false, zreLog } = options
  const node = await createNode({
    name,
    headers: { ...(visits && VISITOR_HEADER), ...headers },
    groups: [...(options.groups ?? []), ...(options.joins === false ? [] : settings.groups)],
    port,
    ipv6,
    ...ways,
    ...(interfaces !== undefined && { interfaces }),
    ...(mailboxPort !== undefined && { mailboxPort }),
    log: {
      ...(logLevel !== undefined && { level: logLevel }),
      ...(zreLog !== undefined && {
        zreLogCollector: { address: zreLogAddress(zreLog, settings) },
      }),
    },
    timers: { ...(visits && VISIT_TIMERS), ...timers?.(settings) },
  })
  if (options.warningsAreData !== true) node.on('warning', (event) => out.warning(event))
  try {
    return await verb({ host, node, out, settings, signal: host.signal })
  } finally {
    await node.stop()
  }
}

/**
 * Hands every event to `take`, until it returns true or all ends. The way of the verbs that stay.
 *
 * @throws CliError timeout when `--timeout` passes first; `missing` tells what had not come by then.
 */
export async function stay(
  { node, settings, signal }: Session,
  take: (event: NodeEvent) => Promise<boolean> | boolean,
  missing: () => string = () => '',
): Promise<ExitCode> {
  return withDeadline(signal, settings.timeoutMs, async (deadline) => {
    const events = node.events()
    // Not the signal ends the loop, but the node: so that its last words are heard, up to `stop`.
    const stop = (): void => void node.stop()
    deadline.signal.addEventListener('abort', stop)
    if (deadline.signal.aborted) stop()
    for await (const event of events) {
      if (await take(event)) return ExitCode.ok
    }
    if (deadline.passed) throw endedByTimeout(settings, missing())
    return ExitCode.ok
  })
}

/** `missing`: what had not come by then. */
export function endedByTimeout({ timeoutMs = 0 }: Settings, missing = ''): CliError {
  const text = `ended by --timeout after ${formatDuration(timeoutMs)}${missing}`
  return new CliError(ExitCode.timeout, text)
}

/** `limitMs`: how long it was looked for somebody. */
export function nobodyAnswers(session: Session, limitMs: number): CliError {
  const text = `nobody answers within ${formatDuration(limitMs)} ${whereabouts(session)}`
  return new CliError(ExitCode.noSuchPeer, text)
}

/** The exit code of an ending from outside, whatever the verb has said since. */
export function endingCode(signal: AbortSignal): ExitCode | undefined {
  if (!signal.aborted) return undefined
  return (signal.reason as Ending) === 'interrupted' ? ExitCode.interrupted : ExitCode.ok
}

/** `on lo (127.0.0.1), UDP port 5670`: where a node speaks. */
export function whereabouts({ node, settings }: Session): string {
  const names = usedInterfaces(node).map(({ name, address }) => `${name} (${address})`)
  return `on ${names.join(', ') || 'no network'}, UDP port ${settings.port}`
}
