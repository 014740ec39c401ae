/** `earshot scan`: who is there, without being there. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { durationOption } from '../parsers.ts'
import type { ScanValues } from '../scan/values.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addScan({ program, host, action }: Cli): void {
  program
    .command('scan')
    .summary('look who is there without being there')
    .description(
      'Listen for nodes, visit each that is heard of, and list them: what answers there, on which of our ' +
        'interfaces, how it was found. Nobody gets to see a new peer: this command sends no beacon, and dials ' +
        'without an identity. In a pipe each line is nine fields, separated by tabs: id, name, implementation ' +
        '(earshot, libzmq, curve, none, left), endpoint, interface, ways (each with how often it was heard), ' +
        'milliseconds since, what the visit took, and why there was no answer. Nobody there is exit code 3.',
    )
    .addOption(
      new Option('--for <time>', 'listen for so long; default: 3s, or --timeout').argParser(
        durationOption,
      ),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot scan', 'who is heard within 3 s'],
        ['earshot scan --for 10s --interface eth0', 'for longer, on one interface'],
        ["earshot scan --json | jq -r '.address'", 'where they are'],
      ]),
    )
    .action(
      action(async (values: ScanValues, command: Command) => {
        const { runScan } = await import('../scan/main.ts')
        return runScan(host, command, values)
      }),
    )
}
