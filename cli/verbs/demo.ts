/** `earshot demo`: three processes on the loopback interface meet, talk, die and leave; every step is checked. */
import { randomInt } from 'node:crypto'
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { withDeadline } from '../deadline.ts'
import { play } from '../demo/play.ts'
import { Transcript } from '../demo/transcript.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { failureOf } from '../failure.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

/** Unprivileged, below where Linux and others pick ports by themselves; one demo does not meet another. */
const PORTS = { first: 10_000, end: 32_000 } as const
const DEMO_MS = 10_000
const GROUP = 'demo'

export function addDemo({ program, host, action }: Cli): void {
  program
    .command('demo')
    .summary('watch three processes meet, talk, die and leave')
    .description(
      'Start three processes that stay on the loopback interface: they discover each other, shout and whisper; one ' +
        'is killed, one leaves. Every step is checked; a step that fails is named, and the exit code is not 0. ' +
        'Of the common options, only --json counts.',
    )
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', examples([['earshot demo', 'takes about three seconds']]))
    .action(
      action((_options: unknown, command: Command) => {
        return demo(host, new Output(host, settingsOf(command)))
      }),
    )
}

async function demo(host: Host, out: Output): Promise<ExitCode> {
  const port = randomInt(PORTS.first, PORTS.end)
  const transcript = new Transcript(out)
  transcript.heading([
    out.paint('bold', 'Three earshot nodes, each a process of its own, on this host alone'),
    out.paint('dim', `(127.0.0.1, UDP port ${port}; times are milliseconds since the start)`),
    '',
  ])
  return withDeadline(host.signal, DEMO_MS, async ({ signal }) => {
    try {
      const { script, env } = host
      await play({ script, env, port, group: GROUP, signal }, transcript)
    } catch (error) {
      if (host.signal.aborted) return ExitCode.ok
      const { message, exitCode } = failureOf(error, host.env)
      transcript.failed(message)
      throw new CliError(exitCode, `the demo failed: ${message}`)
    }
    const seconds = (transcript.now() / 1_000).toFixed(1)
    transcript.heading(['', `All ${transcript.checks} checks passed, in ${seconds} s.`])
    return ExitCode.ok
  })
}
