import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import type { MeshNode } from '../../src/index.ts'
import { it } from './command.ts'

/** Texts of the first `count` messages that come to a node. */
function heard(node: MeshNode, type: 'shout' | 'whisper', count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const texts: string[] = []
    node.on(type, ({ message }) => {
      texts.push(message.text())
      if (texts.length === count) resolve(texts)
    })
  })
}

describe.concurrent('shout', () => {
  it('sends its words to every member, and ends', async ({ scene }) => {
    const nodes = await Promise.all([
      scene.node({ name: 'ada', groups: ['ops'] }),
      scene.node({ name: 'ben', groups: ['ops'] }),
    ])
    const all = Promise.all(nodes.map((node) => heard(node, 'shout', 1)))
    const { code, stdout } = await scene.run(['shout', 'ops', 'dinner', 'is', 'ready'])
    expect(await all).toEqual([['dinner is ready'], ['dinner is ready']])
    expect({ code, stdout }).toEqual({ code: ExitCode.ok, stdout: '' })
  })

  it('without words sends all of stdin exactly as it is', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const came = ada.next('shout')
    const input = new Uint8Array([0, 255, 10, 13, 10])
    expect((await scene.run(['shout', 'ops'], { input })).code).toBe(ExitCode.ok)
    expect(new Uint8Array((await came).message.bytes())).toEqual(input)
  })

  it('with --lines sends each line of stdin as soon as it is there', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const shout = scene.start(['shout', 'ops', '--lines'])
    const first = heard(ada, 'shout', 1)
    shout.write('one\ntw')
    expect(await first).toEqual(['one'])
    const rest = heard(ada, 'shout', 2)
    shout.write('o\nthree')
    shout.endInput()
    expect(await rest).toEqual(['two', 'three'])
    expect((await shout.ended()).code).toBe(ExitCode.ok)
  })

  it('with --json tells what was sent, and to whom', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const { stdout } = await scene.run(['shout', 'ops', '--json', 'grüße'])
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'earshot.sent/1',
      group: 'ops',
      to: [{ id: ada.id, name: 'ada' }],
      bytes: 7,
    })
  })

  it('to a group with nobody in it ends with 3, and says who is elsewhere', async ({ scene }) => {
    await scene.node({ name: 'ada', groups: ['other'] })
    const { code, stderr } = await scene.run(['shout', 'ops', 'hi', '--timeout', '1.5s'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toBe(
      "earshot: nobody is in 'ops' after 1.5 s (peers outside it: 1); nothing was sent\n",
    )
  })

  it('with --wait sends only when so many members are there', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const shout = scene.start(['shout', 'ops', '--wait', '2', 'hi'])
    await ada.next('enter')
    const ben = await scene.node({ name: 'ben', groups: ['ops'] })
    await Promise.all([ada.next('shout'), ben.next('shout')])
    expect((await shout.ended()).code).toBe(ExitCode.ok)
  })

  it('with --wait ends with 27 when --timeout passes, and says how many were there', async ({
    scene,
  }) => {
    await scene.node({ name: 'ada', groups: ['ops'] })
    const args = ['shout', 'ops', '--wait', '2', '--timeout', '1.5s', 'hi']
    const { code, stderr } = await scene.run(args)
    expect(code).toBe(ExitCode.timeout)
    expect(stderr).toBe(
      "earshot: 1 of 2 members of 'ops' were there after 1.5 s; nothing was sent\n",
    )
  })

  it('takes text that begins with a dash after --', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const came = heard(ada, 'shout', 1)
    await scene.run(['shout', 'ops', '--', '--json', '-5'])
    expect(await came).toEqual(['--json -5'])
  })

  it('ends only when a slow reader has read everything', async ({ scene }) => {
    const count = 20_000
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    const input = Array.from({ length: count }, (_, i) => `${i}\n`).join('')
    const shout = scene.start(['shout', 'ops', '--lines'], { input })
    let received = 0
    for await (const event of ada.events()) {
      if (event.type === 'exit') break
      if (event.type !== 'shout') continue
      // A pause of the reader makes the node stop reading from the network.
      if (received++ % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(received).toBe(count)
    expect((await shout.ended()).code).toBe(ExitCode.ok)
  })

  it('ends with 27 when a reader does not read within --timeout', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada', groups: ['ops'] })
    ada.pause()
    const { code, stderr } = await scene.run(['shout', 'ops', '--timeout', '1s', 'hi'])
    expect(code).toBe(ExitCode.timeout)
    expect(stderr).toBe('earshot: not confirmed within 1 s by ada\n')
  })
})

describe.concurrent('whisper', () => {
  it('reaches one peer alone', async ({ scene }) => {
    const [ada, ben] = await Promise.all([scene.node({ name: 'ada' }), scene.node({ name: 'ben' })])
    const others: string[] = []
    ben.on('whisper', ({ message }) => others.push(message.text()))
    const came = heard(ada, 'whisper', 1)
    const { code, stdout } = await scene.run(['whisper', 'ada', '--json', 'psst'])
    expect(await came).toEqual(['psst'])
    expect(code).toBe(ExitCode.ok)
    expect(JSON.parse(stdout)).toMatchObject({ to: [{ id: ada.id }], bytes: 4 })
    expect(others).toEqual([])
  })

  it('finds its peer by UUID in any spelling, and by the beginning of name or UUID', async ({
    scene,
  }) => {
    const ada = await scene.node({ name: 'ada' })
    const id = ada.id.toLowerCase()
    const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    for (const reference of [ada.id, id, dashed, id.slice(0, 6), 'ad', 'ADA']) {
      const came = heard(ada, 'whisper', 1)
      expect((await scene.run(['whisper', reference, reference])).code, reference).toBe(0)
      expect(await came).toEqual([reference])
    }
  })

  it('to an ambiguous reference ends with 3 and lists the candidates', async ({ scene }) => {
    const [one, two] = await Promise.all([
      scene.node({ name: 'kitchen' }),
      scene.node({ name: 'kit' }),
    ])
    const { code, stderr } = await scene.run(['whisper', 'ki', 'hi'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toMatch(/^earshot: 'ki' fits 2 peers; use more of the name or of the id:\n/)
    expect(stderr).toContain(one.id)
    expect(stderr).toContain(two.id)
  })

  it('to nobody ends with 3 and says who is there instead', async ({ scene }) => {
    await scene.node({ name: 'ada' })
    const { code, stderr } = await scene.run(['whisper', 'bob', 'hi', '--timeout', '1.5s'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toBe("earshot: no peer 'bob'; those who are there: ada\n")
  })

  it('where nobody is ends with 3 and says where it looked', async ({ scene }) => {
    const { code, stderr } = await scene.run(['whisper', 'bob', 'hi', '--timeout', '100ms'])
    expect(code).toBe(ExitCode.noSuchPeer)
    expect(stderr).toBe(
      `earshot: no peer 'bob' within 100 ms: nobody answers on lo (127.0.0.1), UDP port ${scene.port}\n`,
    )
  })

  it('with --lines sends each line of stdin', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const came = heard(ada, 'whisper', 3)
    await scene.run(['whisper', 'ada', '--lines'], { input: 'one\r\n\ntwo' })
    expect(await came).toEqual(['one', '', 'two'])
  })
})

describe.concurrent('sub', () => {
  it('prints messages of its groups, and ends after --count', async ({ scene }) => {
    const sub = scene.start(['sub', 'a', 'b', '--group', 'c', '--count', '3', '--json'])
    const ada = await scene.node({ name: 'ada' })
    await ada.next('join', { where: ({ group }) => group === 'c' })
    for (const group of ['c', 'a', 'b', 'd', 'a', 'b']) await ada.shout(group, `to ${group}`)
    const { code } = await sub.ended()
    expect(code).toBe(ExitCode.ok)
    expect(sub.records).toMatchObject(
      ['a', 'b', 'a'].map((group) => ({
        type: 'earshot.shout/1',
        peer: { id: ada.id, name: 'ada' },
        group,
        text: `to ${group}`,
      })),
    )
  })

  it('in a pipe prints five fields a message, text made harmless', async ({ scene }) => {
    const sub = scene.start(['sub', 'ops', '--count', '1'])
    const ada = await scene.node({ name: 'ada' })
    await ada.next('join')
    await ada.shout('ops', 'two\nlines\tand \u001b[31mred\n')
    const { stdout } = await sub.ended()
    const fields = stdout.replace(/\n$/, '').split('\t')
    expect(fields[0]).toMatch(/^\d{4}-.*Z$/)
    expect(fields.slice(1)).toEqual(['ops', 'ada', ada.id, 'two\\nlines\\tand \\x1b[31mred'])
  })

  it('ends with 27 when --timeout passes, and says how many messages came', async ({ scene }) => {
    const { code, stderr } = await scene.run(['sub', 'ops', '--count', '2', '--timeout', '200ms'])
    expect(code).toBe(ExitCode.timeout)
    expect(stderr).toBe('earshot: ended by --timeout after 200 ms: 0 of 2 messages came\n')
  })

  it('and shout work together through pipes, without a loss', async ({ scene }) => {
    const count = 5_000
    const sub = scene.start(['sub', 'ops', '--count', String(count)])
    const lines = Array.from({ length: count }, (_, i) => `line ${i}`)
    const input = lines.map((line) => `${line}\n`).join('')
    const shout = await scene.run(['shout', 'ops', '--lines', '--wait', '1'], { input })
    expect(shout).toMatchObject({ code: ExitCode.ok, stderr: '' })
    const { code } = await sub.ended()
    expect(code).toBe(ExitCode.ok)
    expect(sub.lines.map((line) => line.split('\t').at(-1))).toEqual(lines)
  })
})
