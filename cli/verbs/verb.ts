/**
 * What all verbs have in common: how one is added to the program, and how its exit code comes back.
 */
import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'

/** The program that verbs add themselves to. */
export interface Cli {
  readonly program: Command
  readonly host: Host
  /** Makes an action of commander's out of a verb: keeps its exit code. */
  action<Arguments extends readonly unknown[]>(
    verb: (...args: Arguments) => Promise<ExitCode>,
  ): (...args: Arguments) => Promise<void>
}

/** Examples below a verb's help: command and meaning, aligned. */
export function examples(lines: readonly (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  const texts = lines.map(([command, meaning]) => `  ${command.padEnd(width)}   ${meaning}`)
  return ['', 'Examples:', ...texts].join('\n')
}
