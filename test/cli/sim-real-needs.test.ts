/** What a real run needs of its host: arithmetic, and the words for a host that has too little. */
import { describe, expect, it } from 'vitest'
import {
  explainNeeds,
  explainPorts,
  filesOf,
  needsOf,
  parseLimits,
} from '../../cli/sim-real/needs.ts'

describe('open files', () => {
  it.each([
    { nodesPerJob: 1, nodes: 2, files: 105 },
    { nodesPerJob: 6, nodes: 12, files: 250 },
    { nodesPerJob: 25, nodes: 50, files: 2_625 },
    { nodesPerJob: 50, nodes: 100, files: 10_150 },
    { nodesPerJob: 100, nodes: 100, files: 20_200 },
  ])('$nodesPerJob of $nodes nodes in one process need $files', ({ nodesPerJob, nodes, files }) => {
    expect(filesOf(nodesPerJob, nodes)).toBe(files)
  })

  it.each([
    ['Max open files            1024                 4096                 files', 1_024],
    ['Max open files            unlimited            unlimited            files', undefined],
    ['Max cpu time              unlimited            unlimited            seconds', undefined],
  ])('the limit in %j', (text, limit) => {
    expect(parseLimits(`Limit  Soft Limit  Hard Limit  Units\n${text}\n`)).toBe(limit)
  })
})

describe('processes', () => {
  it.each([
    { what: 'one per core', nodes: 100, cores: 2, fileLimit: 20_000, jobs: 2, fits: true },
    { what: 'no more than nodes', nodes: 3, cores: 8, fileLimit: 20_000, jobs: 3, fits: true },
    { what: 'more for a low limit', nodes: 100, cores: 2, fileLimit: 4_096, jobs: 6, fits: true },
    { what: '32 at the most', nodes: 100, cores: 2, fileLimit: 512, jobs: 32, fits: false },
    { what: 'as many as cores', nodes: 500, cores: 4, fileLimit: undefined, jobs: 4, fits: true },
  ])('$what: $nodes nodes, limit $fileLimit', ({ nodes, cores, fileLimit, jobs, fits }) => {
    expect(needsOf({ nodes, cores, fileLimit })).toMatchObject({ jobs, fits })
  })

  it('are as many as the user says', () => {
    const needs = needsOf({ nodes: 100, cores: 2, jobs: 1, fileLimit: 20_000 })
    expect(needs).toMatchObject({ jobs: 1, nodesPerJob: 100, filesPerJob: 20_200, fits: false })
  })
})

describe('a limit that is too low', () => {
  it('is explained: what is needed, what there is, and what to do', () => {
    const needs = needsOf({ nodes: 100, cores: 2, fileLimit: 512 })
    const { nodesThatFit } = needs
    expect(explainNeeds(100, needs).split('\n')).toEqual([
      '100 real nodes in 32 processes of up to 4 each need 904 open files per process; the limit is 512',
      'Each node has 3 sockets and 2 for each other node: 4 × (3 + 2 × 99) + 100 = 904.',
      'Raise the limit (ulimit -n 904; for more than the hard limit, ask the administrator of this host),',
      `or run fewer nodes: --nodes ${nodesThatFit} fits.`,
    ])
    expect(needsOf({ nodes: nodesThatFit, cores: 2, fileLimit: 512 }).fits).toBe(true)
    expect(needsOf({ nodes: nodesThatFit + 1, cores: 2, fileLimit: 512 }).fits).toBe(false)
  })

  it('for any mesh is told as such', () => {
    const text = explainNeeds(10, needsOf({ nodes: 10, cores: 2, fileLimit: 64 }))
    expect(text).toContain('too low for two nodes')
  })
})

describe('ports', () => {
  it('are enough on Linux, where connections to different ports can share one', () => {
    expect(explainPorts(500, 'linux')).toBeUndefined()
  })

  it.each(['darwin', 'win32', 'freebsd'] as const)('on %s suffice for 126 nodes', (platform) => {
    expect(explainPorts(100, platform)).toBeUndefined()
    expect(explainPorts(126, platform)).toBeUndefined()
    expect(explainPorts(200, platform)).toMatch(/39800 connections.*\n.*--nodes 126 fits/)
  })
})
