/** `earshot shout`: a message to everybody in a group. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { WHEN_FULL, type WhenFull } from '../../src/index.ts'
import { DISCOVERY_MS, QUIET_MS, waitFor } from '../discovery.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { countOption, groupArgument } from '../parsers.ts'
import { escapeText } from '../render/escape.ts'
import { shownName } from '../render/event-lines.ts'
import type { Session } from '../session.ts'
import { whereabouts, withNode } from '../session.ts'
import type { SendingOptions } from './sending.ts'
import { checkSending, linesOption, sendAll, senderTimers, traceOption } from './sending.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface ShoutOptions extends SendingOptions {
  readonly wait?: number
  readonly whenFull?: WhenFull
}

export function addShout({ program, host, action }: Cli): void {
  program
    .command('shout')
    .summary('send a message to a group')
    .description(
      'Send a message to everybody in a group: TEXT, or all of stdin exactly as it is, or with --lines each line of ' +
        `stdin. Looks for members for up to ${formatDuration(DISCOVERY_MS)} (or --timeout) and sends when no more ` +
        'of them answer; nobody there is exit code 3. With --wait, sends when so many are there; then --timeout ' +
        'is a limit, and exceeding it is exit code 27. Ends when they have read it.',
    )
    .argument('<group>', 'the group; this node need not be in it', groupArgument)
    .argument('[text...]', 'the message; put -- before text that begins with a dash')
    .addOption(linesOption())
    .addOption(
      new Option('-w, --wait <count>', 'wait until this many members are there').argParser(
        countOption,
      ),
    )
    .addOption(
      new Option(
        '--when-full <policy>',
        'what becomes of a line for a member that reads too slowly (default: wait)',
      ).choices(WHEN_FULL),
    )
    .addOption(traceOption())
    .addHelpText(
      'after',
      examples([
        ['earshot shout lobby dinner is ready', 'to all in lobby'],
        ['earshot shout sensors --wait 2 -t 10s 21.5', 'when two members are there'],
        ['earshot shout lobby --trace hello', 'and print what took how long'],
        ['earshot shout pictures < cat.jpg', 'a file, up to 16 MiB'],
        ['tail -f app.log | earshot shout logs --lines', 'line by line'],
        [
          '… | earshot shout gauges --lines --when-full drop-oldest',
          'the latest, for slow readers',
        ],
      ]),
    )
    .action(
      action(async (group: string, words: string[], options: ShoutOptions, command: Command) => {
        checkSending(words, options)
        return withNode(host, command, { timers: senderTimers }, (session) =>
          shout(session, group, words, options),
        )
      }),
    )
}

async function shout(
  session: Session,
  group: string,
  words: readonly string[],
  options: ShoutOptions,
): Promise<ExitCode> {
  const { node, out, signal } = session
  node.on('drop', ({ peer, oldest, newest }) => {
    out.note(
      `${oldest + newest} messages were dropped for ${shownName(peer)}, which reads too slowly`,
    )
  })
  await waitForMembers(session, group, options.wait)
  if (signal.aborted) return ExitCode.ok
  const names = node.members(group).map(({ name }) => name)
  const code = await sendAll(session, words, options, {
    group,
    send: async (message, limit) => {
      const to = node.members(group)
      const { whenFull, trace = false } = options
      await node.shout(group, message, { signal: limit, trace, ...(whenFull && { whenFull }) })
      return to
    },
  })
  out.hint(`shouted to ${names.length} in ${group}: ${names.join(', ')}`)
  return code
}

async function waitForMembers(
  session: Session,
  group: string,
  wait: number | undefined,
): Promise<void> {
  const { node, settings, signal } = session
  const limitMs = settings.timeoutMs ?? (wait === undefined ? DISCOVERY_MS : undefined)
  const came = await waitFor(node, () => node.members(group).length >= (wait ?? 1), {
    limitMs,
    quietMs: wait === undefined ? QUIET_MS : 0,
    signal,
  })
  if (came || signal.aborted) return
  const after = formatDuration(limitMs ?? 0)
  const shownGroup = escapeText(group)
  if (wait !== undefined) {
    const count = node.members(group).length
    const text = `${count} of ${wait} members of '${shownGroup}' were there after ${after}; nothing was sent`
    throw new CliError(ExitCode.timeout, text)
  }
  const others = node.peers().length
  const where =
    others === 0 ? `nobody answers ${whereabouts(session)}` : `peers outside it: ${others}`
  const text = `nobody is in '${shownGroup}' after ${after} (${where}); nothing was sent`
  throw new CliError(ExitCode.noSuchPeer, text)
}
