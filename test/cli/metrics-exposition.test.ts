import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatAddress, metricsOption } from '../../cli/metrics/address.ts'
import { Exposition } from '../../cli/metrics/exposition.ts'
import type { NodeMetrics, PeerMetrics } from '../../src/index.ts'
import { newMeshCounters } from '../../src/mesh/counters.ts'
import { checkSameNames, explainedNames } from '../tidy/documents.ts'
import { ROOT } from '../tidy/source.ts'
import { parseExposition, sampleOf } from './exposition.ts'

const idOf = (index: number): string => index.toString(16).toUpperCase().padStart(32, '0')

function peer(index: number, changes: Partial<PeerMetrics> = {}): PeerMetrics {
  return {
    id: idOf(index),
    name: `peer-${index}`,
    phase: 'present',
    presence: 'alive',
    link: 'open',
    linkedToUs: true,
    links: 3,
    reconnects: 2,
    dialsFailed: 0,
    messagesIn: 10,
    whispersIn: 4,
    bytesIn: 1_000,
    messagesOut: 20,
    whispersOut: 5,
    bytesOut: 2_000,
    droppedOldest: 6,
    droppedNewest: 7,
    messagesLost: 8,
    outboxMessages: 9,
    outboxBytes: 900,
    blocked: true,
    roundTripMs: 2.5,
    lastSeen: { agoMs: 50, by: 'beacon', beaconAgoMs: 50, linkAgoMs: 1_500, messageAgoMs: 2_000 },
    ...changes,
  }
}

function metricsOf(peers: readonly PeerMetrics[], changes: Partial<NodeMetrics> = {}): NodeMetrics {
  return {
    node: {
      id: idOf(0),
      name: 'kitchen',
      time: 0,
      uptimeMs: 12_345,
      groups: 1,
      serviceMessagesUnclaimed: 3,
    },
    mesh: newMeshCounters(),
    warnings: { 'sequence-gap': 3 },
    peerCounts: {
      candidates: 1,
      alive: peers.length,
      evasive: 2,
      silent: 0,
      blocked: 1,
      linked: 5,
      linkedToUs: 4,
    },
    peers,
    ...changes,
  }
}

async function scrape(metrics: NodeMetrics, exposition = newExposition()) {
  return parseExposition(await exposition.render(metrics))
}

function newExposition(): Exposition {
  return new Exposition({ version: '1.2.3', processMetrics: false })
}

describe('the exposition', () => {
  it('has what the node counted, under its names and in base units', async () => {
    const mesh = { ...newMeshCounters(), messagesOut: 7, whispersOut: 2, beaconsReceived: 9 }
    mesh.serviceMessagesOut = 8
    mesh.ownBeaconsHeard = 4
    mesh.dialFailures.refused = 5
    mesh.lostByExits = 6
    const eventLoopDelay = { overMs: 10_000, meanMs: 1, p99Ms: 20, maxMs: 300 }
    const families = await scrape(metricsOf([], { mesh, eventLoopDelay }))
    const value = (name: string, labels = {}) => sampleOf(families, `earshot_${name}`, labels)
    expect(value('node_info', { id: idOf(0), name: 'kitchen', version: '1.2.3' })).toBe(1)
    expect(value('uptime_seconds')).toBe(12.345)
    expect(value('event_loop_delay_seconds', { statistic: 'max' })).toBe(0.3)
    expect(value('warnings_total', { code: 'sequence-gap' })).toBe(3)
    expect(value('peers', { presence: 'evasive' })).toBe(2)
    expect(value('peer_candidates')).toBe(1)
    expect(value('links', { direction: 'out' })).toBe(5)
    expect(value('beacons_total', { kind: 'received' })).toBe(5)
    expect(value('dials_ended_total', { outcome: 'refused' })).toBe(5)
    expect(value('messages_total', { direction: 'out', kind: 'shout' })).toBe(5)
    expect(value('messages_total', { direction: 'out', kind: 'whisper' })).toBe(2)
    expect(value('messages_dropped_total', { reason: 'exit' })).toBe(6)
    expect(value('service_messages_total', { direction: 'out' })).toBe(8)
    expect(value('service_messages_unclaimed_total')).toBe(3)
  })

  it('has what was counted of each peer', async () => {
    const families = await scrape(metricsOf([peer(1), peer(2, { messagesIn: 99 })]))
    const value = (name: string, labels = {}) =>
      sampleOf(families, `earshot_peer_${name}`, { peer: idOf(1), name: 'peer-1', ...labels })
    expect(value('messages_total', { direction: 'in', kind: 'shout' })).toBe(6)
    expect(value('message_bytes_total', { direction: 'out' })).toBe(2_000)
    expect(value('messages_dropped_total', { reason: 'newest' })).toBe(7)
    expect(value('messages_dropped_total', { reason: 'lost' })).toBe(8)
    expect(value('queue_messages')).toBe(9)
    expect(value('queue_bytes')).toBe(900)
    expect(value('blocked')).toBe(1)
    expect(value('last_seen_seconds', { by: 'beacon' })).toBe(0.05)
    expect(value('last_seen_seconds', { by: 'ping-ok' })).toBeUndefined()
    expect(value('round_trip_seconds')).toBe(0.0025)
    expect(value('link_up', { direction: 'in' })).toBe(1)
    expect(value('reconnects_total')).toBe(2)
  })

  it('shows absolute numbers however often it is asked, and nothing of peers that are gone', async () => {
    const exposition = newExposition()
    await scrape(metricsOf([peer(1), peer(2)]), exposition)
    const families = await scrape(metricsOf([peer(2)]), exposition)
    const { series } = families.get('earshot_peer_messages_total')!
    expect(new Set(series.map(({ labels }) => labels['peer']))).toEqual(new Set([idOf(2)]))
    expect(series.map(({ value }) => value)).toEqual([6, 4, 15, 5])
    expect(sampleOf(families, 'earshot_warnings_total', { code: 'sequence-gap' })).toBe(3)
  })

  it('survives names that were made to break it', async () => {
    const names = [
      'quote " backslash \\ brace } comma , equals =',
      'line\nfeed\r\n# TYPE evil counter\nevil 1',
      '\\',
      '\\n',
      '"',
      '',
      '\u001b[2J\u0000\u2028\u202e',
      'half \ud800 of a pair',
      '__proto__',
      `x,peer:${idOf(3)},reason:oldest`,
      'ü'.repeat(127),
      '👋'.repeat(63),
    ]
    const families = await scrape(metricsOf(names.map((name, i) => peer(i + 1, { name }))))
    const { series } = families.get('earshot_peer_blocked')!
    expect(series.map(({ labels }) => labels['peer'])).toEqual(names.map((_, i) => idOf(i + 1)))
    const shown = series.map(({ labels }) => labels['name']!)
    expect(shown.slice(0, 6)).toEqual([
      names[0],
      'line�feed��# TYPE evil counter�evil 1',
      '\\',
      '\\n',
      '"',
      '',
    ])
    for (const name of shown) {
      expect([...name].length).toBeLessThanOrEqual(64)
      expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/u)
    }
    expect(shown.at(-2)).toBe(`${'ü'.repeat(63)}…`)
    expect(shown.at(-1)).toBe('👋'.repeat(63))
    for (const { series: all } of families.values()) {
      expect(new Set(all.map(({ labels }) => JSON.stringify(labels))).size).toBe(all.length)
    }
  })

  it('has series of the 250 present peers that are known the longest, and says how many it left out', async () => {
    const heardOf = Array.from({ length: 1_000 }, (_, i) => peer(i + 1, { phase: 'candidate' }))
    const present = Array.from({ length: 300 }, (_, i) => peer(i + 2_000))
    const families = await scrape(metricsOf([...heardOf, ...present]))
    const { series } = families.get('earshot_peer_blocked')!
    expect(series.map(({ labels }) => labels['peer'])).toEqual(
      present.slice(0, 250).map(({ id }) => id),
    )
    expect(sampleOf(families, 'earshot_peers_without_series')).toBe(50)
  })

  it('of the process is there when it is asked for, and in nobody else’s registry', async () => {
    const both = [0, 1].map(() => new Exposition({ version: '1.2.3', processMetrics: true }))
    for (const exposition of both) {
      const families = await scrape(metricsOf([]), exposition)
      expect(sampleOf(families, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    }
    expect((await scrape(metricsOf([]))).has('process_cpu_seconds_total')).toBe(false)
  })
})

describe('docs/metrics.md', () => {
  const path = 'docs/metrics.md'
  const explained = explainedNames(readFileSync(`${ROOT}${path}`, 'utf8'))

  /** `a.b`, `peers[].c`: the paths of all that is no object. */
  function fieldsOf(value: unknown, path: string): string[] {
    if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each, `${path}[]`))
    if (typeof value !== 'object' || value === null || path === 'warnings') return [path]
    return Object.entries(value).flatMap(([key, each]) => {
      return fieldsOf(each, path === '' ? key : `${path}.${key}`)
    })
  }

  it('explains every metric of the endpoint, and no other', async () => {
    const families = await scrape(metricsOf([peer(1)]))
    const metrics = explained.filter((name) => name.startsWith('earshot_'))
    expect(checkSameNames([...families.keys()], path, metrics)).toEqual([])
    expect(new Set(metrics).size).toBe(metrics.length)
  })

  it('explains every field of node.metrics(), and no other', () => {
    const lastSeen = {
      agoMs: 1,
      by: 'link',
      beaconAgoMs: 1,
      linkAgoMs: 1,
      messageAgoMs: 1,
    } as const
    const full = metricsOf([peer(1, { lastSeen: { ...lastSeen, pingOkAgoMs: 1 } })], {
      eventLoopDelay: { overMs: 1, meanMs: 1, p99Ms: 1, maxMs: 1 },
    })
    const fields = explained.filter((name) => !/^(?:earshot_|node\.metrics\(\)$)/.test(name))
    expect(checkSameNames(fieldsOf(full, ''), path, fields)).toEqual([])
    expect(new Set(fields).size).toBe(fields.length)
  })
})

describe('the parser of these tests catches', () => {
  const head = '# HELP a_total Help.\n# TYPE a_total counter\n'
  it.each([
    ['an end without a newline', `${head}a_total 1`],
    ['a counter below 0', `${head}a_total -1\n`],
    ['a series twice', `${head}a_total{b="1"} 1\na_total{b="1"} 2\n`],
    ['a label twice', `${head}a_total{b="1",b="2"} 1\n`],
    ['a series of another family', `${head}b_total 1\n`],
    ['a raw newline in a label', `${head}a_total{b="x\ny"} 1\n`],
    ['an unknown escape', `${head}a_total{b="\\r"} 1\n`],
    ['a quote that is not escaped', `${head}a_total{b="""} 1\n`],
    ['a label without quotes', `${head}a_total{b=1} 1\n`],
    ['a comma at the end', `${head}a_total{b="1",} 1\n`],
    ['a value that is none', `${head}a_total one\n`],
    ['no value', `${head}a_total{b="1"}\n`],
    ['a type without help', '# TYPE a_total counter\na_total 1\n'],
    ['a type twice', `${head}${head}`],
    [
      'a total of ours that is no counter',
      '# HELP earshot_a_total x\n# TYPE earshot_a_total gauge\n',
    ],
    ['milliseconds of ours', '# HELP earshot_a_ms x\n# TYPE earshot_a_ms gauge\n'],
  ])('%s', (_what, text) => {
    expect(() => parseExposition(text)).toThrow(/line/)
  })

  it('nothing that is right', () => {
    const families = parseExposition(`${head}a_total{b="\\\\ \\" \\n",c=""} 1.5e+3\n`)
    expect(families.get('a_total')!.series).toEqual([
      { name: 'a_total', labels: { b: '\\ " \n', c: '' }, value: 1_500 },
    ])
  })
})

describe('--metrics', () => {
  it.each([
    ['9464', '127.0.0.1:9464'],
    ['0', '127.0.0.1:0'],
    ['127.0.0.2:80', '127.0.0.2:80'],
    ['127.255.0.1:65535', '127.255.0.1:65535'],
    ['[::1]:9464', '[::1]:9464'],
  ])('%s is %s', (text, address) => {
    expect(formatAddress(metricsOption(text))).toBe(address)
  })

  it.each([
    '',
    'x',
    ':9464',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    'localhost:9464',
    '::1:9464',
    '[127.0.0.1]:9464',
    '127.0.0.1:9464/metrics',
    'http://127.0.0.1:9464',
    '1e3',
  ])('%j is no place to serve at', (text) => {
    expect(() => metricsOption(text)).toThrow('Expected a port')
  })
})
