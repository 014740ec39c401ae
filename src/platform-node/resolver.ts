/** Addresses of host names, by the resolver that all programs of the host use. */
import { lookup } from 'node:dns'

/** Milliseconds. The resolver's own limits are of minutes, and a thread of the pool is its until then. */
const RESOLVE_MS = 5_000
/** Questions at once: libuv gives the resolver no more than two of its four threads, and all of the process share them. */
const QUESTIONS_MAX = 2

export type Lookup = (
  name: string,
  callback: (error: Error | null, found: readonly { readonly address: string }[]) => void,
) => void

type Answer = Parameters<Parameters<Lookup>[1]>

/** As its resolver orders them: it knows which of IPv4 and IPv6 works here. */
const hostLookup: Lookup = (name, callback) => lookup(name, { all: true, verbatim: true }, callback)

/**
 * Asks for each name once at a time, whoever wants it: a question that nobody waits for any more still holds its thread,
 * and whoever asks again meanwhile gets its answer.
 */
export class NameResolver {
  readonly #look: Lookup
  readonly #withinMs: number
  /** By name, those who wait: first the questions that were asked, then those that have to wait for that. */
  readonly #waiting = new Map<string, Set<(...answer: Answer) => void>>()
  readonly #asked = new Set<string>()

  constructor(look: Lookup = hostLookup, withinMs: number = RESOLVE_MS) {
    this.#look = look
    this.#withinMs = withinMs
  }

  /** As `Platform.resolve`. */
  resolve(name: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set()
      this.#waiting.set(name, waiting)
      const timer = setTimeout(() => {
        waiting.delete(handle)
        if (waiting.size === 0 && !this.#asked.has(name)) this.#waiting.delete(name)
        reject(new Error(`the name ${name} was not resolved within ${this.#withinMs} ms`))
      }, this.#withinMs)
      timer.unref()
      const handle = (...[error, found]: Answer): void => {
        clearTimeout(timer)
        const addresses = [...new Set((found ?? []).map(({ address }) => address))]
        if (error !== null) reject(error)
        else if (addresses.length === 0) reject(new Error(`the name ${name} has no address`))
        else resolve(addresses)
      }
      waiting.add(handle)
      this.#askNext()
    })
  }

  #askNext(): void {
    for (const name of [...this.#waiting.keys()]) {
      if (this.#asked.size >= QUESTIONS_MAX) return
      if (!this.#asked.has(name)) this.#ask(name)
    }
  }

  #ask(name: string): void {
    this.#asked.add(name)
    this.#look(name, (...answer) => {
      const waiting = this.#waiting.get(name) ?? []
      this.#asked.delete(name)
      this.#waiting.delete(name)
      for (const handle of waiting) handle(...answer)
      this.#askNext()
    })
  }
}
