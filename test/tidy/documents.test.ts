import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FINDINGS } from '../../src/discovery/doctor/findings.ts'
import {
  checkCodesLists,
  checkLock,
  checkNative,
  checkPrivate,
  checkSameNames,
  codesIn,
  explainedNames,
} from './documents.ts'
import { parse, ROOT, readSources } from './source.ts'

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8')
const lock = JSON.parse(read('package-lock.json'))
const library = readSources('src')

describe('docs/errors.md', () => {
  const path = 'docs/errors.md'

  it('explains every code, and no other', () => {
    expect(checkSameNames(codesIn(library), path, explainedNames(read(path)))).toEqual([])
  })

  it('can be compared: every list of codes is a plain one', () => {
    expect(checkCodesLists(library)).toEqual([])
    expect(codesIn(library)).toContain('ERR_EARSHOT_BAD_OPTION')
  })
})

describe('docs/doctor.md', () => {
  const path = 'docs/doctor.md'

  it('explains every finding with its level, and no other', () => {
    const explained = explainedNames(read(path)).filter((name) =>
      /^[a-z]+(-[a-z0-9]+)+$/.test(name),
    )
    expect(checkSameNames(Object.keys(FINDINGS), path, explained)).toEqual([])
    for (const [code, level] of Object.entries(FINDINGS)) {
      expect(read(path)).toContain(`| \`${code}\` | ${level} |`)
    }
  })
})

describe('docs/dependencies.md', () => {
  const path = 'docs/dependencies.md'

  it('gives the reason for every dependency', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'))
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(checkSameNames(names, path, explainedNames(read(path)))).toEqual([])
  })
})

describe('package-lock.json', () => {
  it('holds no native package that a user must install', () => {
    expect(checkNative(lock)).toEqual([])
  })

  it('holds the packages of every platform, and no address', () => {
    expect(checkLock(lock)).toEqual([])
  })
})

describe('the tracked files', () => {
  it('hold no path of a machine and no registry', () => {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    const paths = listed.split('\0').filter((path) => path !== '' && existsSync(`${ROOT}${path}`))
    expect(paths).toContain('package.json')
    expect(paths.flatMap((path) => checkPrivate(path, read(path)))).toEqual([])
  })
})

describe('the rules about documents catch', () => {
  const markdown = [
    '## `ERR_A`',
    '- `code-b`: what it means, unlike `code-x`',
    '| `code-c` | text |',
    '* **`code-d`** text',
    'A sentence about `code-y`.',
  ].join('\n')

  it('names that are missing on either side', () => {
    const explained = explainedNames(markdown)
    expect(explained).toEqual(['ERR_A', 'code-b', 'code-c', 'code-d'])
    expect(checkSameNames(['ERR_A', 'code-b', 'code-c', 'code-e'], 'd.md', explained)).toEqual([
      'd.md: does not explain code-e',
      'd.md: explains code-d, which does not exist',
    ])
  })

  it('codes of lists and tables that are exported as *_CODES', () => {
    const made = parse(
      'src/a.ts',
      `export const A_CODES = { ERR_A: 'text', 'ERR_B': 'text' } as const
       export const B_CODES = ['code-c', 'code-d'] as const satisfies readonly string[]
       const PRIVATE_CODES = ['code-x']
       export const NAMES = ['code-y']`,
    )
    expect(codesIn([made])).toEqual(['ERR_A', 'ERR_B', 'code-c', 'code-d'])
    expect(checkCodesLists([made])).toEqual([])
  })

  it('lists of codes that it cannot read', () => {
    const made = parse('src/a.ts', 'export const A_CODES = Object.keys(TABLE)')
    expect(checkCodesLists([made])).toEqual(['src/a.ts:1: must be a plain list or table of codes'])
  })
})

describe('the rules about the lock catch', () => {
  it('native packages that are neither optional nor for development', () => {
    const packages = {
      '': {},
      'node_modules/plain': {},
      'node_modules/tool': { hasInstallScript: true, dev: true },
      'node_modules/faster': { cpu: ['x64'], optional: true },
      'node_modules/builds': { hasInstallScript: true },
      'node_modules/prebuilt': { os: ['linux'] },
    }
    expect(checkNative({ packages })).toEqual([
      expect.stringContaining('node_modules/builds is native'),
      expect.stringContaining('node_modules/prebuilt is native'),
    ])
  })

  it('addresses, and packages of other platforms that are left out', () => {
    const packages = {
      'node_modules/a': { resolved: 'https://example.org/a.tgz' },
      'node_modules/b': { optionalDependencies: { 'b-linux': '1.0.0', 'b-darwin': '1.0.0' } },
      'node_modules/b-linux': { optional: true },
    }
    expect(checkLock({ packages })).toEqual([
      'package-lock.json: node_modules/a has an address',
      'package-lock.json: lacks b-darwin, run npm run lock',
    ])
  })
})

describe('the rule about private text catches', () => {
  // In two parts: this file is tracked too.
  it.each(['work', 'root', 'opt'])('paths under /%s', (folder) => {
    expect(checkPrivate('a.md', `see "/${folder}/x"\n\n/${folder}/y`)).toEqual([
      `a.md:1: holds /${folder}/`,
      `a.md:3: holds /${folder}/`,
    ])
  })

  it('registries, and not other paths', () => {
    const host = `registry.${'npmjs'}.org`
    expect(checkPrivate('a.json', `"https://${host}/a"`)).toEqual([
      `a.json:1: holds ${host.slice(0, -4)}`,
    ])
    expect(checkPrivate('a.md', 'docs/work/a.md, ./opt/b, ~/work/c, /usr/bin')).toEqual([])
  })
})
