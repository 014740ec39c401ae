/** Rows of `earshot top --json`: `earshot.top/1`. What is unknown is null. */
import { roundedMs } from '../duration.ts'
import { type JsonRecord, recordOf } from '../json.ts'
import type { NodeRow, Silence } from '../monitor/rows.ts'

/** `frameAt`: when the table was made; a node's own moment is that of its answer. */
export function topRecord(
  { id, name, state, silence, roundTripMs, numbers }: NodeRow,
  frameAt: number,
): JsonRecord {
  const { rates } = numbers ?? {}
  const at = Math.round(numbers?.at ?? frameAt)
  return recordOf('top', {
    time: new Date(at).toISOString(),
    at,
    node: { id, name },
    state: state ?? null,
    silence: silence === undefined ? null : silenceFields(silence),
    roundTripMs: rounded(roundTripMs),
    peers: numbers?.peers ?? null,
    worstPresence: numbers?.sees ?? null,
    meanRoundTripMs: rounded(numbers?.meanRoundTripMs),
    messagesInPerSecond: rounded(rates?.messagesIn),
    messagesOutPerSecond: rounded(rates?.messagesOut),
    bytesInPerSecond: rounded(rates?.bytesIn),
    bytesOutPerSecond: rounded(rates?.bytesOut),
    queueMessages: numbers?.queueMessages ?? null,
    queueBytes: numbers?.queueBytes ?? null,
    blockedPeers: numbers?.blocked ?? null,
    drops: numbers?.drops ?? null,
    dropsPerSecond: rounded(rates?.drops),
    warnings: numbers?.warnings ?? null,
    loopDelayMs: rounded(numbers?.loopDelayMs),
    uptimeMs: numbers?.uptimeMs ?? null,
  })
}

function silenceFields(silence: Silence): Readonly<Record<string, unknown>> {
  return 'since' in silence
    ? { ...silence, since: new Date(silence.since).toISOString() }
    : { ...silence }
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : roundedMs(value)
}
