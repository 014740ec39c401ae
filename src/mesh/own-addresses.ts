/**
 * Addresses of ours that links speak from, and that come and go.
 *
 * One whose interface has another instead is gone for good, and connections from it are dead although nobody
 * will ever say so. One that only vanished (a pulled cable, WiFi out of reach) may come back as it was, and
 * TCP connections survive that without a loss.
 */
import type { Mailbox } from './context.ts'

export type AddressFate = 'ours' | 'vanished' | 'replaced'

export class OwnAddresses {
  /** Those not ours any more, with the interface each was on. */
  readonly #gone = new Map<string, string>()
  #mailboxes: readonly Mailbox[] = []

  /** Whether any address is gone that was ours. */
  get anyGone(): boolean {
    return this.#gone.size > 0
  }

  update(mailboxes: readonly Mailbox[]): void {
    for (const { address, interfaceName } of this.#mailboxes) {
      // The loopback interface goes out of use, never away.
      if (!address.startsWith('127.')) this.#gone.set(address, interfaceName)
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
    const interfaceName = this.#gone.get(address)
    if (interfaceName === undefined) return 'ours'
    const isUsed = this.#mailboxes.some((mailbox) => mailbox.interfaceName === interfaceName)
    return isUsed ? 'replaced' : 'vanished'
  }
}
