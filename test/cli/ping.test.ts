import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { it } from './command.ts'

describe.concurrent('ping', () => {
  // A beginning that no id can have: they are hexadecimal.
  it('measures one peer, by the beginning of its name, and sums up', async ({ scene }) => {
    await Promise.all([scene.node({ name: 'tom' }), scene.node({ name: 'ben' })])
    const { code, stdout } = await scene.run(['ping', 'to', '--count', '3', '--interval', '10ms'])
    expect(code).toBe(ExitCode.ok)
    expect(stdout).toMatch(
      /^tom: seq=1 time=[\d.]+ ms\ntom: seq=2 .*\ntom: seq=3 .*\n\n--- tom \([0-9A-F]{8}\) ---\n3 sent, 3 answered, 0% lost; min\/avg\/max = [\d.]+\/[\d.]+\/[\d.]+ ms\n$/,
    )
  })

  it('without a peer measures all', async ({ scene }) => {
    const nodes = await Promise.all([scene.node({ name: 'ada' }), scene.node({ name: 'ben' })])
    const { code, stdout } = await scene.run(['ping', '--json', '-c', '2', '--interval', '10ms'])
    expect(code).toBe(ExitCode.ok)
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.filter(({ type }) => type === 'earshot.ping/1')).toHaveLength(4)
    const summaries = records.filter(({ type }) => type === 'earshot.ping-summary/1')
    expect(summaries).toMatchObject(
      nodes.map(({ id, name }) => ({ peer: { id, name }, sent: 2, answered: 2 })),
    )
    for (const { minMs, avgMs, maxMs } of summaries) {
      expect(minMs).toBeGreaterThan(0)
      expect(minMs).toBeLessThanOrEqual(avgMs)
      expect(avgMs).toBeLessThanOrEqual(maxMs)
    }
  })

  it('of a peer that does not answer ends with 27', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    ada.pause()
    const { code, stdout, stderr } = await scene.run(['ping', 'ada', '--count', '1'])
    expect(code).toBe(ExitCode.timeout)
    expect(stdout).toContain('ada: seq=1 no answer\n')
    expect(stdout).toContain('1 sent, 0 answered, 100% lost\n')
    expect(stderr).toBe('earshot: no answer from ada\n')
  })

  it('ends with 3 where nobody is', async ({ scene }) => {
    const { code, stderr } = await scene.run(['ping', '--timeout', '100ms'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toMatch(/^earshot: nobody answers within 100 ms on lo \(127\.0\.0\.1\)/)
  })
})
