/**
 * What can be completed, read from the program itself: its verbs, their options, and arguments with fixed choices.
 */
import type { Command, Option } from 'commander'
import { repeatedOption } from '../parsers.ts'

export interface CompletableOption {
  /** `--name`, and `-n` when there is one. */
  readonly flags: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  readonly isRepeatable: boolean
}

export interface CompletableVerb {
  readonly name: string
  readonly description: string
  readonly options: readonly CompletableOption[]
  /** Of its arguments, those that are fixed words. */
  readonly choices: readonly string[]
}

export interface Completable {
  readonly command: string
  readonly options: readonly CompletableOption[]
  readonly verbs: readonly CompletableVerb[]
}

export function completable(program: Command): Completable {
  const help = program.createHelp()
  const verbs = help.visibleCommands(program).map((verb) => ({
    name: verb.name(),
    description: verb.summary() || verb.description(),
    options: help.visibleOptions(verb).map(optionOf),
    choices:
      verb.name() === 'help'
        ? program.commands.map((each) => each.name())
        : verb.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  }))
  const options = help.visibleOptions(program).map(optionOf)
  return { command: program.name(), options, verbs }
}

function optionOf(option: Option): CompletableOption {
  return {
    flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
    description: option.description.replace(/;.*| \(.*/, ''),
    takesValue: option.required || option.optional,
    isRepeatable: option.parseArg === repeatedOption,
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
