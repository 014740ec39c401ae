/** Visitors and libzmq: it minds neither what our READY says beside, nor a dialler without an identity. */
import { randomInt } from 'node:crypto'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import * as zmq from 'zeromq'
import { ByteWriter } from '../../src/base/bytes.ts'
import { peerIdFromBytes } from '../../src/base/peer-id.ts'
import { visit } from '../../src/discovery/visit.ts'
import { createNode, nodePlatform, type PeerInfo } from '../../src/index.ts'
import { encodeZre, zreLength } from '../../src/zre/encode.ts'
import type { Hello } from '../../src/zre/message.ts'
import { closeAll, IDENTITY, newDealer, newRouter, opened } from './links.ts'

afterEach(closeAll)

/** A node on the loopback interface. */
async function newNode() {
  const node = await createNode({ interfaces: '127.0.0.1', port: randomInt(20_000, 32_000) })
  onTestFinished(() => node.stop())
  return { node, endpoint: node.endpoints()[0]! }
}

function helloBytes(endpoint: string): Uint8Array {
  const headers = new Map<string, string>()
  const fields = { sequence: 1, groups: [], status: 0, name: 'c', headers }
  const hello: Hello = { kind: 'hello', endpoint, ...fields }
  const writer = new ByteWriter(new Uint8Array(zreLength(hello)))
  encodeZre(hello, writer)
  return writer.bytes
}

it('a libzmq DEALER takes our READY with X-Earshot for a READY, and its HELLO arrives', async () => {
  const { node, endpoint } = await newNode()
  // What dials need not be listened for: the node finds the mailbox of its peer at this ROUTER.
  const { endpoint: mailbox } = await newRouter()
  const entered = new Promise<PeerInfo>((resolve) => node.on('enter', ({ peer }) => resolve(peer)))
  const dealer = newDealer()
  dealer.connect(endpoint)
  await dealer.send([Buffer.from(helloBytes(mailbox))])
  expect((await entered).id).toBe(peerIdFromBytes(IDENTITY, 1))
  expect(node.metrics().warnings).toEqual({})
})

it('a libzmq DEALER without an identity is a visitor, and nothing is warned of', async () => {
  const { node, endpoint } = await newNode()
  const dealer = opened(new zmq.Dealer())
  const left = new Promise((resolve) => dealer.events.on('disconnect', resolve))
  dealer.connect(endpoint)
  await left
  expect(node.metrics().mesh.visitors).toBeGreaterThan(0)
  expect([node.metrics().warnings, node.metrics().peers]).toEqual([{}, []])
})

it('a visit takes a libzmq ROUTER for what it is', async () => {
  const { endpoint } = await newRouter()
  const port = Number(endpoint.split(':').at(-1))
  const seen = await visit(nodePlatform, { address: '127.0.0.1', port })
  expect(seen).toMatchObject({ kind: 'mailbox', implementation: 'libzmq', from: '127.0.0.1' })
})
