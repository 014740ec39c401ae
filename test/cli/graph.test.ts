import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { dotLines } from '../../cli/graph/dot.ts'
import { mermaidLines } from '../../cli/graph/mermaid.ts'
import { asymmetricPairs, graphOf, type MeshGraph } from '../../cli/graph/model.ts'
import { graphRecord } from '../../cli/graph/record.ts'
import { fieldLines, summary, textLines } from '../../cli/graph/text.ts'
import { readSnapshot } from '../../cli/monitor/snapshot.ts'
import { painter } from '../../cli/render/style.ts'
import { textWidth } from '../../cli/render/width.ts'
import { idOf, madeSnapshot } from './made-snapshot.ts'

const plain = painter(false)
const OBSERVER = idOf('observer')

/** a sees b, which does not see it; a and c see each other, c as evasive; d has not answered. */
const odd = graphOf(
  [
    madeSnapshot('a', { b: {}, c: { presence: 'evasive' }, d: {}, observer: {} }),
    madeSnapshot('b', { c: {}, observer: {} }),
    madeSnapshot('c', { a: {}, b: {}, observer: {} }),
  ],
  [{ id: idOf('e'), name: 'e' }],
  OBSERVER,
)

function fullMesh(count: number): MeshGraph {
  const names = Array.from({ length: count }, (_, i) => `node${i}`)
  return graphOf(
    names.map((name) => {
      const others = names.filter((other) => other !== name)
      return madeSnapshot(name, Object.fromEntries(others.map((other) => [other, {}])))
    }),
    [],
    undefined,
  )
}

describe('the graph', () => {
  it('has each pair once, and tells what kind it is', () => {
    const pairs = odd.pairs.map(({ kind, from, to, presence }) => {
      return `${from.name} ${to.name} ${kind} ${presence}`
    })
    expect(pairs).toEqual([
      'a b asymmetric alive',
      'a c mutual evasive',
      'a d unanswered alive',
      'b c mutual alive',
    ])
  })

  it('has whoever is there, also those that nobody sees, but not the observer', () => {
    expect(odd.nodes.map(({ name, hasAnswered }) => [name, hasAnswered])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
      ['d', false],
      ['e', false],
    ])
  })

  it('has those who have answered, and those who are there, whomever a liar has made up', () => {
    const peers = Array.from({ length: 2_000 }, (_, i) => {
      return { id: i.toString(16).padStart(32, '0'), name: `liar${i}`, presence: 'alive' }
    })
    const liar = readSnapshot(idOf('liar'), 0, { name: 'liar', peers })!
    const known = [{ id: idOf('c'), name: 'c' }]
    const { nodes } = graphOf(
      [liar, madeSnapshot('b', { a: {} }), madeSnapshot('a', { b: {} })],
      known,
      undefined,
    )
    expect(nodes).toHaveLength(2_000)
    expect(nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'liar']))
  })

  it('takes nobody for unseen whose name may be on the part of a list that was cut', () => {
    const peers = Array.from({ length: 2_001 }, (_, i) => {
      return { id: i.toString(16).padStart(32, '0'), name: '', presence: 'alive' }
    })
    const cut = readSnapshot(idOf('b'), 0, { name: 'b', peers })!
    const graph = graphOf([madeSnapshot('a', { b: {} }), cut], [], undefined)
    expect(asymmetricPairs(graph)).toEqual([])
    expect(graph.nodes.length).toBeLessThanOrEqual(2_000)
  })

  it('of a healthy mesh has nothing asymmetric', () => {
    expect(summary(fullMesh(5))).toBe('5 nodes, 10 mutual pairs, 0 asymmetric')
    expect(asymmetricPairs(fullMesh(5))).toEqual([])
  })
})

describe('as text, the graph', () => {
  it('is a matrix, what its marks mean, and what is odd', () => {
    expect(textLines(odd, plain, 80)).toEqual([
      '   NAME  ID        1 2 3 4 5',
      '1  a     615F5F5F    o e o -',
      '2  b     625F5F5F  X   o - -',
      '3  c     635F5F5F  o o   - -',
      '4  d     645F5F5F  ? ? ?   ?',
      '5  e     655F5F5F  ? ? ? ?',
      '',
      'o sees it; e sees it, evasive; X does not see it, but is seen by it',
      '- neither sees the other; ? has not answered',
      '',
      'asymmetric: a (615F5F5F) sees b (625F5F5F), which does not see it',
      'evasive: c (635F5F5F), as a (615F5F5F) sees it',
      'not answered: d (645F5F5F)',
      'not answered: e (655F5F5F)',
      '',
      '5 nodes, 2 mutual pairs, 1 asymmetric, 2 not answered',
    ])
  })

  it.each([3, 12, 28, 30, 31, 60])('of %s nodes fits 80 columns', (count) => {
    const lines = textLines(fullMesh(count), plain, 80)
    for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(80)
    expect(lines.at(-1)).toContain(`${count} nodes`)
  })

  it('of many nodes is a line for each, which names who is missing', () => {
    const names = Array.from({ length: 40 }, (_, i) => `node${i}`)
    const graph = graphOf(
      names.map((name, i) => {
        const others = names.filter((other) => other !== name && (i > 0 || other !== 'node7'))
        return madeSnapshot(name, Object.fromEntries(others.map((other) => [other, {}])))
      }),
      [],
      undefined,
    )
    const lines = textLines(graph, plain, 80)
    expect(lines[0]).toMatch(/^node0 {3}[0-9A-F]{8} {2}sees 38 of 39; not node7$/)
    expect(lines[1]).toMatch(/sees 39 of 39$/)
    expect(lines).toContainEqual(expect.stringMatching(/^asymmetric: node7 .* sees node0 /))
  })

  it('in a pipe is six fields for each pair', () => {
    expect(fieldLines(odd)[0]?.split('\t')).toEqual([
      'asymmetric',
      'a',
      idOf('a'),
      'b',
      idOf('b'),
      'alive',
    ])
    for (const line of fieldLines(odd)) expect(line.split('\t')).toHaveLength(6)
  })
})

const NASTY = 'a"]; x [label="\\N & <b>\n\u001b[2J#quot; `|}'

const nasty = graphOf([madeSnapshot(NASTY, { b: {} }), madeSnapshot('b', {})], [], undefined)

describe('for Graphviz, the graph', () => {
  const text = dotLines(odd).join('\n')

  it('marks asymmetric pairs, and draws mutual ones once', () => {
    const edge = (a: string, b: string): string | undefined => {
      return dotLines(odd).find((line) => line.includes(`"${idOf(a)}" -> "${idOf(b)}"`))
    }
    expect(edge('a', 'b')).toContain('style="dashed", color="red"')
    expect(edge('a', 'b')).toContain('label="not seen by b"')
    expect(edge('a', 'c')).toContain('dir="none", color="orange", label="evasive"')
    expect(edge('c', 'a')).toBeUndefined()
    expect(edge('a', 'd')).toContain('style="dotted"')
  })

  it('gives those who have not answered another shape', () => {
    expect(text).toMatch(/label="d\\n645F5F5F", shape="ellipse"/)
    expect(text).toMatch(/label="a\\n615F5F5F"\]/)
  })

  it('keeps a name within its label, whatever is in it', () => {
    const line = dotLines(nasty).find((each) => each.includes('x [label'))
    expect(line).toContain(
      'label="a\\"]; x [label=\\"\\\\N &amp; <b>\\\\n\\\\x1b[2J#quot; …\\n61225D3B"',
    )
  })

  const canDraw = spawnSync('dot', ['-V']).error === undefined

  // Not every machine has Graphviz.
  it.skipIf(!canDraw)('is drawn by it', () => {
    for (const graph of [odd, nasty, fullMesh(12), graphOf([], [], undefined)]) {
      const input = dotLines(graph).join('\n')
      const { status, stdout, stderr } = spawnSync('dot', ['-Tsvg'], { input, encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout.match(/class="node"/g)?.length ?? 0).toBe(graph.nodes.length)
      expect(stdout.match(/class="edge"/g)?.length ?? 0).toBe(graph.pairs.length)
    }
  })
})

describe('for Mermaid, the graph', () => {
  it('is this', () => {
    expect(mermaidLines(odd)).toEqual([
      'flowchart LR',
      '  classDef evasive stroke:orange',
      '  classDef silent stroke:firebrick',
      '  classDef unanswered stroke-dasharray:4 3',
      '  n0["a<br>615F5F5F"]',
      '  n1["b<br>625F5F5F"]',
      '  n2["c<br>635F5F5F<br>evasive"]:::evasive',
      '  n3(["d<br>645F5F5F"]):::unanswered',
      '  n4(["e<br>655F5F5F"]):::unanswered',
      '  n0 -.->|"not seen by b"| n1',
      '  n0 ---|"evasive"| n2',
      '  n0 -.-> n3',
      '  n1 --- n2',
      '  linkStyle 0 stroke:red,stroke-dasharray:6 4,color:red',
      '  linkStyle 1 stroke:orange',
    ])
  })

  it('keeps a name within its label, whatever is in it', () => {
    const line = mermaidLines(nasty).find((each) => each.includes('["a'))
    expect(line).toMatch(/^ {2}n\d\["[^"<>|`[\]{}\\&]*<br>61225D3B"\]$/)
    expect(line).toContain('a#34;#93;#59; x')
  })
})

describe('as JSON, the graph', () => {
  it('has nodes, and an edge for each who sees another', () => {
    const record = graphRecord(odd, 0)
    expect(record).toMatchObject({
      type: 'earshot.graph/1',
      time: '1970-01-01T00:00:00.000Z',
      at: 0,
      asymmetric: 1,
    })
    expect(record['nodes']).toContainEqual({
      id: idOf('c'),
      name: 'c',
      answered: true,
      presence: 'evasive',
    })
    expect(record['edges']).toEqual([
      { from: idOf('a'), to: idOf('b'), presence: 'alive', kind: 'asymmetric' },
      { from: idOf('a'), to: idOf('c'), presence: 'evasive', kind: 'mutual' },
      { from: idOf('c'), to: idOf('a'), presence: 'alive', kind: 'mutual' },
      { from: idOf('a'), to: idOf('d'), presence: 'alive', kind: 'unanswered' },
      { from: idOf('b'), to: idOf('c'), presence: 'alive', kind: 'mutual' },
      { from: idOf('c'), to: idOf('b'), presence: 'alive', kind: 'mutual' },
    ])
  })
})
