import { describe, expect, it } from 'vitest'
import {
  checkFileLength,
  checkFunctionLength,
  checkModuleComment,
  type Exceptions,
} from './shape.ts'
import { parse, readSources } from './source.ts'

/** `path: reason`. Nothing else may be longer than a file should be. */
const LONG_FILES: Exceptions = {}

/** `path#name: reason`. Nothing else may be longer than a function should be. */
const LONG_FUNCTIONS: Exceptions = {}

const house = readSources('src', 'sim', 'cli')
const everything = [...house, ...readSources('test', 'bench', 'examples')]

describe('every file', () => {
  it('has at most 400 lines', () => {
    expect(checkFileLength(everything, LONG_FILES)).toEqual([])
  })

  it('has functions of at most 70 lines', () => {
    expect(checkFunctionLength(everything, LONG_FUNCTIONS)).toEqual([])
  })

  it('of src, sim and cli opens by saying what it is', () => {
    expect(checkModuleComment(house)).toEqual([])
  })

  it('that is excused exists', () => {
    const paths = everything.map(({ path }) => path)
    const excused = [...Object.keys(LONG_FILES), ...Object.keys(LONG_FUNCTIONS)]
    expect(excused.filter((each) => !paths.includes(each.replace(/#.*/, '')))).toEqual([])
  })
})

const made = (text: string) => [parse('src/mesh/a.ts', text)]
const lines = (count: number) => 'x++\n'.repeat(count)

describe('the rules about length catch', () => {
  it('a file of 401 lines, unless it is excused, and not one of 400', () => {
    expect(checkFileLength(made(lines(401)), {})).toEqual([expect.stringContaining('401 lines')])
    expect(checkFileLength(made(lines(401)), { 'src/mesh/a.ts': 'a reason' })).toEqual([])
    expect(checkFileLength(made(lines(400)), {})).toEqual([])
  })

  it.each([
    ['f', `function f() {\n${lines(69)}}`],
    ['f', `const f = () => {\n${lines(69)}}`],
    ['m', `class A { m() {\n${lines(69)}} }`],
    ['#m', `class A { #m() {\n${lines(69)}} }`],
    ['m', `export const a = { m() {\n${lines(69)}} }`],
    ['a function without a name', `it('works', () => {\n${lines(69)}})`],
  ])('a function of 71 lines: %s', (name, text) => {
    expect(checkFunctionLength(made(text), {})).toEqual([
      expect.stringContaining(`: ${name.replace('#', '')} has 71 lines`),
    ])
  })

  it('and let pass what is shorter or excused', () => {
    expect(checkFunctionLength(made(`function f() {\n${lines(68)}}`), {})).toEqual([])
    const long = `function f() {\n${lines(69)}}`
    expect(checkFunctionLength(made(long), { 'src/mesh/a.ts#f': 'a reason' })).toEqual([])
  })

  it.each([
    `describe('x', () => {\n${lines(99)}it('y', f)\n})`,
    `describe.skipIf(no)('x', () => {\n${lines(99)}it.each([1])('y', f)\n})`,
    `export function describeStreams() {\n${lines(99)}describe('x', f)\n}`,
  ])('and let pass what lines up tests', (text) => {
    expect(checkFunctionLength(made(text), {})).toEqual([])
  })
})

describe('the rule about opening comments catches', () => {
  it.each([
    ['no comment', 'export const a = 1'],
    ['a line comment', '// A file that says what it is.\nexport const a = 1'],
    ['a plain block', '/* A file that says what it is. */\n\nexport const a = 1'],
    ['too few words', '/** A file. */\n\nexport const a = 1'],
    [
      'a comment about the first of two declarations',
      '/** The answer to the question. */\nexport const a = 1\nexport const b = 2',
    ],
    ['a comment that comes late', "import './b.ts'\n/** A file that says what it is. */\n\n"],
  ])('%s', (_, text) => {
    expect(checkModuleComment(made(text))).toHaveLength(1)
  })

  it.each([
    '/** A file that says what it is. */\n\nexport const a = 1\nexport const b = 2',
    '/** A class that is the whole file. */\nexport class A {}',
    "/** A file that says what it is. */\nimport { b } from './b.ts'",
    "/** A file that says what it is. */\nexport * from './b.ts'",
    '#!/usr/bin/env node\n/** A file that says what it is. */\n\nexport const a = 1',
  ])('nothing in %j', (text) => {
    expect(checkModuleComment(made(text))).toEqual([])
  })
})
