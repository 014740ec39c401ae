/** What the engine's agenda holds: whatever has to be looked at when a time has come. */
import type { Peer } from './peer.ts'

export type Timed = Peer | EngineClock

/**
 * The engine's own entries in the agenda: one for beacons, the dial queue and the steps of stopping, one for the
 * silence of peers, one for handshakes that take too long.
 */
export interface EngineClock {
  readonly timed: 'engine' | 'silence' | 'handshakes'
  agendaIndex: number
}
