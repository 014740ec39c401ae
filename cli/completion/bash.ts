/** The completion script for bash. */
import type { Completable, CompletableOption, CompletableVerb } from './words.ts'
import { optionsBehind } from './words.ts'

export function bashScript(all: Completable): string {
  const { command, options, verbs } = all
  // Before the verb there are only the common ones.
  const skipped = options.filter((each) => each.takesValue).flatMap(flagsOf)
  const values = [
    ...verbs.flatMap(({ name, options }) => valueCases(name, options)),
    ...valueCases('*', options),
  ]
  const verbNames = verbs.map(({ name }) => name)
  return `# bash completion for ${command}. Load it with:  source <(${command} completion bash)
_${command}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' words='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i-1]} in
      ${skipped.join('|')}) continue ;;
    esac
    case \${COMP_WORDS[i]} in
      ${verbNames.join('|')}) verb=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $verb$previous in
${values.join('\n')}
  esac
  case $verb in
    '') words='${verbNames.join(' ')}' options='${options.flatMap(flagsOf).join(' ')}' ;;
${verbs.map((verb) => verbCase(all, verb)).join('\n')}
  esac
  [[ $current == -* ]] && words=$options
  [[ $words == : ]] && { COMPREPLY=($(compgen -f -- "$current")); return; }
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${command} ${command}
`
}

/**
 * Lines of a `case` of the verb and the word before; flags begin with a dash, so nothing stands between the two. One name
 * may be an option of several verbs: `-f` has a value for one of them, and none for another.
 */
function valueCases(verb: string, options: readonly CompletableOption[]): string[] {
  const isHelped = (each: CompletableOption): boolean => each.values.length > 0 || each.takesFile
  const withValue = options.filter((each) => each.takesValue)
  const unknown = withValue.filter((each) => !isHelped(each)).flatMap(flagsOf)
  const pattern = (flags: readonly string[]): string => {
    return flags.map((flag) => `${verb}${flag}`).join('|')
  }
  return [
    ...withValue
      .filter(isHelped)
      .map((option) => `    ${pattern(option.flags)}) ${valuesOf(option)}`),
    ...(unknown.length > 0 ? [`    ${pattern(unknown)}) return ;;`] : []),
  ]
}

/** A value that ends in `=` goes on: no space after it. */
function valuesOf({ values, takesFile }: CompletableOption): string {
  const words = takesFile ? '-f' : `-W "${values.join(' ')}"`
  const goesOn = values.some((value) => value.endsWith('='))
    ? ' compopt -o nospace 2>/dev/null;'
    : ''
  return `COMPREPLY=($(compgen ${words} -- "$current"));${goesOn} return ;;`
}

function verbCase(all: Completable, verb: CompletableVerb): string {
  const options = optionsBehind(all, verb).flatMap(flagsOf)
  // A colon stands for file names.
  const words = verb.takesFile ? ':' : verb.choices.join(' ')
  return `    ${verb.name}) words='${words}' options='${options.join(' ')}' ;;`
}

function flagsOf({ flags }: CompletableOption): readonly string[] {
  return flags
}
