/**
 * Beacon ports of our own, so that benchmarks run at the same time, and the nodes of a real mesh, do not meet.
 * They lie below the ports that hosts give out by themselves.
 */
const FIRST = 20_000
const PORTS = 12_000
/** A process may use this many. */
const PER_PROCESS = 16

export function beaconPort(index: number): number {
  return FIRST + ((process.pid * PER_PROCESS + (index % PER_PROCESS)) % PORTS)
}
