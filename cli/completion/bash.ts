/** The completion script for bash. */
import type { Completable, CompletableOption, CompletableVerb } from './words.ts'
import { optionsBehind } from './words.ts'

export function bashScript(all: Completable): string {
  const { command, options, verbs } = all
  const everyOption = [options, ...verbs.map((verb) => verb.options)].flat()
  const withValue = [...new Set(everyOption.filter((each) => each.takesValue).flatMap(flagsOf))]
  const helped = everyOption.filter((each) => each.values.length > 0 || each.takesFile)
  const verbNames = verbs.map(({ name }) => name)
  return `# bash completion for ${command}. Load it with:  source <(${command} completion bash)
_${command}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' words='' options='' i
  COMPREPLY=()
  case $previous in
${helped.map((option) => `${valueCase(option)}\n`).join('')}    ${withValue.join('|')}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i-1]} in
      ${withValue.join('|')}) continue ;;
    esac
    case \${COMP_WORDS[i]} in
      ${verbNames.join('|')}) verb=\${COMP_WORDS[i]}; break ;;
    esac
  done
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

/** A value that ends in `=` goes on: no space after it. */
function valueCase({ flags, values, takesFile }: CompletableOption): string {
  const words = takesFile ? '-f' : `-W "${values.join(' ')}"`
  const goesOn = values.some((value) => value.endsWith('='))
    ? ' compopt -o nospace 2>/dev/null;'
    : ''
  return `    ${flags.join('|')}) COMPREPLY=($(compgen ${words} -- "$current"));${goesOn} return ;;`
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
