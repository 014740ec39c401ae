import { describe, expect } from 'vitest'
import { painter } from '../../cli/render/style.ts'
import { sightingFields, sightingRecord, sightingTable } from '../../cli/scan/print.ts'
import type { Sighting } from '../../src/index.ts'
import { it } from './command.ts'

const SIGHTING: Sighting = {
  id: 'A'.repeat(32),
  version: 1,
  address: '10.77.0.1',
  port: 50_000,
  interfaceName: 'eth0',
  heard: { beacon: 3 },
  agoMs: 600,
  isLeaving: false,
  visit: {
    kind: 'mailbox',
    implementation: 'earshot',
    id: 'A'.repeat(32),
    extensions: '1',
    from: '10.77.0.2',
    ms: 1.5,
  },
}
const SILENT: Sighting = {
  ...SIGHTING,
  id: 'B'.repeat(32),
  name: 'attic\u001b',
  visit: { kind: 'failed', failure: 'timeout', reason: 'no answer', ms: 2_000 },
}

describe('earshot scan', () => {
  it('lists who is heard, and is no peer to anybody', async ({ scene }) => {
    const node = await scene.node({ name: 'kitchen' })
    const entered: string[] = []
    node.on('enter', ({ peer }) => entered.push(peer.name))
    const { code, stdout, stderr } = await scene.run(['scan', '--for', '1.2s'])
    expect([code, stderr]).toEqual([0, ''])
    const [id, name, implementation, endpoint, at, ways] = stdout.trim().split('\t')
    expect([id, name, implementation, at]).toEqual([node.id, '', 'earshot', 'lo'])
    expect([`tcp://${endpoint}`, ways]).toEqual([
      node.endpoints()[0],
      expect.stringMatching(/^beacon \d$/),
    ])
    expect([entered, node.metrics().warnings]).toEqual([[], {}])
  })

  it('with --json gives an object for each', async ({ scene }) => {
    const node = await scene.node({ name: 'kitchen' })
    const { code, stdout } = await scene.run(['scan', '--for', '1.2s', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'earshot.sighting/1',
      id: node.id,
      implementation: 'earshot',
      answeredAs: node.id,
      extensions: '1',
      failure: null,
    })
  })

  it('where nobody is ends with exit code 3, and says where to go from there', async ({
    scene,
  }) => {
    const { code, stdout, stderr } = await scene.run(['scan', '--for', '200ms'])
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(
      /nobody is heard on 127.0.0.1 within 200 ms, UDP port \d+; `earshot doctor`/,
    )
  })

  it('of an interface that is not there is a mistake on the command line', async ({ scene }) => {
    const { code, stderr } = await scene.run(['scan', '--interface', 'nix'])
    expect(code).toBe(2)
    expect(stderr).toContain('no network interface matches nix')
  })
})

describe('sightings', () => {
  it('are a table on a terminal, with names where some are known, and nothing that a terminal obeys', () => {
    expect(sightingTable([SIGHTING], painter(false), 100)).toEqual([
      'ID        ENDPOINT         INTERFACE  FOUND BY       HEARD  WHAT ANSWERS',
      'AAAAAAAA  10.77.0.1:50000  eth0       beacon 3  600 ms ago  earshot',
    ])
    expect(sightingTable([SILENT], painter(false), 100)[1]).toBe(
      'BBBBBBBB  attic\\x1b  10.77.0.1:50000  eth0       beacon 3  600 ms ago  no answer: timeout',
    )
  })

  it.each<[string, Sighting, string]>([
    ['one that leaves', { ...SIGHTING, isLeaving: true }, 'left'],
    ['one with CURVE', { ...SILENT, version: 3 }, 'curve'],
    [
      'one that wants CURVE',
      { ...SIGHTING, visit: { kind: 'mismatch', code: 'zmtp-mechanism', reason: '', ms: 1 } },
      'curve',
    ],
    ['one that is silent', SILENT, 'none'],
  ])('of %s say what answers', (_what, sighting, expected) => {
    expect(sightingFields(sighting).split('\t')[2]).toBe(expected)
    expect(sightingFields(sighting).split('\t')).toHaveLength(9)
    expect(sightingRecord(sighting)['implementation']).toBe(expected)
  })

  it('of one in whose place another answers say so', () => {
    const other: Sighting = { ...SIGHTING, id: 'C'.repeat(32) }
    expect(sightingFields(other)).toContain('another node answers there')
  })
})
