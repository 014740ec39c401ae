/** `earshot record`: everything that a node observes of its mesh, in a file. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { durationOption, intervalOption } from '../parsers.ts'
import type { RecordValues } from '../recording/record.ts'
import { zreLogOption } from '../zre-log.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

const EVERY_MS = 5_000

export function addRecord({ program, host, action }: Cli): void {
  program
    .command('record')
    .summary('write what a node observes of the mesh to a file')
    .description(
      'Be a node, and write everything that it observes to FILE until Ctrl-C (or --timeout): its own events, with ' +
        'the shouts to the groups of --group; the log of all nodes; and from time to time the counters and peers of ' +
        'each node. NDJSON, described in docs/logging.md; `earshot replay` shows it. FILE may be - for stdout. ' +
        'A disk that is too slow costs lines, which are counted, and never more than 32 MiB of memory.',
    )
    .argument('<file>', 'where to; one that exists is kept, unless --force is given')
    .addOption(
      new Option('-s, --since <time>', 'also what was logged within this time before').argParser(
        durationOption,
      ),
    )
    .addOption(
      new Option('--every <time>', 'time from one look at all nodes to the next')
        .default(EVERY_MS, '5s')
        .argParser(intervalOption),
    )
    .addOption(zreLogOption())
    .addOption(new Option('--force', 'overwrite FILE'))
    .addHelpText(
      'after',
      examples([
        ['earshot record incident.ndjson --since 5m', 'with the last five minutes'],
        ['earshot record day.ndjson --group sensors --timeout 24h', 'a day, with what is shouted'],
        ['earshot record - | gzip > mesh.ndjson.gz', 'compressed'],
      ]),
    )
    .action(
      action(async (file: string, values: RecordValues, self: Command) => {
        const { runRecord } = await import('../recording/record.ts')
        return runRecord(host, self, file, values)
      }),
    )
}
