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
