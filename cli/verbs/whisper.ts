/** `earshot whisper`: a message to one peer. */
import type { Command } from 'commander'
import { DISCOVERY_MS } from '../discovery.ts'
import { formatDuration } from '../duration.ts'
import { ExitCode } from '../exit-codes.ts'
import { findPeer } from '../find-peer.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import type { SendingOptions } from './sending.ts'
import { checkSending, linesOption, sendAll, senderTimers, traceOption } from './sending.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addWhisper({ program, host, action }: Cli): void {
  program
    .command('whisper')
    .summary('send a message to one peer')
    .description(
      'Send a message to one peer: TEXT, or all of stdin exactly as it is, or with --lines each line of stdin. Looks ' +
        `for the peer for up to ${formatDuration(DISCOVERY_MS)} (or --timeout); when it is not there, or PEER ` +
        'fits several, the exit code is 3. Ends when the peer has read it.',
    )
    .argument('<peer>', 'its name, its UUID (any case, dashes or not), or the beginning of either')
    .argument('[text...]', 'the message; put -- before text that begins with a dash')
    .addOption(linesOption())
    .addOption(traceOption())
    .addHelpText(
      'after',
      examples([
        ['earshot whisper kitchen dinner is ready', 'by name'],
        ['earshot whisper eac209bb hello', 'by the beginning of its id'],
        ['earshot whisper kitchen --trace hello', 'and print what took how long'],
        ['earshot whisper kitchen < recipe.txt', 'a file, up to 16 MiB'],
        ['earshot whisper relay --lines --timeout 10s', 'line by line; look for relay for 10 s'],
      ]),
    )
    .action(
      action(async (peer: string, words: string[], options: SendingOptions, command: Command) => {
        checkSending(words, options)
        return withNode(host, command, { timers: senderTimers }, (session) =>
          whisper(session, peer, words, options),
        )
      }),
    )
}

async function whisper(
  session: Session,
  reference: string,
  words: readonly string[],
  options: SendingOptions,
): Promise<ExitCode> {
  const { node, out } = session
  const peer = await findPeer(session, reference)
  if (session.signal.aborted) return ExitCode.ok
  const code = await sendAll(session, words, options, {
    group: undefined,
    send: async (message, signal) => {
      await node.whisper(peer, message, { signal, trace: options.trace ?? false })
      return [peer]
    },
  })
  out.hint(`whispered to ${peer.name} (${peer.id})`)
  return code
}
