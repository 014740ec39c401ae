/**
 * Any use of a connection in any weather: bytes arrive in order, intact and once; either all of them arrive, or the
 * stream fails; and the calls come in the order that the contract has.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesEqual, concatBytes } from '../../../../src/base/bytes.ts'
import { type End, Lab, type LabHost } from './lab.ts'

type Side = 'near' | 'far'

type Step =
  | { readonly do: 'write'; readonly side: Side; readonly bytes: number; readonly segments: number }
  | { readonly do: 'pause' | 'resume' | 'close' | 'destroy'; readonly side: Side }
  | { readonly do: 'freeze' | 'thaw'; readonly side: Side }
  | { readonly do: 'partition' | 'one-way' | 'heal' | 'reset' }
  | { readonly do: 'wait'; readonly ms: number }

const side = fc.constantFrom<Side>('near', 'far')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      side,
      bytes: fc.oneof(fc.nat(3), fc.nat(3_000), fc.nat(400_000)),
      segments: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(5), fc.nat(20_000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), side }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const), side }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('partition' as const, 'one-way' as const, 'heal' as const),
    }),
  },
  fc.record({ do: fc.constantFrom('close' as const, 'destroy' as const), side }),
  fc.record({ do: fc.constant('reset' as const) }),
)

const weather = fc.record({
  latencyMs: fc.constantFrom(0, 1, 50),
  jitterMs: fc.constantFrom(0, 30),
  loss: fc.constantFrom(0, 0, 0.05, 0.3),
  reset: fc.constantFrom(0, 0, 0, 0.01),
  bandwidthKbps: fc.constantFrom(Number.POSITIVE_INFINITY, 10_000),
})

const run = fc.record({
  seed: fc.nat(),
  chunking: fc.constantFrom('natural' as const, 'torture' as const),
  weather,
  callCostMs: fc.constantFrom(0, 0, 0.01, 3),
  steps: fc.array(step, { maxLength: 25 }),
})

/** Both ends, and what was written to and done to each. */
class Trial {
  readonly lab: Lab
  readonly hosts!: Record<Side, LabHost>
  readonly ends!: Record<Side, End>
  readonly written: Record<Side, Uint8Array[]> = { near: [], far: [] }
  readonly isClosed: Record<Side, boolean> = { near: false, far: false }
  readonly isDestroyed: Record<Side, boolean> = { near: false, far: false }
  #undos: (() => void)[] = []
  #count = 0

  constructor({ seed, chunking }: { seed: number; chunking: 'natural' | 'torture' }) {
    this.lab = new Lab({ seed, chunking })
  }

  async open(): Promise<void> {
    const { a, b, near, far } = await this.lab.connect()
    Object.assign(this, { hosts: { near: a, far: b }, ends: { near, far } })
  }

  async apply(each: Step): Promise<void> {
    switch (each.do) {
      case 'write':
        this.#write(each.side, each.bytes, each.segments)
        break
      case 'pause':
      case 'resume':
        this.ends[each.side].stream[each.do]()
        break
      case 'close':
        this.isClosed[each.side] = true
        this.ends[each.side].stream.close()
        break
      case 'destroy':
        this.isDestroyed[each.side] = true
        this.ends[each.side].stream.destroy()
        break
      case 'freeze':
      case 'thaw':
        this.hosts[each.side].process[each.do]()
        break
      case 'wait':
        await this.lab.run(each.ms)
        break
      case 'reset':
        this.hosts.near.process.resetConnections()
        break
      case 'heal':
        this.heal()
        break
      default:
        this.#block(each.do === 'partition')
    }
  }

  #write(from: Side, length: number, count: number): void {
    const isOpen = this.ends[from].end === undefined && !this.isClosed[from]
    const segments = Array.from({ length: count }, () => {
      const seed = ++this.#count
      return Uint8Array.from({ length: Math.ceil(length / count) }, (_, i) => (i * 13 + seed) & 255)
    })
    if (isOpen) this.written[from].push(...segments)
    this.ends[from].stream.write(segments)
  }

  #block(isSymmetric: boolean): void {
    const { near, far } = this.hosts
    this.#undos.push(this.lab.network.addBlock(near.hosts, far.hosts))
    if (isSymmetric) this.#undos.push(this.lab.network.addBlock(far.hosts, near.hosts))
  }

  heal(): void {
    for (const undo of this.#undos.splice(0)) undo()
  }

  /** The faults are over, and everybody reads. */
  async settle(): Promise<void> {
    this.heal()
    for (const each of ['near', 'far'] as const) {
      this.hosts[each].process.thaw()
      this.hosts[each].process.setCallCost(0)
      this.ends[each].stream.resume()
    }
    await this.lab.run(20 * 60_000)
  }

  check(from: Side, to: Side): void {
    const sent = concatBytes(this.written[from])
    const { received, outcome, calls } = this.ends[to]
    expect(bytesEqual(received, sent.subarray(0, received.length))).toBe(true)
    const isUnhurt = [this.ends.near, this.ends.far].every((end) =>
      ['open', 'ended'].includes(end.outcome),
    )
    const isSpoilt = this.isDestroyed.near || this.isDestroyed.far || this.isClosed[to]
    // The reader's own close, or the end of the other half, drops what is still on its way.
    if (isUnhurt && !isSpoilt && !this.isClosed[from]) expect(received.length).toBe(sent.length)
    if (isUnhurt && !isSpoilt && this.isClosed[from]) expect(received.length).toBe(sent.length)
    if (outcome !== 'open') expect(calls.filter((call) => call === 'ended')).toEqual(['ended'])
    expect(calls.slice(0, -1)).not.toContain('ended')
    expect(calls.slice(1)).not.toContain('opened')
  }
}

describe('a connection, whatever is done with it', () => {
  it('delivers in order, intact, once, and all or fails', async () => {
    await fc.assert(
      fc.asyncProperty(run, async ({ seed, chunking, weather: bad, callCostMs, steps }) => {
        const trial = new Trial({ seed, chunking })
        await trial.open()
        trial.lab.network.setWeather(trial.lab.lan, bad)
        for (const host of Object.values(trial.hosts)) host.process.setCallCost(callCostMs)
        for (const each of steps) await trial.apply(each)
        await trial.settle()
        trial.check('near', 'far')
        trial.check('far', 'near')
        // Whoever was told of an end, or destroyed its end, has nothing open any more.
        for (const each of ['near', 'far'] as const) {
          const isOver = trial.isDestroyed[each] || trial.ends[each].end !== undefined
          expect(trial.hosts[each].process.openCounts().streams).toBe(isOver ? 0 : 1)
        }
      }),
      { numRuns: 150 },
    )
  })
})
