/**
 * Gossip with a real libzmq: our hub and a DEALER, our client and a ROUTER, as CZMQ's zgossip would use them. The frames
 * are those that CZMQ 4.2.1 was seen to send. Real sockets on 127.0.0.1.
 */
import { afterEach, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import { type Gossip, startGossip } from '../../src/discovery/gossip/gossip.ts'
import type { GossipOptions } from '../../src/discovery/gossip/options.ts'
import { nodePlatform } from '../../src/platform-node/platform.ts'
import { FakeHost, mailboxAt } from '../support/discovery-host.ts'
import { closeAll, closeLater, opened } from './links.ts'

afterEach(closeAll)

const UUID = '0123456789ABCDEF0123456789ABCDEF'
const VALUE = 'tcp://127.0.0.1:5555'
const HELLO = Buffer.from('aaa00101', 'hex')
const PING = Buffer.from('aaa00301', 'hex')
const PONG = 'aaa00401'
const INVALID = Buffer.from('aaa00501', 'hex')
const PUBLISH = publishOf(UUID, VALUE)

function publishOf(key: string, value: string): Buffer {
  const head = Buffer.from([0xaa, 0xa0, 2, 1, key.length])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(value.length)
  return Buffer.concat([head, Buffer.from(key), length, Buffer.from(value), Buffer.alloc(4)])
}

function start(number: number, options: GossipOptions): { host: FakeHost; gossip: Gossip } {
  const host = new FakeHost(nodePlatform, number, [mailboxAt('127.0.0.1', 50_000 + number)])
  const gossip = startGossip(host, options)
  closeLater(() => gossip.close())
  return { host, gossip }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The runner's own limit ends a wait that is in vain. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn()
}

async function hubEndpoint(gossip: Gossip): Promise<string> {
  await until(() => gossip.listening !== undefined)
  return `tcp://127.0.0.1:${gossip.listening!.port}`
}

/** The next message that is not `skipped`, in hex. */
async function next(dealer: zmq.Dealer, skipped?: string): Promise<string> {
  for (;;) {
    const [frame] = await dealer.receive()
    const hex = frame!.toString('hex')
    if (hex !== skipped) return hex
  }
}

describe('our hub and a DEALER of libzmq', () => {
  it('tells what it knows after HELLO, takes what is published, and answers PING', async () => {
    const { host, gossip } = start(1, { bind: 'tcp://127.0.0.1:*' })
    const dealer = opened(new zmq.Dealer())
    dealer.connect(await hubEndpoint(gossip))
    await dealer.send(HELLO)
    const own = publishOf(host.id, 'tcp://127.0.0.1:50001')
    expect(await next(dealer)).toBe(own.toString('hex'))
    await dealer.send(PUBLISH)
    await dealer.send(PING)
    expect(await next(dealer)).toBe(PONG)
    await until(() => host.proposals.length > 0)
    expect(host.proposals[0]).toMatchObject({
      way: 'gossip',
      id: UUID,
      endpoints: [{ address: '127.0.0.1', port: 5_555 }],
    })
  })

  it('passes on to one client what another publishes', async () => {
    const { gossip } = start(2, { bind: 'tcp://127.0.0.1:*' })
    const endpoint = await hubEndpoint(gossip)
    const [one, two] = [opened(new zmq.Dealer()), opened(new zmq.Dealer())]
    for (const dealer of [one, two]) {
      dealer.connect(endpoint)
      await dealer.send(HELLO)
      await next(dealer)
    }
    await one.send(PUBLISH)
    expect(await next(two)).toBe(PUBLISH.toString('hex'))
  })

  it('answers INVALID to PUBLISH before HELLO', async () => {
    const { gossip } = start(3, { bind: 'tcp://127.0.0.1:*' })
    const dealer = opened(new zmq.Dealer())
    dealer.connect(await hubEndpoint(gossip))
    await dealer.send(PUBLISH)
    expect(await next(dealer)).toBe(INVALID.toString('hex'))
  })

  it('drops one that does not speak gossip, and serves it when it does', async () => {
    const { host, gossip } = start(4, { bind: 'tcp://127.0.0.1:*' })
    const dealer = opened(new zmq.Dealer())
    dealer.connect(await hubEndpoint(gossip))
    await dealer.send('no gossip')
    await until(() => gossip.metrics().invalid === 1)
    expect(host.warnings).toMatchObject([{ code: 'gossip-invalid' }])
    await dealer.send(HELLO)
    expect(await next(dealer)).toContain(Buffer.from(host.id).toString('hex'))
  })
})

describe('our client and a ROUTER of libzmq', () => {
  it('says HELLO, publishes itself, pings within a second, and says it all again after INVALID', async () => {
    const router = opened(new zmq.Router())
    await router.bind('tcp://127.0.0.1:*')
    const { host } = start(5, { connect: router.lastEndpoint! })
    const own = publishOf(host.id, 'tcp://127.0.0.1:50005').toString('hex')
    const said: string[] = []
    let hellos = 0
    while (hellos < 2 || said.at(-1) !== own) {
      const [id, frame] = await router.receive()
      const hex = frame!.toString('hex')
      said.push(hex)
      if (hex === HELLO.toString('hex') && ++hellos === 1) await router.send([id!, PUBLISH])
      if (hex === PING.toString('hex') && hellos === 1) await router.send([id!, INVALID])
    }
    expect(said.slice(0, 2)).toEqual([HELLO.toString('hex'), own])
    expect(said).toContain(PING.toString('hex'))
    await until(() => host.proposals.some(({ id }) => id === UUID))
  })

  it('comes again when the ROUTER does', async () => {
    const first = new zmq.Router()
    await first.bind('tcp://127.0.0.1:*')
    const endpoint = first.lastEndpoint!
    const { gossip } = start(6, { connect: endpoint })
    await first.receive()
    first.close()
    await until(() => gossip.metrics().hubs === 0)
    const second = opened(new zmq.Router())
    await second.bind(endpoint)
    const [, frame] = await second.receive()
    expect(frame!.toString('hex')).toBe(HELLO.toString('hex'))
  })
})

describe('our hub and our client', () => {
  it('find each other over real sockets, and forget each other on the spot', async () => {
    const hub = start(7, { bind: 'tcp://127.0.0.1:*' })
    const client = start(8, { connect: await hubEndpoint(hub.gossip) })
    await until(() => client.host.proposals.length > 0 && hub.host.proposals.length > 0)
    expect(client.host.proposals[0]!.id).toBe(hub.host.id)
    expect(hub.host.proposals[0]!.id).toBe(client.host.id)
    client.gossip.close()
    await until(() => hub.gossip.metrics().gone === 1)
  })

  it('find each other by a name of the host', async () => {
    const hub = start(9, { bind: 'tcp://127.0.0.1:*' })
    const { port } = new URL(await hubEndpoint(hub.gossip))
    const client = start(10, { connect: `tcp://localhost:${port}` })
    await until(() => client.host.proposals.length > 0)
  })
})
