/** How a gossip connection ended. */
import type { IoFailure } from '../../runtime/platform.ts'
import type { ZmtpInvalid } from '../../zmtp/codes.ts'
import type { GossipInvalid } from './decode.ts'

export type LinkEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly failure: IoFailure }
  /** The handshake was not complete in time. */
  | { readonly kind: 'late' }
  /** It took nothing for too long. */
  | { readonly kind: 'stalled' }
  /** Nothing was heard for too long. */
  | { readonly kind: 'silent' }
  /** It is ourselves. */
  | { readonly kind: 'own' }
  /** The other side broke the rules. */
  | { readonly kind: 'invalid'; readonly problem: ZmtpInvalid | GossipInvalid }

/** Why a hub is lost. */
export function describeEnd(end: LinkEnd): string {
  switch (end.kind) {
    case 'failed':
      return end.failure.message
    case 'invalid':
      return end.problem.reason
    case 'ended':
      return 'the hub closed the connection'
    case 'late':
      return 'the handshake took too long'
    case 'stalled':
      return 'the hub takes nothing'
    case 'silent':
      return 'the hub is silent'
    case 'own':
      return 'the hub is this node'
  }
}
