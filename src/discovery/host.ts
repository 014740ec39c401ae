/**
 * What a way of discovery needs of the node that it finds peers for. MeshNode offers all of it; the ways know no more
 * of it than this.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Candidate, DiscoveryWarningCode, Mailbox } from '../runtime/candidate.ts'
import type { Platform } from '../runtime/platform.ts'

export interface DiscoveryHost {
  readonly id: PeerId
  readonly name: string
  readonly platform: Platform
  /** UDP. Nodes with different ports do not meet. */
  readonly beaconPort: number
  propose(candidate: Candidate): void
  /**
   * Calls back with where the node can be reached, soon and whenever that changes: with nothing while it sleeps
   * (`suspend`) or has no network. Gives back how to end that.
   */
  onMailboxes(callback: (mailboxes: readonly Mailbox[]) => void): () => void
  /** Calls back when the node begins to stop. */
  onStopping(callback: () => void): void
  /** Tells the application of something that went wrong and is not its fault; rate-limited per code. */
  warn(code: DiscoveryWarningCode, reason: string): void
}
