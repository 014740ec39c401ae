/** Whole nodes and the log sockets of a real libzmq: a node that collects, a node that reports. On 127.0.0.1. */
import { afterEach, expect, it, vi } from 'vitest'
import * as zmq from 'zeromq'
import type { MeshNode } from '../../src/index.ts'
import { createNode, meshLog } from '../../src/index.ts'
import { decodeRecord, encodeRecord } from '../../src/log/zre-log/record.ts'
import { closeAll, opened } from './links.ts'

vi.mock('../../src/runtime/options.ts', async (importActual) => {
  const { withForeignNodes } = await import('../support/foreign.ts')
  return withForeignNodes(importActual)
})

const HOST = '127.0.0.1'
/** A beacon port for each test process, below the ports that the host gives out. */
const port = 20_000 + (process.pid % 12_000)

const nodes: MeshNode[] = []

async function newNode(options: Parameters<typeof createNode>[0]): Promise<MeshNode> {
  const node = await createNode({ interfaces: HOST, port, ...options })
  nodes.push(node)
  return node
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  closeAll()
})

it('a node with a collector announces it, and gives what a libzmq PUB says among its records', async () => {
  const node = await newNode({ log: { zreLogCollector: { address: HOST } } })
  const other = await newNode({ log: false })
  const { peer } = await other.next('enter')
  const publisher = opened(new zmq.Publisher())
  publisher.connect(peer.headers['X-ZRELOG']!)
  const records = meshLog(node).collect({ own: false })
  const record = {
    level: 'error',
    event: 'none',
    node: 7,
    peer: 0,
    time: 1_700_000_000_000,
    data: 'ouch',
  }
  let isOver = false
  const send = async (): Promise<void> => {
    // What a PUB sends before it knows of a subscription goes nowhere.
    while (!isOver) {
      await publisher.send(encodeRecord(record as Parameters<typeof encodeRecord>[0]))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const sending = send()
  for await (const entry of records) {
    if (entry.type !== 'record' || entry.msg !== 'ouch') continue
    expect(entry).toMatchObject({ name: 'zre-0007', level: 50 })
    break
  }
  isOver = true
  await sending
})

it('a node reports to a libzmq SUB that a peer of another implementation announces', async () => {
  const subscriber = opened(new zmq.Subscriber())
  await subscriber.bind(`tcp://${HOST}:*`)
  subscriber.subscribe()
  const node = await newNode({ name: 'reporter' })
  await newNode({ name: 'foreign', log: false, headers: { 'X-ZRELOG': subscriber.lastEndpoint! } })
  await node.next('enter')
  const [bytes] = await subscriber.receive()
  expect(decodeRecord(bytes!)).toMatchObject({
    record: { level: 'info', event: 'enter', data: 'foreign entered' },
  })
})
