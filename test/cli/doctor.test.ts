import { describe, expect } from 'vitest'
import { findingFields, findingLines, verdictLine } from '../../cli/doctor/print.ts'
import { painter } from '../../cli/render/style.ts'
import type { Finding } from '../../src/index.ts'
import { it } from './command.ts'

const plain = painter(false)
const SHORT = ['--for', '1.2s']

const codes = (stdout: string, level: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([each]) => each === level)
    .map(([, code = '']) => code)

describe('earshot doctor', () => {
  it('of two nodes that meet finds no problem: exit code 0', async ({ scene }) => {
    await scene.node({ name: 'kitchen' })
    const { code, stdout, stderr } = await scene.run(['doctor', ...SHORT])
    expect([code, stderr]).toEqual([0, ''])
    expect(codes(stdout, 'problem')).toEqual([])
    expect(codes(stdout, 'ok')).toContain('mailbox-reachable')
    for (const line of stdout.split('\n').slice(0, -1)) expect(line.split('\t')).toHaveLength(4)
  })

  it('where nobody is tells it as a problem: exit code 1', async ({ scene }) => {
    const { code, stdout } = await scene.run(['doctor', ...SHORT])
    expect(code).toBe(1)
    expect(codes(stdout, 'problem')).toEqual(['nobody-found'])
  })

  it('of one peer looks at that one alone, by the beginning of its name or by its address', async ({
    scene,
  }) => {
    const node = await scene.node({ name: 'kitchen' })
    await scene.node({ name: 'hall' })
    for (const reference of ['kitch', node.endpoints()[0]!.slice('tcp://'.length)]) {
      const { code, stdout } = await scene.run(['doctor', reference, ...SHORT])
      expect(code, reference).toBe(0)
      expect(stdout).toContain('kitchen (127.0.0.1:')
      expect(stdout).not.toContain('hall')
    }
  })

  it('of a peer that is not there says so', async ({ scene }) => {
    await scene.node({ name: 'kitchen' })
    const { code, stdout } = await scene.run(['doctor', 'attic', ...SHORT])
    expect([code, codes(stdout, 'problem')]).toEqual([1, ['peer-not-found']])
  })

  it('with --json gives an object for each finding, with facts', async ({ scene }) => {
    const node = await scene.node({ name: 'kitchen' })
    const { stdout } = await scene.run(['doctor', '--json', ...SHORT])
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(findings.find(({ code }) => code === 'mailbox-reachable')).toMatchObject({
      type: 'earshot.finding/1',
      level: 'ok',
      advice: [],
      facts: { peer: { id: node.id, name: 'kitchen' }, dialBack: { outcome: 'connected' } },
    })
  })

  it('of an interface that is not there finds that: exit code 1', async ({ scene }) => {
    const { code, stdout } = await scene.run(['doctor', '--interface', 'nix'])
    expect([code, codes(stdout, 'problem')]).toEqual([1, ['interface-none']])
    expect(stdout).toContain('No network interface matches nix; available: lo (127.0.0.1)')
  })

  it('of a mailbox port that is taken finds that', async ({ scene }) => {
    const node = await scene.node({ name: 'kitchen' })
    const port = node.endpoints()[0]!.split(':').at(-1)!
    const { code, stdout } = await scene.run(['doctor', '--mailbox-port', port])
    expect([code, codes(stdout, 'problem')]).toEqual([1, ['mailbox-port-in-use']])
  })

  it('with an empty PEER is a mistake on the command line', async ({ scene }) => {
    const { code, stderr } = await scene.run(['doctor', ''])
    expect([code, stderr]).toEqual([2, 'earshot: PEER is empty\n'])
  })
})

const FINDING: Finding = {
  code: 'beacon-not-heard',
  level: 'problem',
  sentence:
    'Our own beacons do not come back on eth0\u001b (UDP 5670): a rule drops them, as it seems.',
  advice: [
    '`sudo ufw allow 5670/udp`',
    'Or another network, which lets beacons and links through.',
  ],
  facts: {},
}

describe('findings', () => {
  it('are wrapped on a terminal, with their advice beneath, and nothing that it obeys', () => {
    expect(findingLines(FINDING, plain, 60)).toEqual([
      'problem  Our own beacons do not come back on eth0\\x1b (UDP',
      '         5670): a rule drops them, as it seems.',
      '         beacon-not-heard',
      '         - `sudo ufw allow 5670/udp`',
      '         - Or another network, which lets beacons and links',
      '           through.',
    ])
  })

  it('are four fields in a pipe', () => {
    const fields = findingFields(FINDING).split('\t')
    expect(fields).toHaveLength(4)
    expect(fields.slice(0, 2)).toEqual(['problem', 'beacon-not-heard'])
  })

  it('are counted at the end', () => {
    expect(verdictLine([FINDING, FINDING], plain)).toBe('2 problems, 0 ok')
    expect(verdictLine([{ ...FINDING, level: 'note' }], plain)).toBe('no problems, 1 note, 0 ok')
  })
})
