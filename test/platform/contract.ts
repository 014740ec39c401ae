/**
 * The platform contract as a suite: every sentence of `src/runtime/platform.ts`, to be run against each
 * platform there is. It waits only through the harness, so virtual time will do.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { describeDatagrams } from './contract-datagrams.ts'
import { describeHost } from './contract-host.ts'
import { describeIpv6, describeNoIpv6 } from './contract-ipv6.ts'
import { describeListening } from './contract-listening.ts'
import { describeStreamEnds } from './contract-stream-ends.ts'
import { describeStreams } from './contract-streams.ts'
import { Bench, type PlatformHarness } from './harness.ts'

export type { PlatformHarness } from './harness.ts'

/** `make` is called once per test. `hasIpv6`: whether the host has ::1. */
export function platformContract(
  name: string,
  make: () => Promise<PlatformHarness>,
  hasIpv6: boolean = false,
): void {
  describe(`the platform contract: ${name}`, () => {
    let bench: Bench

    beforeEach(async () => {
      bench = new Bench(await make())
    })

    afterEach(async () => {
      await bench.dispose()
      expect(bench.violations, 'callbacks from within a call of the owner').toEqual([])
    })

    const current = () => bench
    describeStreams(current)
    describeStreamEnds(current)
    describeListening(current)
    describeDatagrams(current)
    if (hasIpv6) describeIpv6(current)
    else describeNoIpv6(current)
    describeHost(current)
  })
}
