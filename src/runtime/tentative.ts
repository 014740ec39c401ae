/**
 * Addresses of IPv6 that are listed and cannot be used yet: for a second or two a host asks its link whether somebody
 * else has them (RFC 4862 §5.4, duplicate address detection). That they cannot be opened meanwhile is no news.
 */
import { EarshotError } from '../base/errors.ts'
import { isIpv6 } from '../base/ipv6.ts'

/** Longer than any host asks; then it is no longer to be expected. */
const TENTATIVE_MS = 10_000

export class Tentative {
  /** When each could not be opened first. */
  readonly #since = new Map<string, number>()

  /** Whether that an address cannot be opened is to be expected at `now`. */
  excuses(address: string, error: unknown, now: number): boolean {
    if (!isIpv6(address)) return false
    if (!(error instanceof EarshotError) || error.code !== 'ERR_EARSHOT_NO_INTERFACE') return false
    const since = this.#since.get(address) ?? now
    this.#since.set(address, since)
    return now - since < TENTATIVE_MS
  }

  /** Whether one may be opened any moment. */
  isAny(now: number): boolean {
    return [...this.#since.values()].some((since) => now - since < TENTATIVE_MS)
  }

  /** It has been opened, or is there no more. */
  settle(address: string): void {
    this.#since.delete(address)
  }
}
