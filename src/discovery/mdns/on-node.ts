/**
 * mDNS for a node on Node.js: begins when the node has a mailbox that others on the network could reach. A node that
 * stays on its host needs none, and does not load it.
 */
import type { Mailbox } from '../../runtime/candidate.ts'
import type { DiscoveryHost } from '../host.ts'
import { isLoopback } from './addresses.ts'
import type { MdnsDiscovery } from './mdns.ts'
import type { MdnsMetrics } from './metrics.ts'

export class MdnsOnNode {
  readonly #host: DiscoveryHost
  #mdns: MdnsDiscovery | undefined
  #isStopping = false

  constructor(host: DiscoveryHost) {
    this.#host = host
    host.onStopping(() => {
      this.#isStopping = true
    })
    const unfollow = host.onMailboxes((mailboxes) => {
      if (beyondHost(mailboxes).length === 0) return
      unfollow()
      // Not tried again: a package that is missing stays missing, and Node.js keeps what an import came to.
      this.#start().catch((error: unknown) => {
        host.warn('mdns-failed', `mDNS cannot be started: ${error}`)
      })
    })
  }

  /** Once it has begun. */
  metrics(): MdnsMetrics | undefined {
    return this.#mdns?.metrics()
  }

  async #start(): Promise<void> {
    const [{ startMdns }, { openMulticast }] = await Promise.all([
      import('./mdns.ts'),
      import('./multicast.ts'),
    ])
    if (this.#isStopping) return
    this.#mdns = startMdns(withoutLoopback(this.#host), { openTransport: openMulticast })
  }
}

function withoutLoopback(host: DiscoveryHost): DiscoveryHost {
  return {
    id: host.id,
    name: host.name,
    platform: host.platform,
    beaconPort: host.beaconPort,
    propose: (candidate) => host.propose(candidate),
    onMailboxes: (callback) => host.onMailboxes((mailboxes) => callback(beyondHost(mailboxes))),
    onStopping: (callback) => host.onStopping(callback),
    warn: (code, reason) => host.warn(code, reason),
  }
}

function beyondHost(mailboxes: readonly Mailbox[]): Mailbox[] {
  return mailboxes.filter(({ address }) => !isLoopback(address))
}
