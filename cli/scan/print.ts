/**
 * Sightings, for people, for pipes and as JSON. On a terminal a table; in a pipe always nine fields (see the help of
 * `scan`).
 */
import type { Sighting } from '../../src/index.ts'
import { formatDuration, roundedMs } from '../duration.ts'
import { type JsonRecord, recordOf } from '../json.ts'
import { escapeText } from '../render/escape.ts'
import { shortId } from '../render/event-lines.ts'
import { nameStyle, type Paint, type Style } from '../render/style.ts'
import { type Cell, type Column, tabbed, tableLines } from '../render/table.ts'

/** In one word, what answers there. */
type Implementation = 'earshot' | 'libzmq' | 'curve' | 'none' | 'left'

function implementationOf({ visit, version, isLeaving }: Sighting): Implementation {
  if (isLeaving) return 'left'
  if (visit?.kind === 'mailbox') return visit.implementation
  const wantsCurve = visit?.kind === 'mismatch' && visit.code === 'zmtp-mechanism'
  return wantsCurve || version === 3 ? 'curve' : 'none'
}

/** What answers there is not the node that was heard. */
function isStranger({ id, visit }: Sighting): boolean {
  return visit?.kind === 'mailbox' && visit.id !== undefined && visit.id !== id
}

/** Why there is no answer that means something. */
function whyNot(sighting: Sighting): string | undefined {
  const { visit } = sighting
  if (isStranger(sighting)) return 'another node answers there'
  if (visit?.kind === 'failed') return visit.failure
  return visit?.kind === 'mismatch' ? visit.code : undefined
}

const WORDS: Readonly<Record<Implementation, string>> = {
  earshot: 'earshot',
  libzmq: 'ZRE on libzmq, as C Zyre',
  curve: 'ZRE with CURVE',
  none: 'no answer',
  left: 'says that it leaves',
}

const STYLES: Readonly<Record<Implementation, Style>> = {
  earshot: 'green',
  libzmq: 'green',
  curve: 'yellow',
  none: 'red',
  left: 'dim',
}

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME' },
  { title: 'ENDPOINT' },
  { title: 'INTERFACE' },
  { title: 'FOUND BY' },
  { title: 'HEARD', align: 'right' },
  { title: 'WHAT ANSWERS' },
]

export function sightingTable(found: readonly Sighting[], paint: Paint, width: number): string[] {
  const isNamed = found.some(({ name }) => name !== undefined)
  const rows = found.map((each): Cell[] => {
    const implementation = implementationOf(each)
    const reason = whyNot(each)
    return [
      { text: shortId(each.id), style: nameStyle(each.id) },
      { text: escapeText(each.name ?? '-') },
      { text: endpointOf(each) },
      { text: escapeText(each.interfaceName ?? '-') },
      { text: waysOf(each, ', ') },
      { text: `${formatDuration(each.agoMs)} ago` },
      {
        text: `${WORDS[implementation]}${reason === undefined ? '' : `: ${reason}`}`,
        style: isStranger(each) ? 'red' : STYLES[implementation],
      },
    ]
  })
  const isShown = (_: unknown, column: number): boolean => isNamed || column !== 1
  const shown = rows.map((row) => row.filter(isShown))
  return tableLines(COLUMNS.filter(isShown), shown, paint, width)
}

export function sightingFields(sighting: Sighting): string {
  const { id, name = '', interfaceName = '', agoMs, visit } = sighting
  return tabbed([
    id,
    escapeText(name),
    implementationOf(sighting),
    endpointOf(sighting),
    escapeText(interfaceName),
    waysOf(sighting, ','),
    String(agoMs),
    visit === undefined ? '' : visit.ms.toFixed(3),
    whyNot(sighting) ?? '',
  ])
}

export function sightingRecord(sighting: Sighting): JsonRecord {
  const { id, name, version, address, port, interfaceName, heard, agoMs, visit } = sighting
  const mailbox = visit?.kind === 'mailbox' ? visit : undefined
  return recordOf('sighting', {
    id,
    name: name ?? null,
    implementation: implementationOf(sighting),
    address,
    port: port ?? null,
    interface: interfaceName ?? null,
    heard,
    agoMs,
    beaconVersion: version ?? null,
    extensions: mailbox?.extensions ?? null,
    answeredAs: mailbox?.id ?? null,
    visitMs: visit === undefined ? null : roundedMs(visit.ms),
    failure: whyNot(sighting) ?? null,
  })
}

function endpointOf({ address, port }: Sighting): string {
  const host = address.includes(':') ? `[${address}]` : address
  return port === undefined ? host : `${host}:${port}`
}

function waysOf({ heard }: Sighting, separator: string): string {
  return Object.entries(heard)
    .map(([way, count]) => `${way} ${count}`)
    .join(separator)
}
