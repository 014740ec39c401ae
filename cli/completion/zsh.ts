/** The completion script for zsh. */
import type { Completable, CompletableOption, CompletableVerb } from './words.ts'
import { optionsBehind } from './words.ts'

export function zshScript(all: Completable): string {
  const { command, options, verbs } = all
  return `#compdef ${command}
# zsh completion for ${command}. Load it with:  source <(${command} completion zsh)
# or save it as _${command} in a folder of $fpath.
_${command}() {
  local curcontext=$curcontext state line
  local -a verbs=(
${verbs.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  _arguments -C -s \\
${options.map((option) => `    ${argumentOf(option)} \\`).join('\n')}
    '1: :->verb' \\
    '*:: :->rest'
  case $state in
    verb) _describe 'verb' verbs ;;
    rest)
      case $line[1] in
${verbs.map((verb) => verbCase(all, verb)).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _${command} ]]; then
  _${command} "$@"
else
  compdef _${command} ${command}
fi
`
}

function verbCase(all: Completable, verb: CompletableVerb): string {
  const words = verb.choices.length > 0 ? `':argument:(${verb.choices.join(' ')})'` : "'*: : '"
  const rest = verb.takesFile ? "':file:_files'" : words
  const lines = [...optionsBehind(all, verb).map(argumentOf), rest]
  return `        ${verb.name}) _arguments -s \\\n${lines.map((line) => `          ${line}`).join(' \\\n')} ;;`
}

/** `'(--name -n)'{--name,-n}'[how others see it]:value: '`. */
function argumentOf(option: CompletableOption): string {
  const { flags, description, takesValue, isRepeatable } = option
  const text = description.replace(/[[\]:\\]/g, '\\$&')
  const value = takesValue ? `:value:${valuesOf(option)}` : ''
  const before = isRepeatable ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : ''
  const names = flags.length > 1 ? `{${flags.join(',')}}` : (flags[0] ?? '')
  return `${before === '' ? '' : quoted(before)}${names}${quoted(`[${text}]${value}`)}`
}

function valuesOf({ values, takesFile }: CompletableOption): string {
  if (takesFile) return '_files'
  return values.length > 0 ? `(${values.join(' ')})` : ' '
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
