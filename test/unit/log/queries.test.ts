import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../src/core.ts'
import { meshLog } from '../../../src/log/mesh-log.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()
const noAnswer = { code: 'ERR_EARSHOT_NO_ANSWER' }

describe('a query', () => {
  it('gives what a peer answers: of `metrics`, who it is, whom it sees, and what it counted', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(b!)
    const answer = await w.wait(meshLog(a!).query(b!.id, 'metrics'))
    expect(answer).toMatchObject({
      id: b!.id,
      name: 'b',
      peers: [{ id: a!.id, name: 'a', presence: 'alive' }],
      metrics: { node: { id: b!.id } },
      log: { subscriptions: 0 },
    })
  })

  it('fails when the peer has no log, is not there, leaves, or the node stops', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    const log = meshLog(a!)
    await expect(w.wait(log.query(b!.id, 'metrics', { timeoutMs: 500 }))).rejects.toMatchObject(
      noAnswer,
    )
    await expect(w.wait(log.query('0'.repeat(32) as PeerId, 'metrics'))).rejects.toMatchObject(
      noAnswer,
    )
    const left = log.query(c!.id, 'metrics')
    await Promise.all([w.wait(c!.stop()), expect(w.wait(left)).rejects.toMatchObject(noAnswer)])
    const late = log.query(b!.id, 'metrics')
    await Promise.all([w.wait(a!.stop()), expect(w.wait(late)).rejects.toMatchObject(noAnswer)])
  })

  it('ends when it is aborted', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const signal = AbortSignal.abort()
    await expect(meshLog(a!).query(b!.id, 'metrics', { signal })).rejects.toMatchObject({
      code: 'ERR_EARSHOT_ABORTED',
    })
  })

  it('is answered a few times a second and no more', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(b!)
    const log = meshLog(a!)
    const answers = Array.from({ length: 20 }, () =>
      log.query(b!.id, 'metrics', { timeoutMs: 900 }),
    )
    const settled = await w.wait(Promise.allSettled(answers))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    await w.run(1_000)
    await w.wait(log.query(b!.id, 'metrics'))
  })
})
