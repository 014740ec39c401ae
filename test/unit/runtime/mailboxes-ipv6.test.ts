import { describe, expect, it } from 'vitest'
import { EarshotError } from '../../../src/base/errors.ts'
import type { Mailbox } from '../../../src/mesh/context.ts'
import { Mailboxes, type MailboxOptions } from '../../../src/runtime/mailboxes.ts'
import { createNodeOn, type MeshNode } from '../../../src/runtime/node.ts'
import type { NetworkInterface, SocketAddress } from '../../../src/runtime/platform.ts'
import { type MemoryHost, World } from '../../support/memory-platform.ts'

const GLOBAL: NetworkInterface = {
  name: 'mem0',
  family: 'IPv6',
  address: '2001:db8::1',
  prefixLength: 64,
  loopback: false,
}

/** Mailboxes on a host with IPv4 and IPv6, and what they tell. */
class Bench {
  readonly world: World = new World()
  readonly host: MemoryHost = this.world.host().withIpv6('beside')
  readonly announced: Mailbox[][] = []
  readonly warnings: string[] = []
  readonly heard: string[] = []
  readonly accepted: string[] = []
  readonly mailboxes: Mailboxes
  /** Until when the link-local address cannot be opened. */
  tentativeUntil = 0

  constructor(options: Partial<MailboxOptions> = {}) {
    const { listen, openDatagrams } = this.host
    this.host.listen = async (asked, handlers) => {
      this.#check(asked.address)
      return listen.call(this.host, asked, handlers)
    }
    this.host.openDatagrams = async (asked, handlers) => {
      this.#check(asked.address ?? '')
      return openDatagrams.call(this.host, asked, handlers)
    }
    const defaults = { interfaces: undefined, ipv6: true, beaconPort: 5670, mailboxPort: 50_000 }
    this.mailboxes = new Mailboxes(
      this.host,
      { ...defaults, ...options },
      {
        changed: (mailboxes) => this.announced.push([...mailboxes]),
        accepted: (stream) => {
          this.accepted.push(stream.remote.address)
          return undefined
        },
        datagram: (_bytes, from) => this.heard.push(from.address),
        warn: (code) => this.warnings.push(code),
      },
    )
  }

  #check(address: string): void {
    const isTentative = address === this.host.address6 && this.world.now < this.tentativeUntil
    if (isTentative) throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', 'not yet')
  }

  get listening(): string[] {
    return [...this.host.listening.keys()]
  }

  /** The addresses of each announcement. */
  get story(): string[][] {
    return this.announced.map((mailboxes) => mailboxes.map(({ address }) => address))
  }

  hear(address: string): void {
    this.host.ports6.get(5670)!.datagram(new Uint8Array(22), { address, port: 1 })
  }

  /** A connection from there to the listener of IPv6. */
  async dialFrom(address: string): Promise<void> {
    const to: SocketAddress = { address: this.host.address6, port: 50_000 }
    this.world.network.dial(address, to, { bytes: () => {}, ended: () => {} })
    await this.world.run(10)
  }
}

describe('mailboxes of a host with IPv4 and IPv6', () => {
  it('listen on all of each family, and beacon to all nodes of the link', async () => {
    const { mailboxes, host, announced, listening } = await opened()
    expect(listening).toEqual(['0.0.0.0 50000', ':: 50000'])
    expect(announced).toEqual([
      [
        { address: '10.0.0.1', beaconTo: { address: '10.0.0.255', port: 5670 } },
        { address: 'fe80::1%mem0', beaconTo: { address: 'ff02::1%mem0', port: 5670 } },
      ].map((each) => ({ interfaceName: 'mem0', port: 50_000, ...each })),
    ])
    expect([...host.groups]).toEqual(['ff02::1%mem0'])
    expect(mailboxes.endpoints).toEqual(['tcp://10.0.0.1:50000', 'tcp://[fe80::1]:50000'])
    mailboxes.close()
    expect([host.ports.size, host.ports6.size, host.listening.size]).toEqual([0, 0, 0])
  })

  it.each<[Partial<MailboxOptions>, string[]]>([
    [{ ipv6: false }, ['0.0.0.0']],
    [{ interfaces: ['mem0'] }, ['10.0.0.1', 'fe80::1%mem0']],
    [{ interfaces: ['10.0.0.1'] }, ['10.0.0.1']],
    [{ interfaces: ['fe80::1'] }, ['fe80::1%mem0']],
  ])('listen exactly where they are told to: %j', async (options, listening) => {
    const bench = await opened(options)
    expect(bench.listening).toEqual(listening.map((address) => `${address} 50000`))
    bench.mailboxes.close()
  })

  it('have no beacons at an address that is not link-local, when it is chosen', async () => {
    const bench = new Bench({ interfaces: ['2001:db8::/32'] })
    bench.host.all.push(GLOBAL)
    await bench.mailboxes.open()
    expect(bench.announced[0]).toEqual([
      { interfaceName: 'mem0', address: '2001:db8::1', port: 50_000, beaconTo: undefined },
    ])
    expect(bench.host.ports6.size).toBe(0)
    bench.mailboxes.close()
  })

  it('follow a link that comes later, and join its group', async () => {
    const bench = new Bench()
    const { all } = bench.host
    bench.host.all = all.slice(0, 1)
    await bench.mailboxes.open()
    expect([bench.host.ports6.size, bench.listening]).toEqual([0, ['0.0.0.0 50000']])
    bench.host.all = all
    await bench.world.run(1_001)
    expect(bench.story).toEqual([['10.0.0.1'], ['10.0.0.1', 'fe80::1%mem0']])
    expect([...bench.host.groups]).toEqual(['ff02::1%mem0'])
    bench.mailboxes.close()
  })
})

describe('an address that is still tentative', () => {
  it.each([[undefined], [['mem0']]])(
    'is announced as soon as it can be used, without a warning (%j)',
    async (interfaces) => {
      const bench = new Bench({ interfaces })
      bench.tentativeUntil = 1_500
      await bench.mailboxes.open()
      await bench.world.run(1_500)
      expect(bench.story).toEqual([['10.0.0.1']])
      await bench.world.run(250)
      expect(bench.story).toEqual([['10.0.0.1'], ['10.0.0.1', 'fe80::1%mem0']])
      expect(bench.warnings).toEqual([])
      bench.mailboxes.close()
    },
  )

  it('and remains so is told of after ten seconds', async () => {
    const bench = new Bench()
    bench.tentativeUntil = Number.POSITIVE_INFINITY
    await bench.mailboxes.open()
    await bench.world.run(9_900)
    expect(bench.warnings).toEqual([])
    await bench.world.run(1_200)
    expect(bench.warnings).toContain('datagram-failed')
    bench.mailboxes.close()
  })

  it('and alone lets nothing be heard: nobody could call back', async () => {
    const bench = new Bench({ interfaces: ['fe80::1'] })
    bench.tentativeUntil = 1_000
    await bench.mailboxes.open()
    bench.hear('fe80::2%mem0')
    await bench.world.run(1_300)
    bench.hear('fe80::3%mem0')
    expect(bench.heard).toEqual(['fe80::3%mem0'])
    bench.mailboxes.close()
  })
})

describe('who is not on our link', () => {
  const cases: [string, boolean][] = [
    ['fe80::2%mem0', true],
    ['fe80::2%mem1', false],
    ['2001:db8::2', true],
    ['2001:db9::2', false],
  ]

  it.each(cases)('is neither heard nor served over IPv6: %s, %s', async (address, isNear) => {
    const bench = new Bench()
    bench.host.all.push(GLOBAL)
    await bench.mailboxes.open()
    bench.hear(address)
    await bench.dialFrom(address)
    const expected = isNear ? [address] : []
    expect([bench.heard, bench.accepted]).toEqual([expected, expected])
    bench.mailboxes.close()
  })

  it('is served where the address was chosen', async () => {
    const bench = await opened({ interfaces: ['mem0'] })
    await bench.dialFrom('2001:db9::2')
    expect(bench.accepted).toEqual(['2001:db9::2'])
    bench.mailboxes.close()
  })
})

async function opened(options: Partial<MailboxOptions> = {}): Promise<Bench> {
  const bench = new Bench(options)
  await bench.mailboxes.open()
  return bench
}

describe('nodes', () => {
  async function start(hosts: readonly MemoryHost[]): Promise<MeshNode[]> {
    const nodes: MeshNode[] = []
    for (const host of hosts) nodes.push(await createNodeOn(host))
    return nodes
  }

  it('with IPv4 only and with IPv6 only both reach one that has both, and not each other', async () => {
    const world = new World()
    const nodes = await start([
      world.host().withIpv6('beside'),
      world.host(),
      world.host().withIpv6('alone'),
    ])
    const warnings: string[] = []
    for (const node of nodes) node.on('warning', ({ reason }) => warnings.push(reason))
    await world.until(() => nodes[0]!.peers().length === 2)
    await world.run(10_000)
    expect(nodes.map((node) => node.peers().map(({ endpoint }) => endpoint.slice(0, 14)))).toEqual([
      ['tcp://10.0.0.2', 'tcp://[fe80::3'],
      ['tcp://10.0.0.1'],
      ['tcp://[fe80::1'],
    ])
    expect(warnings).toEqual([])
    await world.wait(Promise.all(nodes.map((node) => node.stop())))
  })

  it('that are dialled before they have heard anything dial back over the same link', async () => {
    const world = new World()
    const [silent, other] = [world.host(), world.host()].map((host) => host.withIpv6('alone'))
    const quiet = await createNodeOn(silent!, { timers: { beaconIntervalMs: 0 } })
    const node = await createNodeOn(other!)
    const warnings: string[] = []
    node.on('warning', ({ reason }) => warnings.push(reason))
    await world.until(() => quiet.peers().length + node.peers().length === 2)
    expect(world.network.dials.map(({ to }) => to.address)).toEqual([
      'fe80::2%mem0',
      'fe80::1%mem0',
    ])
    expect(warnings).toEqual([])
    await world.wait(Promise.all([quiet.stop(), node.stop()]))
  })

  it('with both meet once, link once, warn of nothing, and part by one goodbye', async () => {
    const world = new World()
    const nodes = await start([world.host().withIpv6('beside'), world.host().withIpv6('beside')])
    const told: string[] = []
    for (const node of nodes) {
      for (const type of ['enter', 'exit', 'warning'] as const) {
        node.on(type, (event) => told.push('reason' in event ? event.reason : type))
      }
    }
    await world.run(60_000)
    expect(told).toEqual(['enter', 'enter'])
    expect(nodes[0]!.metrics().peers[0]!.links).toBe(1)
    await world.wait(nodes[1]!.stop())
    await world.run(5_000)
    expect(told.slice(2)).toEqual(['goodbye'])
    await world.wait(nodes[0]!.stop())
  })
})
