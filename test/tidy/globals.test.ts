import { describe, expect, it } from 'vitest'
import { checkConsole, checkHost, checkWaiting } from './globals.ts'
import { filesBeneath } from './house.ts'
import { parse, readSources } from './source.ts'

const library = readSources('src')
const BELOW_RUNTIME = ['src/base', 'src/zmtp', 'src/zre', 'src/mesh']

describe('the library', () => {
  it('touches no clock, timer, randomness or global of the host in its core', () => {
    expect(checkHost(readSources(...BELOW_RUNTIME, 'src/runtime'))).toEqual([])
  })

  it('touches none of them beneath src/core.ts', () => {
    const beneath = filesBeneath('src/core.ts', library)
    expect(checkHost(library.filter(({ path }) => beneath.has(path)))).toEqual([])
  })

  it('waits for nothing below the runtime', () => {
    expect(checkWaiting(readSources(...BELOW_RUNTIME))).toEqual([])
  })

  it('never prints', () => {
    expect(checkConsole(library)).toEqual([])
  })
})

const made = (text: string) => [parse('src/mesh/a.ts', text)]

describe('the rule about the host catches', () => {
  it.each([
    'export const at = Date.now()',
    'export const at = new Date()',
    'export const at = +new (Date as unknown as new () => number)()',
    'export const clock = { Date }',
    'export { Date }',
    'export default process',
    'export const at = performance.now()',
    'export const r = Math.random()',
    "export const r = Math['random']()",
    'export const { random } = Math',
    'export const math = Math',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'setImmediate(() => {})',
    'clearTimeout(1)',
    'export const pid = process.pid',
    'export const bytes = Buffer.alloc(1)',
    'export const f = (bytes: Buffer) => bytes',
    'export type T = NodeJS.Timeout',
    'export type T = ReturnType<typeof setTimeout>',
    "console.log('hello')",
    'globalThis.setTimeout(() => {}, 1)',
    'crypto.getRandomValues(new Uint8Array(1))',
    'export const signal = AbortSignal.timeout(5)',
    "export const net = require('net')",
    'export class A { at = Date.now() }',
    'export const f = (now = Date.now()) => now',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a file.
    'export const text = `${Date.now()}`',
    // A name of one's own excuses nothing outside its scope.
    '{ const Date = 1 }\nexport const at = Date.now()',
    'export function f(process: number) { return process }\nprocess.exit()',
  ])('%s', (text) => {
    expect(checkHost(made(text))).toHaveLength(1)
  })

  it('a name of the host that is declared, not made', () => {
    const text = 'declare const process: { pid: number }\nexport const pid = process.pid'
    expect(checkHost(made(text))).toContain('src/mesh/a.ts:2: must not use process')
  })

  it.each([
    'export const at = (clock: { Date: number }) => clock.Date',
    'export interface Event { Date: number; console: string; setTimeout(at: number): void }',
    'export const table = { Date: 1, process: 2 }',
    'export type At = Date',
    'export class A { process() {} performance = 1 }',
    'export class A { m() { this.process() }\n process() {} }',
    'function process() {}\nprocess()',
    'export const f = (crypto: { open(): void }) => crypto.open()',
    'export const f = ({ console }: { console: { log(): void } }) => console.log()',
    'export function f(g: () => void) { try { g() } catch (process) { throw process } }',
    'for (const process of [1]) String(process)',
    'export const big = Math.max(1, 2)',
    'export const f = (signal: AbortSignal) => signal.aborted',
    'export const is = (x: unknown) => x instanceof AbortSignal',
    'process: for (;;) break process',
    '// Date.now() and process.exit() in a comment\nexport const text = "Date.now()"',
    'export type F = (process: number) => void',
  ])('nothing in: %s', (text) => {
    expect(checkHost(made(text))).toEqual([])
  })
})

describe('the rule about waiting catches', () => {
  it.each([
    'export async function f() {}',
    'export const f = async () => {}',
    'export class A { async m() {} }',
    'export const p = Promise.resolve()',
    'export const f = (): Promise<void> => undefined!',
    'export interface A { m(): Promise<void> }',
    'export type S = AsyncIterable<number>',
    'queueMicrotask(() => {})',
    'export const p = new Promise(() => {})',
    'await 0',
    'for await (const x of []) String(x)',
    'await using x = y',
  ])('%s', (text) => {
    expect(checkWaiting(made(text)).length).toBeGreaterThan(0)
  })

  it('nothing in plain calls and own names', () => {
    expect(checkWaiting(made('export const f = (now: number) => [now].map(String)'))).toEqual([])
    expect(checkWaiting(made('export const f = (clock: Clock) => clock.queueMicrotask'))).toEqual(
      [],
    )
  })
})

describe('the rule about printing catches', () => {
  it('console, and not a console of its own', () => {
    expect(checkConsole(made("console.error('x')"))).toEqual([
      'src/mesh/a.ts:1: must not use console',
    ])
    expect(checkConsole(made('export const f = (console: Out) => console.log()'))).toEqual([])
  })
})
