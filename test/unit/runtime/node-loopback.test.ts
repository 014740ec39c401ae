/** The same nodes over real sockets, on the loopback interface only. Everything finer is in `node.test.ts`. */
import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { createNode } from '../../../src/index.ts'
import { json } from '../../../src/runtime/codecs/json.ts'

const interfaces = '127.0.0.1'

/** UDP ports of their own keep tests that run side by side apart. */
const freshPort = (): number => randomInt(20_000, 32_000)

it('two nodes meet, talk, and part', async () => {
  const port = freshPort()
  await using a = await createNode({ name: 'a', interfaces, port, groups: ['chat'] })
  const entered = a.next('enter')
  const b = await createNode({ name: 'b', interfaces, port, groups: ['chat'] })
  const met = b.next('enter')
  expect((await entered).peer).toMatchObject({ id: b.id, name: 'b', groups: ['chat'] })
  expect((await met).peer.id).toBe(a.id)

  const whisper = b.next('whisper')
  const large = new Uint8Array(1_000_000).fill(7)
  await a.whisper(b, [large, new Uint8Array()])
  const { message } = await whisper
  expect(message.frames().map(({ length }) => length)).toEqual([1_000_000, 0])
  expect(Buffer.compare(message.frame(0), large)).toBe(0)

  const shout = a.next('shout')
  await b.shout('chat', 'hello all')
  expect((await shout).message.text()).toBe('hello all')
  expect(await a.ping(b)).toBeGreaterThan(0)

  const exit = a.next('exit')
  await b.stop()
  expect((await exit).reason).toBe('goodbye')
})

it('typed groups carry values', async () => {
  const port = freshPort()
  await using a = await createNode({ interfaces, port })
  await using b = await createNode({ interfaces, port })
  const values: unknown[] = []
  const readings = b.group('readings', { codec: json<{ celsius: number }>() })
  const heard = new Promise<void>((resolve) => {
    readings.on('message', ({ value }) => {
      values.push(value)
      resolve()
    })
  })
  await a.next('join', { where: ({ group }) => group === 'readings' })
  await a.group('readings', { codec: json<{ celsius: number }>() }).shout({ celsius: 21.5 })
  await heard
  expect(values).toEqual([{ celsius: 21.5 }])
})

it('ten thousand messages arrive in order while the reader takes its time', async () => {
  const port = freshPort()
  await using a = await createNode({ interfaces, port })
  await using b = await createNode({ interfaces, port })
  await a.next('enter')
  if (b.peers().length === 0) await b.next('enter')
  const events = b.events({ buffer: 16 })
  const sending = (async () => {
    for (let i = 0; i < 10_000; i++) await a.whisper(b, `${i}`.padEnd(1_000))
  })()
  const heard: number[] = []
  for await (const event of events) {
    if (event.type === 'whisper') heard.push(Number(event.message.text()))
    if (heard.length === 10_000) break
  }
  await sending
  expect(heard).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
})

it('a member that does not read costs the others nothing, and its memory stays within the marks', async () => {
  const port = freshPort()
  const groups = ['feed']
  const limits = { outboxMessages: 1_000 }
  const timers = { blockedAfterMs: 100 }
  await using sender = await createNode({
    interfaces,
    port,
    limits,
    timers,
    whenFull: 'drop-oldest',
  })
  await using slow = await createNode({ name: 'slow', interfaces, port, groups })
  await using quick = await createNode({ name: 'quick', interfaces, port, groups })
  while (sender.members('feed').length < 2) await sender.next('join')
  const heard: number[] = []
  const late: number[] = []
  const numberOf = (text: string): number => Number.parseInt(text, 10)
  quick.on('shout', ({ message }) => heard.push(numberOf(message.text())))
  slow.on('shout', ({ message }) => late.push(numberOf(message.text())))
  slow.pause()
  let sent = 0
  let blocked = 0
  let most = 0
  sender.on('blocked', ({ peer }) => {
    if (peer.id === slow.id) blocked++
  })
  // As much as the buffers of both hosts and the outbox hold, and then as much again.
  while (blocked === 0 || sender.metrics().mesh.messagesDropped < 2_000) {
    for (let i = 0; i < 100; i++) {
      await sender.shout('feed', `${sent++} `.padEnd(8_000, '.'))
    }
    // At the pace of the one that reads.
    while (heard.length < sent - 500) await quick.next('shout')
    for (const { outboxBytes } of sender.metrics().peers) most = Math.max(most, outboxBytes)
  }
  while (heard.length < sent) await quick.next('shout')
  expect(heard).toEqual(Array.from({ length: sent }, (_, i) => i))
  expect(most).toBeLessThan(8 * 2 ** 20 + 512 * 1_024)
  slow.resume()
  while (late.at(-1) !== sent - 1) await slow.next('shout')
  expect(late).toEqual(late.toSorted((a, b) => a - b))
  expect(late.length).toBe(sent - sender.metrics().mesh.messagesDropped)
})
