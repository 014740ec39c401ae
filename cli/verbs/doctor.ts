/** `earshot doctor`: why nodes do not meet. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { DoctorValues } from '../doctor/values.ts'
import { durationOption } from '../parsers.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addDoctor({ program, host, action }: Cli): void {
  program
    .command('doctor')
    .summary('find out why nodes do not meet')
    .description(
      'Examine this host and its network, with a node of its own: which interfaces are used, whether its beacons ' +
        'and multicasts come back, what the firewall drops, who is heard, who is reached, and whether they reach us ' +
        '(nodes of earshot are asked to dial back). With PEER, that one alone. Every finding has a code, which ' +
        'docs/doctor.md explains, and says what to do. As root it reads the firewall, and names the rule. In a pipe ' +
        'each finding is four fields, separated by tabs: level (ok, note, problem), code, sentence, advice. Exit ' +
        'code 1 when there is a problem.',
    )
    .argument('[peer]', 'its name, its UUID, the beginning of either, or its address; default: all')
    .addOption(
      new Option('--for <time>', 'listen for so long; default: 3s, or --timeout').argParser(
        durationOption,
      ),
    )
    .option('--all', 'show what works, too, on a terminal')
    .addHelpText(
      'after',
      examples([
        ['earshot doctor', 'this host, and all who are heard'],
        ['sudo earshot doctor', 'and the rules of the firewall'],
        ['earshot doctor kitchen', 'why kitchen is not met'],
        ['earshot doctor 192.168.1.7', 'or by where it should be'],
        ['earshot doctor --json | jq -r \'select(.level == "problem").code\'', 'codes of problems'],
      ]),
    )
    .action(
      action(async (peer: string | undefined, values: DoctorValues, command: Command) => {
        const { runDoctor } = await import('../doctor/main.ts')
        return runDoctor(host, command, peer, values)
      }),
    )
}
