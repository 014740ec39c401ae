/**
 * The lines that somebody types, or a program pipes in. On a terminal with a prompt that steps aside while
 * other lines are written.
 */
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline'
import type { Host } from '../host.ts'
import type { Curtain } from '../output.ts'

export interface PromptOptions {
  readonly prompt: string
  /** As `completer` of node:readline. */
  complete(line: string): [string[], string]
}

/** Lines of stdin, with editing and a prompt; for a terminal. */
export function openPrompt(host: Host, options: PromptOptions): Interface {
  const lines = createInterface({
    input: host.stdin,
    output: host.stdout,
    terminal: true,
    prompt: options.prompt,
    completer: (line: string) => options.complete(line),
  })
  // The terminal is in raw mode: Ctrl-C comes as a key, not as a signal.
  lines.on('SIGINT', () => host.interrupt())
  return lines
}

/** Lines of stdin as they are; for a pipe. */
export function openPipe(host: Host): Interface {
  return createInterface({
    input: host.stdin,
    terminal: false,
    crlfDelay: Number.POSITIVE_INFINITY,
  })
}

/** Takes the prompt, with whatever is typed already, off the screen and puts it back. */
export function curtainOf(host: Host, lines: Interface): Curtain {
  return {
    hide() {
      const { rows } = lines.getCursorPos()
      moveCursor(host.stdout, 0, -rows)
      cursorTo(host.stdout, 0)
      clearScreenDown(host.stdout)
    },
    show() {
      lines.prompt(true)
    },
  }
}
