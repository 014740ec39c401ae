/** The completion script for fish. */
import type { Completable, CompletableOption } from './words.ts'

export function fishScript({ command, options, verbs }: Completable): string {
  const names = verbs.map(({ name }) => name).join(' ')
  const lines = [
    `# fish completion for ${command}. Load it with:  ${command} completion fish | source`,
    `function __${command}_wants_verb; not __fish_seen_subcommand_from ${names}; end`,
    `complete -c ${command} -f`,
    ...options.map((option) => optionLine(command, option)),
    ...verbs.map(({ name, description }) => {
      return `complete -c ${command} -n __${command}_wants_verb -a ${name} -d ${quoted(description)}`
    }),
    ...verbs.flatMap((verb) => {
      const condition = `__fish_seen_subcommand_from ${verb.name}`
      const common = new Set(options.flatMap(({ flags }) => flags))
      const own = verb.options.filter(({ flags }) => !flags.some((flag) => common.has(flag)))
      const choices =
        verb.choices.length > 0
          ? [`complete -c ${command} -n ${quoted(condition)} -a ${quoted(verb.choices.join(' '))}`]
          : []
      const files = verb.takesFile ? [`complete -c ${command} -n ${quoted(condition)} -F`] : []
      return [...choices, ...files, ...own.map((option) => optionLine(command, option, condition))]
    }),
  ]
  return `${lines.join('\n')}\n`
}

function optionLine(command: string, option: CompletableOption, condition?: string): string {
  const flags = option.flags.map((flag) => {
    return flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
  })
  const parts = [
    `complete -c ${command}`,
    ...(condition === undefined ? [] : [`-n ${quoted(condition)}`]),
    ...flags,
    ...(option.takesValue ? [option.takesFile ? '-r -F' : '-x'] : []),
    ...(option.values.length > 0 ? [`-a ${quoted(option.values.join(' '))}`] : []),
    `-d ${quoted(option.description)}`,
  ]
  return parts.join(' ')
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
