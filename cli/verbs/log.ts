/** `earshot log`: puts lines into the mesh-wide log, for scripts and for programs that only print. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { LevelName, MeshLog } from '../../src/index.ts'
import { LEVELS, meshLog } from '../../src/index.ts'
import { pause, withDeadline } from '../deadline.ts'
import { DELIVERY_MS } from '../delivery.ts'
import { DISCOVERY_MS, QUIET_MS, waitFor } from '../discovery.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseFields } from '../fields.ts'
import { readLines } from '../input.ts'
import { repeatedOption } from '../parsers.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface LogOptions {
  readonly level: LevelName
  readonly field?: readonly string[]
}

const POLL_MS = 10

export function addLog({ program, host, action }: Cli): void {
  program
    .command('log')
    .summary('put lines into the log of the mesh')
    .description(
      'Be a node that logs TEXT, or each line of stdin, into the log that all nodes share. A line that is a JSON ' +
        'object, as pino writes it, is taken with its own level and fields. The records are kept by ' +
        'this node and gone with it: after the last line it stays until all who follow the log have them. ' +
        '`earshot logs` reads the log.',
    )
    .argument('[text...]', 'the message; put -- before text that begins with a dash')
    .addOption(
      new Option('--level <level>', 'of lines that do not say their own')
        .default('info')
        .choices(Object.keys(LEVELS)),
    )
    .addOption(
      new Option('--field <name=value>', 'a field of lines that are no JSON; repeatable').argParser(
        repeatedOption,
      ),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot log --level warn the cellar is wet', 'to all who follow the log'],
        ['node app.js | earshot log --name app', 'the lines of a program, while it runs'],
        ['tail -f /var/log/syslog | earshot log --field file=syslog', 'with a field'],
      ]),
    )
    .action(
      action((words: string[], options: LogOptions, self: Command) => {
        const fields = parseFields(options.field ?? [])
        return withNode(host, self, { logLevel: 'warn' }, (session) =>
          log(session, words, options.level, fields),
        )
      }),
    )
}

async function log(
  session: Session,
  words: readonly string[],
  level: LevelName,
  fields: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const { host, node, out, signal } = session
  const target = meshLog(node)
  const write = (line: string): void => {
    // As text: what is too long is cut.
    if (line.startsWith('{') && line.endsWith('}')) target.write(line)
    else target.write(JSON.stringify({ level: LEVELS[level], ...fields, msg: line }))
  }
  // Whoever follows the log finds us while we read.
  const met = waitFor(node, () => node.peers().length > 0, {
    limitMs: DISCOVERY_MS,
    quietMs: QUIET_MS,
    signal,
  })
  if (words.length > 0) {
    write(words.join(' '))
  } else {
    if (host.stdin.isTTY === true) out.hint('type lines for the log; Ctrl-D ends it')
    const decoder = new TextDecoder()
    for await (const line of readLines(host.stdin, signal)) write(decoder.decode(line))
  }
  await met
  await shipped(target, session)
  return ExitCode.ok
}

/** Resolves when all who read our log have been sent all of it, or when that takes too long. */
async function shipped(target: MeshLog, { settings, signal }: Session): Promise<void> {
  await withDeadline(signal, settings.timeoutMs ?? DELIVERY_MS, async (deadline) => {
    while (target.metrics().unshipped > 0 && !deadline.signal.aborted) {
      await pause(POLL_MS, deadline.signal)
    }
  })
}
