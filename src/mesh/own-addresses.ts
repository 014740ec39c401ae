/**
 * Addresses of ours that links speak from, and that come and go.
 *
 * One whose interface has another instead is gone for good, and connections from it are dead although nobody
 * will ever say so. One that only vanished (a pulled cable, WiFi out of reach) may come back as it was, and
 * TCP connections survive that without a loss.
 */
import { isIpv6, isLinkLocalIpv6 } from '../base/ipv6.ts'
import type { EndpointAddress } from './connection.ts'
import type { Mailbox } from './context.ts'

export type AddressFate = 'ours' | 'vanished' | 'replaced'

export class OwnAddresses {
  /** Those not ours any more, with the mailbox that each had. */
  readonly #gone = new Map<string, Mailbox>()
  #mailboxes: readonly Mailbox[] = []

  /** Whether any address is gone that was ours. */
  get anyGone(): boolean {
    return this.#gone.size > 0
  }

  update(mailboxes: readonly Mailbox[]): void {
    for (const mailbox of this.#mailboxes) {
      const { address } = mailbox
      // The loopback interface goes out of use, never away.
      if (!address.startsWith('127.') && address !== '::1') this.#gone.set(address, mailbox)
    }
    for (const { address } of mailboxes) this.#gone.delete(address)
    this.#mailboxes = mailboxes
  }

  /** Forgets the gone ones that nobody asks about any more. */
  retain(inUse: ReadonlySet<string>): void {
    for (const address of [...this.#gone.keys()]) {
      if (!inUse.has(address)) this.#gone.delete(address)
    }
  }

  fateOf(address: string): AddressFate {
    const gone = this.#gone.get(address)
    if (gone === undefined) return 'ours'
    // An address of the other family is no replacement: interfaces have both.
    const isReplaced = this.#mailboxes.some(
      (mailbox) =>
        mailbox.interfaceName === gone.interfaceName && isIpv6(mailbox.address) === isIpv6(address),
    )
    return isReplaced ? 'replaced' : 'vanished'
  }
}

/**
 * The address that a dial must leave from, or `undefined` where the host's routes decide: on the loopback interface only
 * the loopback address may speak, and with a single address only that one. A zone says by itself where to leave.
 */
export function addressToDialFrom(
  mailboxes: readonly Mailbox[],
  to: EndpointAddress,
): string | undefined {
  const able = mailboxes.filter(({ address }) => isIpv6(address) === isIpv6(to.address))
  const only = able.length === 1 ? able[0]!.address : undefined
  // What is not on the link is not reached from an address of the link.
  if (only === undefined || isLinkLocalIpv6(only) || to.address.includes('%')) return undefined
  return only === to.address ? undefined : only
}
