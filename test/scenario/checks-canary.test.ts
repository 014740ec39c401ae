/**
 * Canaries: runs in which the production code is broken on purpose, in one place. The check that is there for it
 * must say so; and the same run without the break must pass all checks.
 */
import { describe, expect, it } from 'vitest'
import type { Check, Failure } from '../../sim/checks/check.ts'
import { CHECKS } from '../../sim/checks/index.ts'
import type { WrapPlatform } from '../../sim/population.ts'
import { runScenario } from '../../sim/scenario/run.ts'
import { type AnyScenario, defineScenario } from '../../sim/scenario/scenario.ts'
import { steady } from '../../sim/scenarios/steady.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import {
  type Edit,
  flipBit,
  skipSequence,
  swallowWhisper,
  tampering,
} from '../support/tampering.ts'

const NODES = 5

/** A node dies, and its host stays up. */
const oneDies: AnyScenario = defineScenario({
  name: 'one-dies',
  summary: 'one node is killed',
  nodes: NODES,
  durationMs: 20_000,
  faults: async (stage) => {
    await stage.sleep(5_000)
    stage.sim.kill('node-5')
  },
})

interface Break {
  readonly scenario?: AnyScenario
  readonly wrapPlatform?: WrapPlatform
  /** Events that the first node keeps to itself. */
  readonly forgets?: (event: NodeEvent) => boolean
}

/** What the checks say of a short run. */
async function failuresOf({ scenario = steady, wrapPlatform, forgets }: Break): Promise<string[]> {
  const checks = forgets === undefined ? CHECKS : [forgetful(forgets), ...CHECKS]
  const { result } = await runScenario(scenario, {
    seed: 'canary',
    nodes: NODES,
    durationMs: 20_000,
    checks,
    ...(wrapPlatform !== undefined && { wrapPlatform }),
  })
  return result.failures.map(({ check, message }: Failure) => `${check}: ${message}`)
}

/** The first node writes to its peers as `edit` has it. */
function brokenBy(edit: Edit): WrapPlatform {
  return (platform, { index }) => (index === 0 ? tampering(platform, edit) : platform)
}

/** No check at all, but a hand in the first node: it does not tell some of its events. */
function forgetful(forgets: (event: NodeEvent) => boolean): Check {
  return {
    name: 'forgetful',
    summary: 'breaks the first node',
    watch: () => ({
      started({ index }, node) {
        if (index !== 0) return
        const broken = node as unknown as { tell(event: NodeEvent): void }
        const tell = broken.tell.bind(node)
        broken.tell = (event) => {
          if (!forgets(event)) tell(event)
        }
      },
    }),
  }
}

const about = (type: NodeEvent['type'], name: string) => (event: NodeEvent) =>
  event.type === type &&
  'peer' in event &&
  typeof event.peer === 'object' &&
  event.peer.name === name

describe('a run without a break', () => {
  it.each([
    ['of a healthy mesh', steady],
    ['in which a node dies', oneDies],
  ])('%s passes all checks', async (_what, scenario) => {
    expect(await failuresOf({ scenario })).toEqual([])
  })

  it('passes them with a platform in between that changes nothing', async () => {
    expect(await failuresOf({ wrapPlatform: brokenBy((bytes) => bytes) })).toEqual([])
  })
})

describe('a canary is caught', () => {
  it('when a sequence number is skipped', async () => {
    const failures = await failuresOf({ wrapPlatform: brokenBy(skipSequence(3)) })
    expect(failures).toContainEqual(
      expect.stringMatching(
        /^no-surprise-warnings: node-\d warned: sequence-gap: sequence \d+ came after \d+$/,
      ),
    )
    expect(failures).toContainEqual(
      expect.stringMatching(
        /^no-false-exit: node-\d reported node-1, which runs undisturbed, as gone \(protocol\)$/,
      ),
    )
  })

  it('when a message is lost and nobody is told', async () => {
    const failures = await failuresOf({ wrapPlatform: brokenBy(swallowWhisper(3)) })
    expect(failures).toEqual([
      expect.stringMatching(
        /^no-loss: node-\d did not get whisper \d+ of node-1 \(start 1\), accepted at \d+ ms, and nobody was told$/,
      ),
    ])
  })

  it('when a message changes on its way', async () => {
    const failures = await failuresOf({ wrapPlatform: brokenBy(flipBit(3)) })
    expect(failures).toEqual([
      expect.stringMatching(
        /^no-invention: node-\d got message \d+ of node-1 \(start 1\): its contents or its group/,
      ),
    ])
  })

  it('when a node forgets an enter', async () => {
    const failures = await failuresOf({ forgets: about('enter', 'node-3') })
    expect(failures).toContain(
      'event-order: node-1: node-3: join came of a peer that is not present',
    )
  })

  it('when a node does not report that another has died', async () => {
    const failures = await failuresOf({ scenario: oneDies, forgets: about('exit', 'node-5') })
    expect(failures).toEqual([
      expect.stringMatching(/^timely-exit: node-1 still sees node-5, which was killed 4\.0 s ago$/),
    ])
  })
})
