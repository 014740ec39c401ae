/**
 * What can be completed, read from the program itself: its verbs, their options, and arguments with fixed choices.
 */
import type { Command, Option } from 'commander'
import { repeatedOption } from '../parsers.ts'

export interface CompletableOption {
  /** `--name`, and `-n` when there is one. */
  readonly flags: readonly string[]
  readonly description: string
  /** What may have one or not is completed as if it had none. */
  readonly takesValue: boolean
  readonly isRepeatable: boolean
  /** Values that are known; one that ends in `=` goes on. */
  readonly values: readonly string[]
  readonly takesFile: boolean
}

export interface CompletableVerb {
  readonly name: string
  readonly description: string
  readonly options: readonly CompletableOption[]
  /** Of its arguments, those that are fixed words. */
  readonly choices: readonly string[]
  /** Its argument is a file. */
  readonly takesFile: boolean
}

export interface Completable {
  readonly command: string
  readonly options: readonly CompletableOption[]
  readonly verbs: readonly CompletableVerb[]
}

/** Words that the program's definition does not hold, because they take time to load. */
export interface KnownWords {
  /** By verb: what its argument may be. */
  readonly ofArguments: Readonly<Record<string, readonly string[]>>
  /** By option. */
  readonly ofOptions: Readonly<Record<string, readonly string[]>>
}

/** Options whose value names a file, whatever the verb. */
const FILE_OPTIONS: ReadonlySet<string> = new Set(['--report', '--replay', '--log', '--from'])

export function completable(program: Command, known: KnownWords): Completable {
  const help = program.createHelp()
  const verbs = help.visibleCommands(program).map((verb) => ({
    name: verb.name(),
    description: verb.summary() || verb.description(),
    options: help.visibleOptions(verb).map((option) => optionOf(option, known)),
    choices:
      verb.name() === 'help'
        ? program.commands.map((each) => each.name())
        : (known.ofArguments[verb.name()] ??
          verb.registeredArguments.flatMap((argument) => argument.argChoices ?? [])),
    takesFile: verb.registeredArguments.some((argument) => argument.name() === 'file'),
  }))
  const options = help.visibleOptions(program).map((option) => optionOf(option, known))
  return { command: program.name(), options, verbs }
}

function optionOf(option: Option, known: KnownWords): CompletableOption {
  const { long } = option
  return {
    flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
    description: option.description.replace(/;.*| \(.*/, ''),
    takesValue: option.required,
    isRepeatable: option.parseArg === repeatedOption,
    values: known.ofOptions[long ?? ''] ?? option.argChoices ?? [],
    takesFile: FILE_OPTIONS.has(long ?? ''),
  }
}

/** All options that fit behind a verb: its own and the common ones, each once. */
export function optionsBehind(all: Completable, verb: CompletableVerb): CompletableOption[] {
  const own = new Set(verb.options.flatMap(({ flags }) => flags))
  return [
    ...verb.options,
    ...all.options.filter(({ flags }) => !flags.some((flag) => own.has(flag))),
  ]
}
