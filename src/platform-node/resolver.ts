/** Addresses of host names, by the resolver that all programs of the host use. */
import { lookup } from 'node:dns'

/** Milliseconds. The resolver's own limits are of minutes, and a thread of the pool is its until then. */
const RESOLVE_MS = 5_000

export type Lookup = (
  name: string,
  callback: (error: Error | null, found: readonly { readonly address: string }[]) => void,
) => void

/** As its resolver orders them: it knows which of IPv4 and IPv6 works here. */
const hostLookup: Lookup = (name, callback) => lookup(name, { all: true, verbatim: true }, callback)

/** As `Platform.resolve`. */
export function resolveName(
  name: string,
  look: Lookup = hostLookup,
  withinMs: number = RESOLVE_MS,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the name ${name} was not resolved within ${withinMs} ms`))
    }, withinMs)
    look(name, (error, found) => {
      clearTimeout(timer)
      const addresses = [...new Set((found ?? []).map(({ address }) => address))]
      if (error !== null) reject(error)
      else if (addresses.length === 0) reject(new Error(`the name ${name} has no address`))
      else resolve(addresses)
    })
  })
}
