/**
 * The list of peers. On a terminal a table; in a pipe always seven fields, separated by tabs: name, id, endpoint,
 * presence, round trip in milliseconds (empty: no answer), groups and headers (each separated by commas).
 */
import type { PeerInfo, Presence } from '../../src/index.ts'
import { formatRoundTrip } from '../duration.ts'
import { escapeText } from './escape.ts'
import { headerWords, shortEndpoint, shortId, shownName } from './event-lines.ts'
import type { Paint, Style } from './style.ts'
import { nameStyle } from './style.ts'
import type { Cell, Column } from './table.ts'
import { tabbed, tableLines } from './table.ts'

export interface ListedPeer {
  readonly peer: PeerInfo
  /** `undefined`: it did not answer. */
  readonly roundTripMs: number | undefined
}

const PRESENCE_STYLES: Readonly<Record<Presence, Style>> = {
  alive: 'green',
  evasive: 'yellow',
  silent: 'red',
}

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'ID' },
  { title: 'ENDPOINT' },
  { title: 'PRESENCE' },
  { title: 'ROUND TRIP', align: 'right' },
  { title: 'GROUPS' },
]

export function peerTable(listed: readonly ListedPeer[], paint: Paint, width: number): string[] {
  const withHeaders = listed.some(({ peer }) => headerWords(peer.headers) !== '')
  const columns = withHeaders ? [...COLUMNS, { title: 'HEADERS' }] : COLUMNS
  const rows = listed.map(({ peer, roundTripMs }): Cell[] => [
    { text: shownName(peer), style: nameStyle(peer.id) },
    { text: shortId(peer.id) },
    { text: shortEndpoint(peer.endpoint) },
    { text: peer.presence, style: PRESENCE_STYLES[peer.presence] },
    { text: roundTripMs === undefined ? '-' : formatRoundTrip(roundTripMs) },
    { text: peer.groups.map(escapeText).join(', ') },
    { text: headerWords(peer.headers) },
  ])
  return tableLines(
    columns,
    rows.map((row) => row.slice(0, columns.length)),
    paint,
    width,
  )
}

export function peerFields({ peer, roundTripMs }: ListedPeer): string {
  return tabbed([
    escapeText(peer.name),
    peer.id,
    escapeText(peer.endpoint),
    peer.presence,
    roundTripMs === undefined ? '' : roundTripMs.toFixed(3),
    peer.groups.map(escapeText).join(','),
    Object.entries(peer.headers)
      .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
      .join(','),
  ])
}
