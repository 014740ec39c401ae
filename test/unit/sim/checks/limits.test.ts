/** The checks of resources and of warnings, `bounds`, `no-leaks` and `no-surprise-warnings`: each can fail. */
import { describe, expect, it } from 'vitest'
import { bounds } from '../../../../sim/checks/bounds.ts'
import { noLeaks } from '../../../../sim/checks/no-leaks.ts'
import { noSurpriseWarnings } from '../../../../sim/checks/no-surprise-warnings.ts'
import type { PeerMetrics } from '../../../../src/mesh/metrics.ts'
import { type Watching, watching } from '../../../support/watching.ts'

/** Has a node give other numbers about its peer than the true ones. */
function pretend(all: Watching, name: string, changes: Partial<PeerMetrics>, copies = 1): void {
  const node = all.node(name)
  const { metrics } = node
  node.metrics = () => {
    const real = metrics.call(node)
    const peers = real.peers.map((peer) => ({ ...peer, ...changes }))
    return { ...real, peers: Array.from({ length: copies }, () => peers).flat() }
  }
}

describe('bounds', () => {
  it('passes nodes within their limits', async () => {
    const all = await watching(bounds)
    pretend(all, 'ann', { outboxMessages: 3_000, outboxBytes: 8 * 2 ** 20 })
    all.watcher.sampled!()
    expect(all.failures).toEqual([])
  })

  it('tells of an outbox with too many messages or bytes, and of too many peers', async () => {
    const all = await watching(bounds)
    pretend(all, 'ann', { outboxMessages: 3_001 })
    pretend(all, 'bob', { outboxBytes: 20 * 2 ** 20 }, 4_097)
    all.watcher.sampled!()
    expect(all.failures).toContain('ann has 3001 messages waiting for bob; its limit is 3000')
    expect(all.failures).toContain('bob has 4097 peers; its limit is 4096')
    expect(all.failures).toContainEqual(expect.stringMatching(/^bob has \d+ bytes waiting for ann/))
  })

  it('tells of timers that pile up', async () => {
    const all = await watching(bounds)
    const { process } = all.member('ann')
    for (let i = 0; i < 9; i++) process!.clock.setTimer(Number.MAX_SAFE_INTEGER, () => {})
    all.watcher.sampled!()
    expect(all.failures).toEqual([expect.stringMatching(/^ann has \d+ timers; its limit is 8$/)])
  })

  it('tells of a message that is refused though there is room', async () => {
    const all = await watching(bounds)
    const message = all.message('ann', 1, 'bob')
    all.watcher.sent!(message, false, [])
    expect(all.failures).toEqual([
      expect.stringMatching(/^ann refused a message for bob; only 0 messages with \d+ bytes wait/),
    ])
    pretend(all, 'ann', { outboxMessages: 2_900 })
    all.watcher.sent!(message, false, [])
    expect(all.failures).toHaveLength(1)
  })

  it('looks at every node in turn', async () => {
    const names = Array.from({ length: 80 }, (_, index) => `node-${index}`)
    const all = await watching(bounds, { names, network: { broadcastBlocked: true } })
    for (const { process } of all.sim.members) {
      process!.openCounts = () => ({ streams: 0, sockets: 0, timers: 99 })
    }
    for (let second = 0; second < 80; second++) all.watcher.sampled!()
    const told = new Set(all.failures.map((failure) => failure.split(' ')[0]))
    expect(told.size).toBe(80)
  })
})

describe('no-leaks', () => {
  it('passes nodes that have stopped', async () => {
    const all = await watching(noLeaks)
    await all.sim.stop()
    all.watcher.stopped!()
    expect(all.failures).toEqual([])
  })

  it('tells of a timer, a stream and a socket that were left open', async () => {
    const all = await watching(noLeaks)
    const { process } = all.member('ann')
    await all.sim.stop()
    const nothing = { bytes() {}, drained() {}, ended() {} }
    process!.clock.setTimer(process!.clock.now() + 5_000, () => {})
    process!.dial({ to: { address: '10.0.0.9', port: 9 } }, nothing)
    await process!.openDatagrams({ port: 9 }, { datagram() {}, failed() {} })
    all.watcher.stopped!()
    expect(all.failures).toEqual([
      'ann left 1 streams, 1 sockets and 1 timers open',
      expect.stringMatching(/events of connections or timers are still to happen$/),
    ])
  })
})

describe('no-surprise-warnings', () => {
  const warning = { type: 'warning', code: 'sequence-gap', reason: 'odd', suppressed: 0 } as const

  it('tells of a warning where nothing goes wrong', async () => {
    const all = await watching(noSurpriseWarnings)
    all.tell('ann', warning)
    expect(all.failures).toEqual(['ann warned: sequence-gap: odd'])
  })

  it('has nothing against warnings amid faults or in bad weather', async () => {
    const troubled = await watching(noSurpriseWarnings, { isHealthy: false })
    const rainy = await watching(noSurpriseWarnings, { network: { weather: 'crowded-wifi' } })
    troubled.tell('ann', warning)
    rainy.tell('ann', warning)
    expect([...troubled.failures, ...rainy.failures]).toEqual([])
  })
})
