/** Options that choose log records; `record-filter.ts` is what they let through. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { LevelName } from '../../src/index.ts'
import { LEVELS } from '../../src/index.ts'
import { repeatedOption } from '../parsers.ts'

export interface FilterValues {
  readonly level: LevelName
  readonly field?: readonly string[]
  readonly peer?: readonly string[]
  readonly grep?: string
  readonly ignoreCase?: boolean
}

export function addFilterOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--level <level>', 'this level and above')
        .default('info')
        .choices(Object.keys(LEVELS)),
    )
    .addOption(
      new Option(
        '--peer <peer>',
        'only of these nodes: a name, an id, or the beginning of either; repeatable',
      ).argParser(repeatedOption),
    )
    .addOption(
      new Option(
        '--field <name=value>',
        'only records that say this; 80 and true as in JSON, anything else is text; repeatable',
      ).argParser(repeatedOption),
    )
    .addOption(new Option('--grep <regexp>', 'only where message and fields, as shown, match this'))
    .addOption(new Option('--ignore-case', 'for --grep'))
}

/**
 * The groups of `--group`, where it is a filter: only those of the command line. A variable says what this host's nodes
 * are in, which is no wish to see nothing else.
 */
export function filterGroups(command: Command, groups: readonly string[]): readonly string[] {
  return command.getOptionValueSourceWithGlobals('group') === 'cli' ? groups : []
}
