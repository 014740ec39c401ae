/** The command, on hosts of their own. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Facts } from './facts.ts'
import { describeHosts, newNetwork } from './network.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A running command: what it prints, line by line. */
class Terminal {
  readonly #process: ChildProcess
  readonly #facts = new Facts()
  readonly #lines: string[] = []
  readonly ended: Promise<unknown[]>

  constructor(process: ChildProcess) {
    this.#process = process
    this.ended = once(process, 'close')
    for (const output of [process.stdout!, process.stderr!]) {
      createInterface({ input: output }).on('line', (line) => {
        this.#lines.push(line)
        this.#facts.changed()
      })
    }
  }

  type(line: string): void {
    this.#process.stdin!.write(`${line}\n`)
  }

  /** Types the end of the input. */
  endInput(): void {
    this.#process.stdin!.end()
  }

  /** Waits for a line that contains a text. */
  shows(text: string): Promise<string> {
    return this.#facts.until(
      JSON.stringify(text),
      () => this.#lines.find((line) => line.includes(text)),
      () => this.#lines.join('\n'),
    )
  }
}

describeHosts('the command', () => {
  it('lets two hosts chat', async () => {
    const network = newNetwork()
    const chat = (name: string): Terminal =>
      new Terminal(
        network.addHost().spawn(process.execPath, [COMMAND, 'chat', 'lobby', '--name', name]),
      )
    const ada = chat('ada')
    const bob = chat('bob')
    ada.type('hello from the first host')
    bob.type('and from the second')
    await bob.shows('ada: hello from the first host')
    await ada.shows('bob: and from the second')
    ada.endInput()
    expect(await ada.ended).toEqual([0, null])
    await bob.shows('ada left')
    bob.endInput()
    expect(await bob.ended).toEqual([0, null])
  })
})
