/** `earshot completion`: scripts that complete verbs and options, made from the program's own definition. */
import { Argument } from 'commander'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import type { Completable } from '../completion/words.ts'
import { completable } from '../completion/words.ts'
import { zshScript } from '../completion/zsh.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (all: Completable) => string
>

type Shell = keyof typeof SCRIPTS

export function addCompletion({ program, host, action }: Cli): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Print a script that completes the verbs and options of this command in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      examples([
        ['source <(earshot completion bash)', 'in ~/.bashrc'],
        ['source <(earshot completion zsh)', 'in ~/.zshrc, after compinit'],
        ['earshot completion fish | source', 'in ~/.config/fish/config.fish'],
      ]),
    )
    .action(
      action(async (shell: Shell) => {
        // Loaded for the script alone: the script itself asks nobody, and is fast.
        const { simWords } = await import('../sim/words.ts')
        host.stdout.write(SCRIPTS[shell](completable(program, simWords())))
        return ExitCode.ok
      }),
    )
}
