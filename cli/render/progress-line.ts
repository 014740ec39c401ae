/** Progress on a terminal: one line of stderr, rewritten in place, and gone when it is over. Nothing in pipes. */
import type { Host } from '../host.ts'
import type { Curtain, Output } from '../output.ts'
import { truncate } from './width.ts'

const REDRAW_MS = 100
const COLUMNS_DEFAULT = 80

export class ProgressLine implements Curtain {
  readonly #stream: Host['stderr']
  readonly #isShown: boolean
  #drawnAt = 0
  #text = ''

  constructor({ host, out }: { readonly host: Host; readonly out: Output }) {
    this.#stream = host.stderr
    this.#isShown = host.stderr.isTTY === true && host.env['TERM'] !== 'dumb' && !out.quiet
    if (this.#isShown) out.setCurtain(this)
  }

  /** `text` is asked for only when it is time to redraw. */
  update(text: () => string): void {
    const now = performance.now()
    if (!this.#isShown || now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    // The last column stays free: some terminals wrap there.
    this.#text = truncate(text(), (this.#stream.columns ?? COLUMNS_DEFAULT) - 1)
    this.#stream.write(`\r\u001b[K${this.#text}`)
  }

  end(): void {
    this.hide()
    this.#text = ''
  }

  // Steps aside for every line that is written.

  hide(): void {
    if (this.#text !== '') this.#stream.write('\r\u001b[K')
  }

  show(): void {
    if (this.#text !== '') this.#stream.write(this.#text)
  }
}
