/** The completion script for bash. */
import type { Completable, CompletableOption } from './words.ts'
import { optionsBehind } from './words.ts'

export function bashScript(all: Completable): string {
  const { command, options, verbs } = all
  const everyOption = [options, ...verbs.map((verb) => verb.options)].flat()
  const withValue = [...new Set(everyOption.filter((each) => each.takesValue).flatMap(flagsOf))]
  const verbNames = verbs.map(({ name }) => name)
  return `# bash completion for ${command}. Load it with:  source <(${command} completion bash)
_${command}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' words='' i
  COMPREPLY=()
  case $previous in
    ${withValue.join('|')}) return ;;
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
    '') words='${[...verbNames, ...options.flatMap(flagsOf)].join(' ')}' ;;
${verbs
  .map((verb) => {
    const words = [...verb.choices, ...optionsBehind(all, verb).flatMap(flagsOf)]
    return `    ${verb.name}) words='${words.join(' ')}' ;;`
  })
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${command} ${command}
`
}

function flagsOf({ flags }: CompletableOption): readonly string[] {
  return flags
}
