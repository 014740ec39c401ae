/** The arguments and options of `earshot sim`. Nothing of the simulator is loaded for them. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { countOption, durationOption, repeatedOption } from '../parsers.ts'
import { hashOption, seedOption, seedsOption } from './seeds.ts'

/** The arguments and options: of the verb, and of a command line that is replayed. */
export function defineSim(command: Command): Command {
  return command
    .argument('[scenario]', 'name of a scenario, or path of a module with one; default: random')
    .option('-N, --nodes <count>', 'how many nodes, instead of the scenario’s number', countOption)
    .option(
      '-s, --seed <seed>',
      'decides everything that is random; default: a new one',
      seedOption,
    )
    .option('--for <time>', 'virtual time with faults and traffic: 120s, 10m', durationOption)
    .option('--set <key=value>', 'change a setting of the scenario; repeatable', repeatedOption)
    .option('--skip-check <check>', 'leave a check out; repeatable', repeatedOption)
    .addOption(new Option('--report <file>', 'write a report, as one HTML file').conflicts('seeds'))
    .addOption(
      new Option(
        '--log <file>',
        'write what all nodes and the simulator log, as one NDJSON file',
      ).conflicts('seeds'),
    )
    .addOption(
      new Option('--seeds <list>', 'run many seeds: 1..1000, or 1,5,9, or 100 for 1..100')
        .argParser(seedsOption)
        .conflicts(['seed', 'hash']),
    )
    .option(
      '--jobs <count>',
      'processes of --real, or runs at once of --seeds; default: one per core',
      countOption,
    )
    .option('--max-failures <count>', 'with --seeds: end after so many that failed', countOption)
    .addOption(
      new Option('--hash <hash>', 'say whether the run went as the one with this hash').argParser(
        hashOption,
      ),
    )
    .option('--replay <file>', 'run again what a --json output, or a printed command, tells of')
    .option('--real', 'beside it, the same with real nodes on the loopback interface, in real time')
    .option('--list', 'print the scenarios, their settings and the checks')
    .option('-j, --json', 'write NDJSON: one object a line, with a versioned "type"')
    .option('-q, --quiet', 'no progress and notes on stderr')
}
