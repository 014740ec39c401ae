/** `earshot graph`: who sees whom. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { GRAPH_FORMATS, type GraphValues } from '../graph/values.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addGraph({ program, host, action }: Cli): void {
  program
    .command('graph')
    .summary('show who sees whom')
    .description(
      'Ask every node whom it sees, and draw that. Pairs of which only one sees the other are asymmetric, and ' +
        'marked; so is who was not heard lately (evasive, silent). Nodes that do not answer, as those of other ' +
        'implementations, are drawn as others see them. This command itself is left out. In a pipe, each pair is ' +
        'six fields, separated by tabs: kind (mutual, asymmetric, unanswered), name and id of who sees, name and ' +
        'id of who is seen, worst presence. Nobody there is exit code 3.',
    )
    .addOption(
      new Option('-f, --format <format>', 'what to print').choices(GRAPH_FORMATS).default('text'),
    )
    .option('--strict', 'exit code 1 when a pair is asymmetric')
    .option('--from <file>', 'the end of a recording (- is stdin) instead of the mesh')
    .addHelpText(
      'after',
      examples([
        ['earshot graph', 'a matrix'],
        ['earshot graph --format dot | dot -Tsvg > mesh.svg', 'a picture, by Graphviz'],
        ['earshot graph --format mermaid', 'for a page in Markdown'],
        ['earshot graph --strict > /dev/null || alert', 'in a script that watches'],
      ]),
    )
    .action(
      action(async (values: GraphValues, command: Command) => {
        const { runGraph } = await import('../graph/main.ts')
        return runGraph(host, command, values)
      }),
    )
}
