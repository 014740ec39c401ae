/** `earshot peers`: who is there. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { LOOK_MS, waitFor } from '../discovery.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { countOption } from '../parsers.ts'
import { measureAll, printPeers } from '../round-trip.ts'
import type { Session } from '../session.ts'
import { whereabouts, withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface PeersOptions {
  readonly wait?: number
}

export function addPeers({ program, host, action }: Cli): void {
  program
    .command('peers')
    .summary('list who is there')
    .description(
      `Look for peers for ${formatDuration(LOOK_MS)} (or --timeout) and list them. With --wait, until so many are ` +
        'there; then --timeout is a limit, and exceeding it is exit code 27. In a pipe each peer is seven fields, ' +
        'separated by tabs: name, id, endpoint, presence, round trip in ms, groups, headers.',
    )
    .addOption(
      new Option('-w, --wait <count>', 'wait until this many peers are there').argParser(
        countOption,
      ),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot peers', 'who answers now'],
        ['earshot peers --wait 2 --timeout 10s', 'wait for two, at most 10 s'],
        ['earshot peers | cut -f 1', 'their names'],
        ["earshot peers --json | jq -r '.id'", 'their ids'],
      ]),
    )
    .action(
      action((options: PeersOptions, command: Command) => {
        return withNode(host, command, { visits: true }, (session) => peers(session, options))
      }),
    )
}

async function peers(session: Session, { wait }: PeersOptions): Promise<ExitCode> {
  const { node, out, settings, signal } = session
  const limitMs = settings.timeoutMs ?? (wait === undefined ? LOOK_MS : undefined)
  const isThere = (): boolean => node.peers().length >= (wait ?? Number.POSITIVE_INFINITY)
  const came = await waitFor(node, isThere, { limitMs, quietMs: 0, signal })
  if (signal.aborted) return ExitCode.ok
  const listed = await measureAll(session, node.peers())
  await printPeers(session, listed)
  if (wait !== undefined && !came) {
    const text = `${listed.length} of ${wait} peers were there after ${formatDuration(limitMs ?? 0)}`
    throw new CliError(ExitCode.timeout, text)
  }
  if (listed.length === 0) out.note(`no peers ${whereabouts(session)}`)
  return ExitCode.ok
}
