/** Why a connection of ours ended, or never stood, as far as that is known. */

export type LinkFailureKind =
  | 'refused' // nobody listens at the address: hard evidence
  | 'unreachable' // no route, or host or network down
  | 'timeout' // connecting, or the handshake, took too long
  | 'reset' // the other side aborted
  | 'ended' // the other side closed it in order
  | 'protocol' // what came on it is not ZMTP, or not as we speak it
  | 'other' // the host has no address, no descriptors, no permission

export interface LinkFailure {
  readonly kind: LinkFailureKind
  /** For people. */
  readonly message: string
}
