/**
 * Peers as people name them: a UUID in any spelling, a name, or the beginning of either.
 */
import type { PeerInfo } from '../src/index.ts'
import { parsePeerId } from '../src/index.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { escapeText } from './render/escape.ts'
import { padEnd, textWidth } from './render/width.ts'

/** What is needed of a peer to tell whether it is meant. */
type Named = Pick<PeerInfo, 'id' | 'name'>

export type PeerMatch<Peer extends Named = PeerInfo> =
  | { readonly kind: 'one'; readonly peer: Peer }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly peers: readonly Peer[] }

/**
 * The best kind of match decides: a whole UUID, a whole name, or a beginning (of a name, or of a UUID with or
 * without its dashes). Beginnings are compared without regard to case.
 */
export function matchPeer<Peer extends Named>(
  reference: string,
  peers: readonly Peer[],
): PeerMatch<Peer> {
  const id = parsePeerId(reference)
  const ways: readonly ((peer: Peer) => boolean)[] = [
    (peer) => peer.id === id,
    (peer) => peer.name === reference,
    (peer) => beginsWith(peer, reference),
  ]
  for (const fits of ways) {
    const found = peers.filter(fits)
    if (found.length === 1) return { kind: 'one', peer: found[0]! }
    if (found.length > 1) return { kind: 'several', peers: found }
  }
  return { kind: 'none' }
}

/** Whether a reference can mean this node, whoever else it fits: for filters, which may let several through. */
export function mayMean(reference: string, node: Pick<PeerInfo, 'id' | 'name'>): boolean {
  return parsePeerId(reference) === node.id || beginsWith(node, reference)
}

/** All that one of the references fits; without references, all there are. */
export function choosePeers<Peer extends Named>(
  references: readonly string[] | undefined,
  peers: readonly Peer[],
): readonly Peer[] {
  if (references === undefined) return peers
  const chosen = references.flatMap((reference) => {
    const match = matchPeer(reference, peers)
    if (match.kind === 'one') return [match.peer]
    return match.kind === 'several' ? match.peers : []
  })
  return [...new Set(chosen)]
}

function beginsWith({ id, name }: Named, reference: string): boolean {
  if (reference === '') return false
  const digits = reference.replaceAll('-', '').toUpperCase()
  const isIdPrefix = digits !== '' && id.startsWith(digits)
  return isIdPrefix || name.toLowerCase().startsWith(reference.toLowerCase())
}

/** The one peer. @throws CliError noSuchPeer, listing what there is to choose from. */
export function resolvePeer(reference: string, peers: readonly PeerInfo[]): PeerInfo {
  const match = matchPeer(reference, peers)
  switch (match.kind) {
    case 'one':
      return match.peer
    case 'several':
      throw ambiguous(reference, match.peers)
    case 'none':
      throw new CliError(
        ExitCode.noSuchPeer,
        `no peer '${escapeText(reference)}'; ${present(peers)}`,
      )
  }
}

const NAMES_MAX = 10

/** `those who are there: hall, kitchen`: whom else it could have been. */
function present(peers: readonly PeerInfo[]): string {
  if (peers.length === 0) return 'nobody is there at all'
  const names = peers.slice(0, NAMES_MAX).map(({ name }) => escapeText(name))
  const more = peers.length > NAMES_MAX ? ` and ${peers.length - NAMES_MAX} more` : ''
  return `those who are there: ${names.join(', ')}${more}`
}

function ambiguous(reference: string, peers: readonly PeerInfo[]): CliError {
  const names = peers.map(({ name }) => escapeText(name))
  const width = Math.max(...names.map(textWidth))
  const lines = peers.map(({ id, endpoint }, i) => {
    return `  ${padEnd(names[i] ?? '', width)}  ${id}  ${escapeText(endpoint)}`
  })
  const question = `'${escapeText(reference)}' fits ${peers.length} peers; use more of the name or of the id:`
  return new CliError(ExitCode.noSuchPeer, [question, ...lines].join('\n'))
}
