/**
 * `earshot sim`: hundreds of virtual nodes on a virtual network, from one seed. Here is what can be asked for; what
 * is done with it, and the simulator itself, are loaded when the verb runs: other verbs start without them.
 */
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { Output } from '../output.ts'
import { defineSim } from '../sim/options.ts'
import type { SimValues } from '../sim/values.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addSim({ program, host, action }: Cli): void {
  const command = program
    .command('sim')
    .summary('run hundreds of virtual nodes from one seed')
    .description(
      'Run real nodes on a virtual network, in virtual time: any number of nodes, any fault, faster than the clock, ' +
        'and the same every time for the same seed. Checks watch the run; a check that fails is named, with the ' +
        'command that runs exactly this again, and the exit code is 1. Nothing touches a real network; --real ' +
        'stays on the loopback interface.',
    )
    .configureHelp({ showGlobalOptions: false })
  defineSim(command)
  command
    .addHelpText(
      'after',
      examples([
        ['earshot sim steady', 'a healthy mesh'],
        [
          'earshot sim churn --nodes 50 --report churn.html',
          'nodes come and go; with a report to look at',
        ],
        [
          'earshot sim churn --seed 7 --log churn.ndjson',
          'what all nodes logged, in the order in which it happened',
        ],
        ['earshot sim --seeds 1..1000', 'a thousand runs with random faults, on all cores'],
        ['earshot sim steady --real', 'real nodes on this host, beside the virtual ones'],
        ['earshot sim --list', 'the scenarios, and what --set may change'],
        ['earshot sim ./my-scenario.js', 'one of your own; see defineScenario of earshot/sim'],
      ]),
    )
    .action(
      action((scenario: string | undefined, values: SimValues, self: Command) => {
        return sim(host, self, scenario, values)
      }),
    )
}

/** Of the options that all verbs have, those that would be meant for the nodes of a simulation. */
const MEANINGLESS = ['name', 'group', 'header', 'mailboxPort', 'timeout'] as const

/**
 * Most likely `-n` was meant to be `--nodes`: not to be passed over in silence. An `--interface` that an alias gives to
 * every verb may be. @throws CliError usage
 */
function checkCommonOptions(command: Command): void {
  const given = MEANINGLESS.find((name) => command.getOptionValueSourceWithGlobals(name) === 'cli')
  if (given === undefined) return
  const option = command.parent?.options.find((each) => each.attributeName() === given)
  const advice = given === 'name' ? '; did you mean --nodes (-N)?' : ''
  throw new CliError(ExitCode.usage, `${option?.long} means nothing here${advice}`)
}

async function sim(
  host: Host,
  command: Command,
  scenario: string | undefined,
  values: SimValues,
): Promise<ExitCode> {
  const out = new Output(host, settingsOf(command))
  checkCommonOptions(command)
  const { runSim } = await import('../sim/main.ts')
  const isBare = scenario === undefined && Object.keys(values).length === 0
  if (isBare) command.outputHelp()
  return runSim({ host, out }, isBare ? { list: true } : { ...values, scenario })
}
