/**
 * The whole terminal: lines that are rewritten in place, and keys. It has a buffer of its own meanwhile; whatever was on
 * the terminal before comes back at the end, however the process ends.
 */
import { emitKeypressEvents } from 'node:readline'
import type { Host } from '../host.ts'
import type { Size } from './view.ts'

const ALTERNATE_BUFFER = '\u001b[?1049h'
const USUAL_BUFFER = '\u001b[?1049l'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
/** All at once: terminals that do not know it pass over it. */
const BEGIN_UPDATE = '\u001b[?2026h'
const END_UPDATE = '\u001b[?2026l'
const TOP_LEFT = '\u001b[H'
const CLEAR_TO_LINE_END = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

const COLUMNS_DEFAULT = 80
const ROWS_DEFAULT = 24

export interface ScreenEvents {
  /** By its name (`left`, `pageup`), or the character. */
  key(key: string): void
  resize(): void
}

/** What node:readline tells of a key. */
interface Key {
  readonly name?: string
  readonly sequence?: string
  readonly ctrl?: boolean
}

/** Whether the output is a terminal that can be written to everywhere. */
export function hasScreen({ stdout, env }: Host): boolean {
  return stdout.isTTY === true && env['TERM'] !== 'dumb'
}

export class Screen {
  readonly #host: Host
  readonly #events: ScreenEvents
  readonly #close = (): void => this.close()
  readonly #resize = (): void => this.#events.resize()
  readonly #press = (text: string | undefined, key: Key): void => {
    if (key.ctrl === true && key.name === 'c') this.#host.interrupt()
    else if (key.ctrl !== true) this.#events.key(key.name ?? text ?? '')
  }
  #isOpen = true

  constructor(host: Host, events: ScreenEvents) {
    this.#host = host
    this.#events = events
    // A second Ctrl-C, and errors that nobody caught, end the process without us.
    process.once('exit', this.#close)
    host.stdout.on('resize', this.#resize)
    if (host.stdin.isTTY === true) {
      emitKeypressEvents(host.stdin)
      host.stdin.setRawMode?.(true)
      host.stdin.on('keypress', this.#press)
      host.stdin.resume()
    }
    host.stdout.write(`${ALTERNATE_BUFFER}${HIDE_CURSOR}${TOP_LEFT}${CLEAR_BELOW}`)
  }

  get size(): Size {
    const { columns, rows } = this.#host.stdout
    // A terminal that does not know its size says 0.
    return { columns: columns || COLUMNS_DEFAULT, rows: rows || ROWS_DEFAULT }
  }

  /** Lines over the ones that are there. A terminal that is behind does not get more of them. */
  draw(lines: readonly string[]): void {
    const { stdout } = this.#host
    if (!this.#isOpen || stdout.writableNeedDrain) return
    const text = lines.map((line) => `${line}${CLEAR_TO_LINE_END}`).join('\r\n')
    stdout.write(`${BEGIN_UPDATE}${TOP_LEFT}${text}${CLEAR_BELOW}${END_UPDATE}`)
  }

  /** Gives the terminal back. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const { stdin, stdout } = this.#host
    process.off('exit', this.#close)
    stdout.off('resize', this.#resize)
    if (stdin.isTTY === true) {
      stdin.off('keypress', this.#press)
      stdin.setRawMode?.(false)
      stdin.pause()
    }
    stdout.write(`${SHOW_CURSOR}${USUAL_BUFFER}`)
  }
}
