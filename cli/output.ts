/**
 * Where everything is written: data to stdout, with back-pressure; diagnostics to stderr, each as `earshot: …`.
 *
 * Lines given to `print` are finished: made of escaped parts (`render/escape.ts`) or of JSON. Diagnostics are
 * escaped here.
 */
import { jsonLine } from '../sim/recording/lines.ts'
import type { WarningEvent } from '../src/index.ts'
import type { Settings } from './common-options.ts'
import type { Host } from './host.ts'
import type { JsonRecord } from './json.ts'
import { escapeText } from './render/escape.ts'
import type { Paint } from './render/style.ts'
import { painter, wantsColour } from './render/style.ts'

/** Something that must step aside while a line is written: the prompt of a chat. */
export interface Curtain {
  hide(): void
  show(): void
}

const COLUMNS_DEFAULT = 80

export class Output {
  readonly #host: Host
  readonly #errorPaint: Paint
  #curtain: Curtain | undefined
  /** Nothing on stderr but problems. */
  readonly quiet: boolean
  /** Data goes out as NDJSON. */
  readonly json: boolean
  /** Data is read by a person: align it. */
  readonly isTerminal: boolean
  readonly paint: Paint

  constructor(host: Host, settings: Pick<Settings, 'json' | 'quiet'>) {
    this.#host = host
    this.quiet = settings.quiet
    this.#errorPaint = painter(wantsColour(host.stderr, host.env))
    this.json = settings.json
    this.isTerminal = host.stdout.isTTY === true && !settings.json
    this.paint = painter(wantsColour(host.stdout, host.env))
  }

  get columns(): number {
    return this.#host.stdout.columns ?? COLUMNS_DEFAULT
  }

  // Data

  /** Writes a line of data. What it returns is to be awaited where much may come: stdout may be slow. */
  print(line: string): Promise<void> | undefined {
    const { stdout, signal } = this.#host
    this.#curtain?.hide()
    const hasRoom = stdout.write(`${line}\n`)
    this.#curtain?.show()
    if (hasRoom || signal.aborted || stdout.destroyed) return undefined
    return new Promise((resolve) => {
      const done = (): void => {
        stdout.off('drain', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      stdout.once('drain', done)
      signal.addEventListener('abort', done)
    })
  }

  printRecord(record: JsonRecord): Promise<void> | undefined {
    return this.print(jsonLine(record))
  }

  // Diagnostics

  /** What went wrong; shown even with `--quiet`. May have several lines. */
  problem(message: string): void {
    const [first = '', ...rest] = message.split('\n').map(escapeText)
    this.#diagnose([`${this.#errorPaint('red', 'earshot:')} ${first}`, ...rest].join('\n'))
  }

  /** What is good to know. */
  note(message: string): void {
    if (!this.quiet) this.#diagnose(`earshot: ${escapeText(message)}`)
  }

  /** What is good to know for somebody who sits there. */
  hint(message: string): void {
    if (this.#host.stderr.isTTY === true) this.note(message)
  }

  warning(event: WarningEvent<string>): void {
    if (this.quiet) return
    const more = event.suppressed > 0 ? ` (and ${event.suppressed} more of these)` : ''
    const title = this.#errorPaint('yellow', `warning [${escapeText(event.code)}]`)
    this.#diagnose(`earshot: ${title} ${escapeText(event.reason)}${more}`)
  }

  /** From now on, `curtain` is told before and after every line; `undefined`: no more. */
  setCurtain(curtain: Curtain | undefined): void {
    this.#curtain = curtain
  }

  #diagnose(text: string): void {
    this.#curtain?.hide()
    this.#host.stderr.write(`${text}\n`)
    this.#curtain?.show()
  }
}
