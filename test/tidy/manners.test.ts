import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  checkAddresses,
  checkInterfaces,
  checkSwitchedOff,
  checkWaitingForTime,
  type Excuses,
} from './manners.ts'
import { parse, ROOT, readSources } from './source.ts'

/** The only test files with timers of their own, which all others wait through. */
const TIMERS: Excuses = {}

/** Files and folders that may name addresses beyond loopback. */
const ADDRESSES: Excuses = {
  'test/e2e': 'runs in network namespaces of its own',
  'test/tidy': 'holds the made-up violations',
}

/** Files and folders that may leave the choice of interfaces to the node. */
const INTERFACES: Excuses = {
  'test/e2e': 'runs in network namespaces of its own',
}

const tests = readSources('test')
const outside = [...tests, ...readSources('bench', 'examples')]

describe('tests, benchmarks and examples', () => {
  it('wait for facts, not for time', () => {
    expect(checkWaitingForTime(tests, TIMERS)).toEqual([])
  })

  it('are not switched off without a reason', () => {
    expect(checkSwitchedOff(tests)).toEqual([])
  })

  it('name no address beyond the loopback interface', () => {
    expect(
      checkAddresses(outside, [...outside, ...readSources('src', 'sim', 'cli')], ADDRESSES),
    ).toEqual([])
  })

  it('start nodes only on interfaces that they name', () => {
    expect(checkInterfaces(outside, INTERFACES)).toEqual([])
  })

  it('have no excuse for what does not exist', () => {
    const excused = [TIMERS, ADDRESSES, INTERFACES].flatMap((each) => Object.keys(each))
    expect(excused.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([])
  })
})

const made = (text: string) => [parse('test/unit/a.test.ts', text)]
const excuse: Excuses = { 'test/unit/a.test.ts': 'a reason' }

describe('the rule about waiting catches', () => {
  it.each([
    'await new Promise((done) => setTimeout(done, 50))',
    "import { setTimeout as sleep } from 'node:timers/promises'",
    "import { scheduler } from 'timers/promises'",
    "import * as timers from 'node:timers/promises'",
    'setInterval(() => {}, 5)',
    'globalThis.setTimeout(() => {}, 5)',
    'Atomics.wait(cells, 0, 0, 50)',
  ])('%s', (text) => {
    expect(checkWaitingForTime(made(text), {})).toHaveLength(1)
    expect(checkWaitingForTime(made(text), excuse)).toEqual([])
  })

  it.each([
    'clock.setTimeout(5)',
    "const text = 'setTimeout'",
    "import { setImmediate } from 'node:timers/promises'",
  ])('nothing in: %s', (text) => {
    expect(checkWaitingForTime(made(text), {})).toEqual([])
  })
})

describe('the rule about switched-off tests catches', () => {
  it.each([
    "it.only('x', () => {})",
    "// A reason excuses no .only.\ndescribe.only('x', () => {})",
    "it.concurrent.only('x', () => {})",
    "it.skip('x', () => {})",
    "describe.skipIf(isWindows)('x', () => {})",
    "it.each([1]).skip('x', () => {})",
    "it.todo('x')",
  ])('%s', (text) => {
    expect(checkSwitchedOff(made(text))).toHaveLength(1)
  })

  it('not those with a reason, and no other skip', () => {
    const text = "// Needs root on Linux.\ndescribe.skipIf(!isRoot)('x', () => {})\nreader.skip(4)"
    expect(checkSwitchedOff(made(text))).toEqual([])
  })
})

describe('the rules about the network catch', () => {
  it.each([
    "const at = '0.0.0.0'",
    "const to = 'udp://255.255.255.255:5670'",
    "const group = '239.192.1.1'",
    "const mdns = '224.0.0.251'",
    "const any = '::'",
    "router.bind('tcp://*:5555')",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a file.
    'const to = `tcp://0.0.0.0:${port}`',
  ])('%s', (text) => {
    const sending = made(`import 'node:net'\n${text}`)
    expect(checkAddresses(sending, sending, {})).toHaveLength(1)
    expect(checkAddresses(sending, sending, { test: 'a reason' })).toEqual([])
    expect(checkAddresses(made(text), made(text), {})).toEqual([])
  })

  it('no loopback or documentation address', () => {
    const text = "const a = ['127.0.0.1', '127.255.255.255', '192.0.2.1', '10.0.0.0', '1.0.0.0.0']"
    const sending = made(`import 'node:net' // 0.0.0.0 in a comment\n${text}`)
    expect(checkAddresses(sending, sending, {})).toEqual([])
  })

  it('an address in a file that reaches the network through another', () => {
    const test = parse('test/a.test.ts', "import '../src/index.ts'\nbind('0.0.0.0')")
    const index = parse('src/index.ts', "import './platform-node/b.ts'")
    const door = parse('src/platform-node/b.ts', "import { connect } from 'node:net'")
    expect(checkAddresses([test], [test, index, door], {})).toEqual([
      'test/a.test.ts:2: uses 0.0.0.0',
    ])
  })

  it.each([
    'createNode()',
    "createNode({ name: 'a' })",
    'createNode(options)',
    'createNode({ ...options })',
    'earshot.createNode({})',
    'createNode({ interfaces: undefined })',
    "createNode({ interfaces: ['lo', 'eth0'] })",
    "createNode({ interfaces: '10.0.0.1' })",
    'createNodeOn(nodePlatform)',
    "createNodeOn(nodePlatform, { name: 'a' })",
  ])('%s', (text) => {
    expect(checkInterfaces(made(text), {})).toHaveLength(1)
    expect(checkInterfaces(made(text), excuse)).toEqual([])
  })

  it.each([
    "createNode({ interfaces: ['lo'], ...options })",
    "createNode({ interfaces: '127.0.0.1' })",
    'createNode({ interfaces: [host.loopback] })',
    "createNodeOn(nodePlatform, { interfaces: '127.0.0.0/8' })",
    'createNodeOn(network.host(1), {})',
    'startNode()',
  ])('nothing in: %s', (text) => {
    expect(checkInterfaces(made(text), {})).toEqual([])
  })
})
