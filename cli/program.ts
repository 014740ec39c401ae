/**
 * The program: the verbs, the common options, and how commander's own words come out. `runProgram` parses a command
 * line, runs it, and gives the exit code; it never ends the process.
 */
import { Command, CommanderError } from 'commander'
import { addCommonOptions, tidyEnvironment } from './common-options.ts'
import { ExitCode } from './exit-codes.ts'
import { failureOf } from './failure.ts'
import type { Host } from './host.ts'
import { Output } from './output.ts'
import { painter, wantsColour } from './render/style.ts'
import { endingCode } from './session.ts'
import { addChat } from './verbs/chat.ts'
import { addCompletion } from './verbs/completion.ts'
import { addDemo } from './verbs/demo.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addGraph } from './verbs/graph.ts'
import { addLog } from './verbs/log.ts'
import { addLogs } from './verbs/logs.ts'
import { addPeers } from './verbs/peers.ts'
import { addPing } from './verbs/ping.ts'
import { addRecord } from './verbs/record.ts'
import { addReplay } from './verbs/replay.ts'
import { addRun } from './verbs/run.ts'
import { addScan } from './verbs/scan.ts'
import { addShout } from './verbs/shout.ts'
import { addSim } from './verbs/sim.ts'
import { addSub } from './verbs/sub.ts'
import { addTop } from './verbs/top.ts'
import { addTrace } from './verbs/trace.ts'
import type { Cli } from './verbs/verb.ts'
import { addWatch } from './verbs/watch.ts'
import { addWhisper } from './verbs/whisper.ts'

const VERBS: readonly ((cli: Cli) => void)[] = [
  addChat,
  addPeers,
  addScan,
  addDoctor,
  addShout,
  addWhisper,
  addSub,
  addWatch,
  addRun,
  addPing,
  addLogs,
  addLog,
  addTrace,
  addRecord,
  addReplay,
  addTop,
  addGraph,
  addDemo,
  addSim,
  addCompletion,
]

const ABOUT = `
Data goes to stdout, diagnostics to stderr. With --json, stdout is NDJSON: every
line is an object with a "type" such as "earshot.shout/1"; within a version,
fields are only added. Messages have "text" (valid UTF-8), "base64" (other
bytes), or "frames" (an array of these, when a message has several).

In environment variables, lists are separated by commas. NO_COLOR and
FORCE_COLOR are honoured. EARSHOT_DEBUG=1 adds stack traces to errors.

Exit codes: 0 done, 1 failure, 2 usage, 3 no such peer or nobody there,
27 timeout, 130 interrupted.

\`earshot help VERB\` has examples. \`earshot demo\` shows it all on this host.`

export interface Program {
  readonly command: Command
  /** The exit code of the verb that ran. */
  exitCode(): ExitCode
}

export function createProgram(host: Host): Program {
  const program = new Command('earshot')
  let exitCode: ExitCode = ExitCode.ok
  const cli: Cli = {
    program,
    host,
    action:
      (verb) =>
      async (...args) => {
        exitCode = await verb(...args)
      },
  }
  const bold = painter(true)
  // Before the verbs: they inherit these.
  program
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      outputError: (text, write) => write(ownWords(text)),
      getOutHasColors: () => wantsColour(host.stdout, host.env),
      getErrHasColors: () => wantsColour(host.stderr, host.env),
    })
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => bold('bold', title) })
    .commandsGroup('Verbs:')
    .helpCommand('help [verb]', 'print the help of a verb')
    .showHelpAfterError('Try: earshot help')
    .description('Peer-to-peer messages on the local network: no broker, no configuration.')
    .version(host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .usage('[options] VERB …')
  addCommonOptions(program, host.hostName)
  for (const add of VERBS) add(cli)
  for (const verb of program.commands) {
    verb.showHelpAfterError(`Try: earshot help ${verb.name()}`)
  }
  program.addHelpText('after', ABOUT)
  return { command: program, exitCode: () => exitCode }
}

/** Commander's message in the form of all our messages, its suggestion on the same line. */
function ownWords(text: string): string {
  return text.replace(/^error: /, 'earshot: ').replace('\n(Did you mean', ' (did you mean')
}

/** Parses and runs; `env` is tidied in place before. */
export async function runProgram(
  host: Host,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<ExitCode> {
  const { command, exitCode } = createProgram(host)
  tidyEnvironment(command, env)
  try {
    // What somebody tries first.
    if (args.length === 0) command.outputHelp()
    else await command.parseAsync(args, { from: 'user' })
    return endingCode(host.signal) ?? exitCode()
  } catch (error) {
    // Commander has written its own message already; it knows only 0 and 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
    const ending = endingCode(host.signal)
    if (ending !== undefined) return ending
    const failure = failureOf(error, host.env)
    new Output(host, { json: false, quiet: false }).problem(failure.message)
    return failure.exitCode
  }
}
