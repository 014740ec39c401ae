import { describe, expect, it } from 'vitest'
import {
  checkCircles,
  checkDirections,
  checkNoNode,
  checkPortable,
  filesBeneath,
  HOUSE,
  OUTSIDE,
} from './house.ts'
import { parse, readSources, type Source } from './source.ts'

const CORE = ['src/base', 'src/zmtp', 'src/zre', 'src/mesh', 'src/runtime']
const sources = readSources('src', 'sim', 'cli')

describe('the house', () => {
  it('has only imports that run downwards', () => {
    expect(checkDirections(sources)).toEqual([])
  })

  it('has no circle between files', () => {
    expect(checkCircles(sources)).toEqual([])
  })

  it('keeps the core layers free of Node.js', () => {
    expect(checkNoNode(readSources(...CORE))).toEqual([])
  })

  it('keeps everything beneath src/core.ts portable', () => {
    expect(checkPortable('src/core.ts', sources)).toEqual([])
    expect([...filesBeneath('src/core.ts', sources).keys()]).toContain('src/runtime/platform.ts')
  })

  it('is a table whose rooms all exist in it, and where zmtp and zre never meet', () => {
    const rooms = Object.keys(HOUSE)
    expect(Object.values(HOUSE).flat()).toSatisfy((named: string[]) =>
      named.every((room) => rooms.includes(room)),
    )
    expect(HOUSE['src/zmtp']).not.toContain('src/zre')
    expect(HOUSE['src/zre']).not.toContain('src/zmtp')
    expect(OUTSIDE.filter((folder) => rooms.includes(folder))).toEqual([])
  })
})

/** Made-up files, `path: text`; every relative import finds a file unless the test is about that. */
function files(texts: Record<string, string>): Source[] {
  return Object.entries(texts).map(([path, text]) => parse(path, text))
}

describe('the rules about imports catch', () => {
  const base = { 'src/base/a.ts': 'export type A = 1' }

  it.each([
    ['a value import', "import { b } from '../zre/b.ts'"],
    ['a type import', "import type { B } from '../zre/b.ts'"],
    ['a side effect', "import '../zre/b.ts'"],
    ['a named re-export', "export { b } from '../zre/b.ts'"],
    ['a re-export of all', "export * from '../zre/b.ts'"],
    ['a dynamic import', "export const b = import('../zre/b.ts')"],
    ['an import type', "export type B = import('../zre/b.ts').B"],
    ['an import assignment', "import b = require('../zre/b.ts')"],
  ])('%s that crosses from zmtp to zre', (_, text) => {
    const made = files({ 'src/zmtp/a.ts': text, 'src/zre/b.ts': 'export const b = 1' })
    expect(checkDirections(made)).toEqual([
      expect.stringContaining('src/zmtp must not import src/zre'),
    ])
  })

  it.each([
    ['src/base/b.ts', '../mesh/a.ts', 'src/mesh/a.ts'],
    ['src/mesh/b.ts', '../runtime/a.ts', 'src/runtime/a.ts'],
    ['src/runtime/b.ts', '../platform-node/a.ts', 'src/platform-node/a.ts'],
    ['src/log/b.ts', '../mesh/a.ts', 'src/mesh/a.ts'],
    ['src/core.ts', './platform-node/a.ts', 'src/platform-node/a.ts'],
    ['src/index.ts', '../sim/a.ts', 'sim/a.ts'],
    ['src/index.ts', '../cli/a.ts', 'cli/a.ts'],
    ['src/platform-node/b.ts', '../index.ts', 'src/index.ts'],
    ['sim/b.ts', '../src/platform-node/a.ts', 'src/platform-node/a.ts'],
    ['cli/b.ts', '../src/mesh/a.ts', 'src/mesh/a.ts'],
  ])('%s importing %s', (from, specifier, to) => {
    const made = files({ [from]: `import '${specifier}'`, [to]: '' })
    expect(checkDirections(made)).toEqual([expect.stringContaining('must not import')])
  })

  it('a room that nobody declared', () => {
    expect(checkDirections(files({ 'src/attic/a.ts': '' }))).toEqual([
      expect.stringContaining('is in no room'),
    ])
    expect(checkDirections(files({ 'src/stray.ts': '' }))).toHaveLength(1)
  })

  it('imports that lead outside, to nothing, or cannot be read', () => {
    const made = files({
      ...base,
      'src/mesh/a.ts': "import '../../test/helper.ts'",
      'src/mesh/b.ts': "import '../base/gone.ts'",
      'src/mesh/c.ts': 'export const load = (name: string) => import(name)',
      'src/mesh/d.ts': "import 'earshot/core'",
    })
    expect(checkDirections(made).map((each) => each.replace(/:.*/, ''))).toEqual([
      'src/mesh/a.ts',
      'src/mesh/b.ts',
      'src/mesh/c.ts',
      'src/mesh/d.ts',
    ])
  })

  it('circles, also of types alone and of one file', () => {
    const made = files({
      'src/base/a.ts': "import './b.ts'",
      'src/base/b.ts': "export type { C } from './c.ts'",
      'src/base/c.ts': "import type { B } from './b.ts'",
      'src/base/d.ts': "import './d.ts'",
    })
    expect(checkCircles(made)).toEqual([
      'circle: src/base/b.ts → src/base/c.ts → src/base/b.ts',
      'circle: src/base/d.ts → src/base/d.ts',
    ])
  })

  it('Node.js and unknown packages beneath the portable entry, however deep', () => {
    const made = files({
      'src/core.ts': "export * from './runtime/a.ts'",
      'src/runtime/a.ts': "import 'msgpackr'\nimport type { B } from './b.ts'",
      'src/runtime/b.ts': "import 'node:net'\nimport 'pino'\nimport 'fs'",
      'src/platform-node/c.ts': "import 'node:net'",
    })
    const trail = 'src/core.ts → src/runtime/a.ts → src/runtime/b.ts'
    expect(checkPortable('src/core.ts', made)).toEqual([
      `src/runtime/b.ts:1: node:net is not portable, and ${trail}`,
      `src/runtime/b.ts:2: pino is not portable, and ${trail}`,
      `src/runtime/b.ts:3: fs is not portable, and ${trail}`,
    ])
  })

  it('modules of Node.js with and without prefix', () => {
    const made = files({ 'src/base/a.ts': "import 'node:net'\nimport type { x } from 'fs'" })
    expect(checkNoNode(made)).toEqual([
      'src/base/a.ts:1: must not import node:net',
      'src/base/a.ts:2: must not import fs',
    ])
  })

  it('nothing in what is allowed', () => {
    const made = files({
      ...base,
      'src/mesh/b.ts': "import type { A } from '../base/a.ts'\nimport './c.ts'",
      'src/mesh/c.ts': "import 'msgpackr'",
      'src/index.ts': "export * from './mesh/b.ts'",
      'cli/main.ts': "import '../src/index.ts'",
    })
    expect([...checkDirections(made), ...checkCircles(made), ...checkNoNode(made)]).toEqual([])
  })
})
