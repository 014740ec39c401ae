/** A node as ways of discovery see it, on a host of the network in memory: it remembers what it is told. */
import { peerIdFromBytes } from '../../src/base/peer-id.ts'
import type { DiscoveryHost } from '../../src/discovery/host.ts'
import type { Candidate, DiscoveryWarningCode, Mailbox } from '../../src/runtime/candidate.ts'
import type { Platform } from '../../src/runtime/platform.ts'

export class FakeHost implements DiscoveryHost {
  readonly id: string
  readonly name = 'fake'
  readonly beaconPort = 5670
  readonly platform: Platform
  readonly proposals: (Candidate & { readonly at: number })[] = []
  readonly warnings: { readonly code: DiscoveryWarningCode; readonly reason: string }[] = []
  /** The application stops the node from within such a call, a proposal or a warning. */
  stopsAfter: number = Number.POSITIVE_INFINITY
  #mailboxes: readonly Mailbox[]
  readonly #callbacks = new Set<(mailboxes: readonly Mailbox[]) => void>()
  readonly #stopping: (() => void)[] = []

  constructor(platform: Platform, number: number, mailboxes: readonly Mailbox[]) {
    this.platform = platform
    this.id = peerIdFromBytes(new Uint8Array(16).fill(number))
    this.#mailboxes = mailboxes
  }

  propose(candidate: Candidate): void {
    this.proposals.push({ ...candidate, at: this.platform.clock.now() })
    this.#countCall()
  }

  onMailboxes(callback: (mailboxes: readonly Mailbox[]) => void): () => void {
    this.#callbacks.add(callback)
    this.platform.clock.endOfTurn(() => {
      if (this.#callbacks.has(callback)) callback(this.#mailboxes)
    })
    return () => void this.#callbacks.delete(callback)
  }

  onStopping(callback: () => void): void {
    this.#stopping.push(callback)
  }

  warn(code: DiscoveryWarningCode, reason: string): void {
    this.warnings.push({ code, reason })
    this.#countCall()
  }

  /** The network changes, or the node falls asleep (nothing). */
  move(...mailboxes: readonly Mailbox[]): void {
    this.#mailboxes = mailboxes
    for (const callback of this.#callbacks) callback(mailboxes)
  }

  #countCall(): void {
    if (this.proposals.length + this.warnings.length === this.stopsAfter) this.stop()
  }

  stop(): void {
    for (const callback of this.#stopping) callback()
  }

  /** `address:port` of all that was proposed since `at`, each once, in order. */
  proposedSince(at: number): string[] {
    const recent = this.proposals.filter((each) => each.at >= at)
    const places = recent.flatMap(({ endpoints }) =>
      endpoints.map(({ address, port }) => `${address}:${port}`),
    )
    return [...new Set(places)].sort()
  }
}

export function mailboxAt(address: string, port = 50_000): Mailbox {
  return { interfaceName: 'mem0', address, port, beaconTo: undefined }
}
