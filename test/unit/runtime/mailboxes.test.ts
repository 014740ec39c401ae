import { afterEach, describe, expect, it } from 'vitest'
import { EarshotError } from '../../../src/base/errors.ts'
import type { Mailbox } from '../../../src/mesh/context.ts'
import { Mailboxes, type MailboxOptions } from '../../../src/runtime/mailboxes.ts'
import type { NetworkInterface } from '../../../src/runtime/platform.ts'
import { type MemoryHost, World } from '../../support/memory-platform.ts'

const first: NetworkInterface = {
  name: 'mem0',
  family: 'IPv4',
  address: '10.0.0.1',
  prefixLength: 24,
  loopback: false,
}
const second: NetworkInterface = { ...first, name: 'mem1', address: '10.0.1.1' }

const inUse = () => new EarshotError('ERR_EARSHOT_PORT_IN_USE', 'taken')
const gone = () => new EarshotError('ERR_EARSHOT_NO_INTERFACE', 'not there')

const benches: Bench[] = []

/** Mailboxes on a host in memory, and what they tell. */
class Bench {
  readonly world: World = new World()
  readonly host: MemoryHost = this.world.host()
  readonly announced: Mailbox[][] = []
  readonly warnings: string[] = []
  readonly mailboxes: Mailboxes
  /** What the host does not let be opened: why, by local address. */
  readonly refused: Map<string, (port: number) => EarshotError | undefined> = new Map()
  /** Of the datagram ports that are open, in the order of opening. */
  readonly sources: { address: string; port: number }[] = []

  constructor(options: Partial<MailboxOptions>, ...all: NetworkInterface[]) {
    benches.push(this)
    this.host.all = all
    this.#intercept()
    const defaults = {
      interfaces: ['10.0.0.0/8'],
      ipv6: true,
      beaconPort: 5670,
      mailboxPort: undefined,
    }
    this.mailboxes = new Mailboxes(
      this.host,
      { ...defaults, ...options },
      {
        changed: (mailboxes) => this.announced.push([...mailboxes]),
        accepted: () => undefined,
        datagram: () => {},
        warn: (code) => this.warnings.push(code),
      },
    )
  }

  #intercept(): void {
    const { listen, openDatagrams } = this.host
    this.host.listen = async (options, handlers) => {
      const error = this.refused.get(`TCP ${options.address}`)?.(options.port)
      if (error !== undefined) throw error
      return listen.call(this.host, options, handlers)
    }
    this.host.openDatagrams = async (options, handlers) => {
      const { address = '0.0.0.0' } = options
      const error = this.refused.get(`UDP ${address}`)?.(options.port)
      if (error !== undefined) throw error
      const port = await openDatagrams.call(this.host, options, handlers)
      const source = { address, port: port.port }
      this.sources.push(source)
      const close = (): void => {
        this.sources.splice(this.sources.indexOf(source), 1)
        port.close()
      }
      return { ...port, close }
    }
  }

  /** The addresses of each announcement. */
  get story(): string[][] {
    return this.announced.map((mailboxes) => mailboxes.map(({ address }) => address))
  }

  get listening(): string[] {
    return [...this.host.listening.keys()].map((key) => key.split(' ')[0]!)
  }

  get senders(): string[] {
    return this.sources.filter(({ port }) => port !== 5670).map(({ address }) => address)
  }
}

afterEach(() => {
  for (const { mailboxes, host, sources } of benches.splice(0)) {
    mailboxes.close()
    expect([host.listening.size, host.ports.size, sources, host.uncaught]).toEqual([0, 0, [], []])
  }
})

describe('an address that cannot be listened on', () => {
  it('is not announced, is tried at every look, and is announced when it listens', async () => {
    const bench = new Bench({}, first)
    await bench.mailboxes.open()
    bench.refused.set('TCP 10.0.1.1', gone)
    bench.host.all = [first, second]
    await bench.world.run(3_001)
    expect(bench.story).toEqual([['10.0.0.1'], ['10.0.0.1']])
    const failed = 'mailbox-failed'
    expect(bench.warnings).toEqual([failed, 'interface-changed', failed, failed])
    const [endpoint, ...others] = bench.mailboxes.endpoints
    expect([endpoint, others]).toEqual([expect.stringMatching(/^tcp:\/\/10\.0\.0\.1:\d+$/), []])
    bench.refused.clear()
    await bench.world.run(3_000)
    expect(bench.story.slice(2)).toEqual([['10.0.0.1', '10.0.1.1']])
    expect(bench.mailboxes.endpoints).toEqual([endpoint, endpoint?.replace('.0.1:', '.1.1:')])
    expect(bench.warnings).toHaveLength(4)
  })

  it('does not keep others from being listened on', async () => {
    const bench = new Bench({}, first)
    await bench.mailboxes.open()
    bench.refused.set('TCP 10.0.1.1', gone)
    bench.host.all = [first, second, { ...first, name: 'mem2', address: '10.0.2.1' }]
    await bench.world.run(1_001)
    expect(bench.story.at(-1)).toEqual(['10.0.0.1', '10.0.2.1'])
  })

  it('any more is announced no longer, until it is again', async () => {
    const bench = new Bench({}, first, second)
    await bench.mailboxes.open()
    bench.refused.set('TCP 10.0.1.1', gone)
    const [key, handlers] = [...bench.host.listening][1]!
    bench.host.listening.delete(key)
    handlers.failed({ kind: 'other', message: 'broken' })
    await bench.world.run(2_001)
    bench.refused.clear()
    await bench.world.run(1_001)
    const both = ['10.0.0.1', '10.0.1.1']
    expect(bench.story).toEqual([both, ['10.0.0.1'], both])
    expect(bench.warnings).not.toContain('interface-changed')
  })

  it('is none where one listener serves all', async () => {
    const bench = new Bench({ interfaces: undefined }, first)
    await bench.mailboxes.open()
    bench.refused.set('TCP 0.0.0.0', gone)
    bench.host.all = [first, second]
    await bench.world.run(3_001)
    expect(bench.story).toEqual([['10.0.0.1'], ['10.0.0.1', '10.0.1.1']])
    expect(bench.warnings).toEqual(['interface-changed'])
  })
})

describe('a question of the application’s (`interfaces`)', () => {
  it('that throws is reported, leaves everything as it is, and is asked again at the next look', async () => {
    let isBroken = false
    const interfaces = () => {
      if (isBroken) throw new Error('broken')
      return true
    }
    const bench = new Bench({ interfaces }, first)
    await bench.mailboxes.open()
    isBroken = true
    bench.host.all = [first, second]
    await bench.world.run(2_001)
    expect(bench.host.uncaught.splice(0)).toEqual([new Error('broken'), new Error('broken')])
    expect([bench.story, bench.warnings]).toEqual([[['10.0.0.1']], []])
    isBroken = false
    await bench.world.run(1_001)
    expect(bench.story.slice(1)).toEqual([['10.0.0.1', '10.0.1.1']])
    expect(bench.warnings).toEqual(['interface-changed'])
  })

  it('that throws at the start has nothing opened', async () => {
    const interfaces = () => {
      throw new Error('broken')
    }
    const bench = new Bench({ interfaces }, first)
    await expect(bench.mailboxes.open()).rejects.toThrow('broken')
  })
})

describe('the port of the mailboxes', () => {
  it('is another for all when it is taken on one', async () => {
    const bench = new Bench({}, first, second)
    const tried: number[] = []
    bench.refused.set('TCP 10.0.1.1', (port) => (tried.push(port) < 3 ? inUse() : undefined))
    await bench.mailboxes.open()
    const port = tried.at(-1)!
    expect(new Set(tried).size).toBe(3)
    expect([...bench.host.listening.keys()]).toEqual([`10.0.0.1 ${port}`, `10.0.1.1 ${port}`])
    expect(bench.announced[0]!.map((mailbox) => mailbox.port)).toEqual([port, port])
  })

  it.each([
    ['that is random is tried 64 times', { mailboxPort: undefined }, inUse, 64, 'PORT_IN_USE'],
    ['that is fixed is tried once', { mailboxPort: 50_000 }, inUse, 1, 'PORT_IN_USE'],
    ['is not the matter when an address is gone', {}, gone, 1, 'NO_INTERFACE'],
  ])('%s; then nothing is left open', async (_what, options, error, attempts, code) => {
    const bench = new Bench(options, first, second)
    let tried = 0
    bench.refused.set('TCP 10.0.1.1', () => {
      tried++
      return error()
    })
    await expect(bench.mailboxes.open()).rejects.toMatchObject({ code: `ERR_EARSHOT_${code}` })
    expect([tried, bench.host.listening.size, bench.sources]).toEqual([attempts, 0, []])
  })
})

describe('beacons', () => {
  it.each([[undefined], [['10.0.0.0/8']]])(
    'leave from the address of their mailbox, not from the beacon port (%j)',
    async (interfaces) => {
      const bench = new Bench({ interfaces }, first, second)
      const heard: string[] = []
      const listener = bench.world.host()
      const datagram = (_bytes: Uint8Array, from: { address: string; port: number }): void => {
        heard.push(from.address)
        expect(from.port).not.toBe(5670)
      }
      const port = await listener.openDatagrams({ port: 5670 }, { datagram, failed: () => {} })
      await bench.mailboxes.open()
      for (const each of bench.announced[0]!) bench.mailboxes.send(new Uint8Array(22), each)
      await bench.world.run(100)
      expect(heard).toEqual(['10.0.0.1', '10.0.1.1'])
      port.close()
    },
  )

  it('have senders that follow the addresses', async () => {
    const bench = new Bench({}, first)
    await bench.mailboxes.open()
    bench.host.all = [second]
    await bench.world.run(1_001)
    expect([bench.listening, bench.senders]).toEqual([['10.0.1.1'], ['10.0.1.1']])
    const [gone, here] = bench.announced.flat()
    bench.mailboxes.send(new Uint8Array(22), gone!)
    bench.mailboxes.send(new Uint8Array(22), here!)
  })

  it('that have no sender are told, and it is opened at a later look', async () => {
    const bench = new Bench({}, first)
    bench.refused.set('UDP 10.0.0.1', gone)
    await bench.mailboxes.open()
    expect([bench.senders, bench.warnings]).toEqual([[], ['datagram-failed']])
    bench.mailboxes.send(new Uint8Array(22), bench.announced[0]![0]!)
    bench.refused.clear()
    await bench.world.run(2_001)
    expect([bench.senders, bench.warnings]).toEqual([['10.0.0.1'], ['datagram-failed']])
  })

  it('have no sender where there is no broadcast', async () => {
    const bench = new Bench({}, { ...first, prefixLength: 31 })
    await bench.mailboxes.open()
    expect([bench.story, bench.senders]).toEqual([[['10.0.0.1']], []])
  })
})
