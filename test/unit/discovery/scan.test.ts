import { expect, it } from 'vitest'
import { type Sighting, scanOn } from '../../../src/discovery/scan.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

const brief = ({ id, port, interfaceName, isLeaving, visit }: Sighting) => ({
  id,
  port,
  interfaceName,
  isLeaving,
  answers: visit?.kind === 'mailbox' ? visit.id : visit?.kind,
})

it('a scan sees nodes, and no node sees it', async () => {
  const w = world()
  const nodes = await w.nodes('a', 'b')
  const found = await w.wait(scanOn(w.host(), { forMs: 2_500 }))
  const expected = nodes.map(({ id }) => ({
    id,
    interfaceName: 'mem0',
    isLeaving: false,
    answers: id,
  }))
  expect(found.map(brief)).toMatchObject(expected)
  for (const each of found) expect(each.heard.beacon).toBeGreaterThanOrEqual(2)
  for (const node of nodes) {
    const { mesh, peers, warnings } = node.metrics()
    expect([mesh.visitors, peers.length, warnings]).toEqual([1, 1, {}])
  }
})

it('a scan shows who leaves meanwhile', async () => {
  const w = world()
  const node = await w.node()
  const scanning = scanOn(w.host(), { forMs: 3_000 })
  await w.run(1_500)
  await w.wait(node.stop())
  const [seen] = await w.wait(scanning)
  expect(seen).toMatchObject({ id: node.id, isLeaving: true })
})

it('a scan of chosen interfaces hears their subnets alone', async () => {
  const w = world()
  await w.node()
  const host = w.host()
  const { address } = host
  host.all = [
    { name: 'mem0', family: 'IPv4', address, prefixLength: 24, loopback: false },
    { name: 'mem1', family: 'IPv4', address: '10.9.0.1', prefixLength: 24, loopback: false },
  ]
  expect(await w.wait(scanOn(host, { interfaces: ['mem1'], forMs: 1_500 }))).toEqual([])
  expect(await w.wait(scanOn(host, { interfaces: ['mem0'], forMs: 1_500 }))).toHaveLength(1)
})

it('a scan of an interface that is not there is refused', async () => {
  const scanning = scanOn(world().host(), { interfaces: ['nix'] })
  await expect(scanning).rejects.toMatchObject({ code: 'ERR_EARSHOT_NO_INTERFACE' })
})

it('a scan that is aborted gives what it has found by then', async () => {
  const w = world()
  const node = await w.node()
  const ending = new AbortController()
  const scanning = scanOn(w.host(), { forMs: 60_000, signal: ending.signal })
  await w.run(1_500)
  ending.abort()
  expect((await w.wait(scanning)).map(({ id }) => id)).toEqual([node.id])
})
