/**
 * Finding the peer that the user names, or all there are, among those who answer in time.
 */
import type { PeerInfo } from '../src/index.ts'
import { parsePeerId } from '../src/index.ts'
import { DISCOVERY_MS, QUIET_MS, waitFor } from './discovery.ts'
import { formatDuration } from './duration.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { matchPeer, resolvePeer } from './peer-ref.ts'
import type { Session } from './session.ts'
import { nobodyAnswers, whereabouts } from './session.ts'

/**
 * The peer, as soon as it is clear who is meant: at once for a UUID; for a name, or a beginning, when no others
 * come that it could mean as well. @throws CliError noSuchPeer
 */
export async function findPeer(session: Session, reference: string): Promise<PeerInfo> {
  const { node, settings, signal } = session
  if (reference === '') throw new CliError(ExitCode.usage, 'PEER is empty')
  const limitMs = settings.timeoutMs ?? DISCOVERY_MS
  await waitFor(node, () => matchPeer(reference, node.peers()).kind !== 'none', {
    limitMs,
    quietMs: parsePeerId(reference) === undefined ? QUIET_MS : 0,
    signal,
  })
  try {
    return resolvePeer(reference, node.peers())
  } catch (error) {
    if (!(error instanceof CliError) || node.peers().length > 0) throw error
    throw new CliError(
      ExitCode.noSuchPeer,
      `no peer '${reference}' within ${formatDuration(limitMs)}: nobody answers ${whereabouts(session)}`,
    )
  }
}

/** All who are there, as soon as no others come. @throws CliError noSuchPeer when nobody does */
export async function findAll(session: Session): Promise<readonly PeerInfo[]> {
  const { node, settings, signal } = session
  const limitMs = settings.timeoutMs ?? DISCOVERY_MS
  await waitFor(node, () => node.peers().length > 0, { limitMs, quietMs: QUIET_MS, signal })
  if (node.peers().length === 0 && !signal.aborted) throw nobodyAnswers(session, limitMs)
  return node.peers()
}
