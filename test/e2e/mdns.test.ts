/** mDNS over real sockets: hosts that find each other, with Avahi as counterpart. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { MdnsMetrics } from '../../src/discovery/mdns/metrics.ts'
import type { Candidate } from '../../src/runtime/candidate.ts'
import { Avahi, Program, WHY_NO_AVAHI } from './avahi.ts'
import { describeHosts, newNetwork } from './network.ts'

const AGENT = fileURLToPath(new URL('mdns-agent.mjs', import.meta.url))
const PORT = 50_000

type TestHost = ReturnType<ReturnType<typeof newNetwork>['addHost']>

/** A node's discovery on a host; see `mdns-agent.mjs`. */
class Discovery {
  readonly #program: Program

  constructor(host: TestHost, name: string, interfaceName = 'eth0', family = 'IPv4') {
    const args = [AGENT, name, interfaceName, family]
    this.#program = new Program(host.spawn(process.execPath, args))
  }

  get lines(): readonly string[] {
    return this.#program.lines
  }

  line(pattern: RegExp): Promise<string> {
    return this.#program.line(pattern)
  }

  type(line: string): void {
    this.#program.process.stdin!.write(`${line}\n`)
  }

  async id(): Promise<string> {
    return JSON.parse(await this.#program.line(/^\{"ready"/)).ready
  }

  /** Waits for a proposal of a node, from a line on. */
  async finds(id: string, from = 0): Promise<Candidate> {
    const line = await this.#program.line(new RegExp(`^\\{"candidate".*"${id}"`), from)
    return JSON.parse(line).candidate
  }

  async warning(code: string): Promise<string> {
    const line = await this.#program.line(new RegExp(`^\\{"warning":\\{"code":"${code}"`))
    return JSON.parse(line).warning.reason
  }

  async state(): Promise<{ metrics: MdnsMetrics; label: string }> {
    const from = this.lines.length
    this.type('metrics')
    return JSON.parse(await this.#program.line(/^\{"metrics"/, from))
  }

  async stop(): Promise<void> {
    this.type('stop')
    await this.#program.line(/^\{"stopped"/)
  }

  /** Waits until its numbers are so. */
  async reaches(isSo: (metrics: MdnsMetrics) => boolean): Promise<MdnsMetrics> {
    const patience = AbortSignal.timeout(20_000)
    for (;;) {
      const { metrics } = await this.state()
      if (isSo(metrics)) return metrics
      patience.throwIfAborted()
    }
  }
}

describeHosts('nodes with mDNS', () => {
  it('on two hosts find each other, and one that stops is gone', async () => {
    const network = newNetwork()
    const [hostA, hostB] = [network.addHost(), network.addHost()]
    const [a, b] = [new Discovery(hostA, 'a'), new Discovery(hostB, 'b')]
    const [idA, idB] = [await a.id(), await b.id()]
    const [ofA, ofB] = await Promise.all([b.finds(idA), a.finds(idB)])
    expect(ofA.endpoints).toEqual([{ address: hostA.address(), port: PORT }])
    expect(ofB.endpoints).toEqual([{ address: hostB.address(), port: PORT }])
    await b.stop()
    await a.reaches(({ services, records }) => services === 0 && records === 0)
  })

  it('on one host find each other, and hear nothing of themselves', async () => {
    const host = newNetwork().addHost()
    const [a, b] = [new Discovery(host, 'same'), new Discovery(host, 'same')]
    const [idA, idB] = [await a.id(), await b.id()]
    await Promise.all([b.finds(idA), a.finds(idB)])
    const labels = [(await a.state()).label, (await b.state()).label]
    expect(labels.sort()).toEqual(['same', 'same (2)'])
    expect(a.lines.join()).not.toContain(`"id":"${idA}"`)
    expect(b.lines.join()).not.toContain(`"id":"${idB}"`)
  })

  it('alone do not hear what they say themselves', async () => {
    const alone = new Discovery(newNetwork().addHost(), 'alone')
    const { packetsReceived } = await alone.reaches(({ packetsSent }) => packetsSent >= 8)
    expect(packetsReceived).toBe(0)
  })

  it('send not one packet on another interface', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    const other = network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    const [a, b] = [new Discovery(host, 'a', 'eth1'), new Discovery(other, 'b', 'eth1')]
    await Promise.all([a.finds(await b.id()), b.finds(await a.id())])
    await Promise.all([a.stop(), b.stop()])
    expect(host.packetsSent('eth1')).toBeGreaterThan(5)
    expect(host.packetsSent('eth0')).toBe(0)
    expect(other.packetsSent('eth0')).toBe(0)
  })

  it('do not meet across interfaces, though Linux delivers the packets of all', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    const on0 = new Discovery(network.addHost({ eth0: '10.77.0.2/24' }), 'on0')
    const [here0, here1] = [new Discovery(host, 'here0'), new Discovery(host, 'here1', 'eth1')]
    await here0.finds(await on0.id())
    await here1.reaches(({ packetsForeign }) => packetsForeign > 0)
    expect((await here1.state()).metrics.services).toBe(0)
  })

  it('find each other over IPv6, at addresses with the zone of the interface', async () => {
    const network = newNetwork()
    const hosts = [1, 2].map((i) => network.addHost({ eth0: `10.77.0.${i}/24 fe80::${i}/64` }))
    const [a, b] = hosts.map((host, i) => new Discovery(host, `six${i}`, 'eth0', 'IPv6'))
    const found = await a!.finds(await b!.id())
    expect(found.endpoints).toEqual([
      { address: expect.stringMatching(/^fe80::.*%eth0$/), port: PORT },
    ])
    await b!.finds(await a!.id())
  })

  it('whose interface goes down warn, and find each other again when it is up', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b] = [new Discovery(host, 'a'), new Discovery(network.addHost(), 'b')]
    await a.finds(await b.id())
    host.linkDown()
    expect(await a.warning('mdns-failed')).toMatch(/^mDNS on eth0 \(IPv4\): /)
    host.linkUp()
    const seen = a.lines.length
    await a.finds(await b.id(), seen)
    expect((await a.state()).metrics.failures).toBeGreaterThan(0)
  })

  it('outlive a packet that cannot be sent, and free its socket', async () => {
    const a = new Discovery(newNetwork().addHost(), 'a')
    await a.id()
    a.type('to-port-0')
    for (const call of [1, 2, 3]) await a.line(new RegExp(`^{"closed":${call}}`))
    expect((await a.state()).metrics.links).toBe(1)
  })

  it('count bytes that are no packets, and go on', async () => {
    const network = newNetwork()
    const [a, b] = [new Discovery(network.addHost(), 'a'), new Discovery(network.addHost(), 'b')]
    await a.finds(await b.id())
    const bad = [
      '',
      '00',
      'ff'.repeat(600),
      `0000840000000001${'00'.repeat(8)}`,
      '00'.repeat(9_001),
    ]
    for (const bytes of bad) b.type(`bytes ${bytes}`)
    await a.reaches(({ packetsMalformed }) => packetsMalformed >= bad.length)
    const seen = a.lines.length
    await a.finds(await b.id(), seen)
  })
})

/** As `describeHosts`, where there is an Avahi. */
function describeWithAvahi(title: string, chapter: () => void): void {
  if (WHY_NO_AVAHI === undefined) describeHosts(title, chapter)
  // Not every host has it.
  else describe.skip(`${title} (skipped: ${WHY_NO_AVAHI})`, chapter)
}

describeWithAvahi('a node with mDNS, among Avahi’s', () => {
  it('is seen and resolved by avahi-browse, also on the same host, and seen to go', async () => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    const avahi = await Avahi.on(host)
    const browser = avahi.browse('-rp')
    const there = new Discovery(other, 'küche. 1')
    const here = new Discovery(host, 'here')
    const id = await there.id()
    // As it prints them: bytes that are no plain letters in decimal digits.
    const name = 'k\\195\\188che-\\0321'
    const line = await browser.line(new RegExp(`^=.*${name.replaceAll('\\', '\\\\')}`))
    expect(line.split(';').slice(0, 9)).toEqual([
      ...['=', 'eth0', 'IPv4', name, '_zre._tcp', 'local'],
      ...[`earshot-${id.slice(0, 12).toLowerCase()}.local`, other.address(), String(PORT)],
    ])
    expect(line).toContain(`"uuid=${id}"`)
    expect(line).toContain('"zre=2"')
    expect(line).toContain('"zmtp=3.1"')
    await browser.line(/^=;eth0;IPv4;here;/)
    await Promise.all([there.stop(), here.stop()])
    await browser.line(/^-;eth0;IPv4;here;/)
    await browser.line(/^-;eth0;IPv4;k.*che/)
  })

  it('finds what Avahi publishes, until it does not any more', async () => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    const a = new Discovery(host, 'a')
    const avahi = await Avahi.on(other)
    const id = '00112233445566778899AABBCCDDEEFF'
    const published = await avahi.publish('garage. 2', 5_670, `uuid=${id.toLowerCase()}`, 'zre=2')
    const { endpoints } = await a.finds(id)
    expect(endpoints[0]).toEqual({ address: other.address(), port: 5_670 })
    published.process.kill('SIGTERM')
    await a.reaches(({ services }) => services === 0)
  })

  it('takes another name when Avahi has its own, and both are seen', async () => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    const avahi = await Avahi.on(other)
    await avahi.publish('kitchen', 5_670, `uuid=${'AB'.repeat(16)}`)
    const a = new Discovery(host, 'kitchen')
    expect(await a.warning('mdns-conflict')).toContain('kitchen (2)')
    const browser = avahi.browse('-rp')
    await browser.line(/^=;eth0;IPv4;kitchen;.*;5670;/)
    await browser.line(/^=;eth0;IPv4;kitchen\\032\\0402\\041;.*;50000;/)
    expect((await a.state()).label).toBe('kitchen (2)')
  })

  it('keeps its name when Avahi wants it later', async () => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    const a = new Discovery(host, 'kitchen')
    await a.id()
    const avahi = await Avahi.on(other)
    await avahi.browse('-rp').line(/^=;eth0;IPv4;kitchen;/)
    const published = await avahi.publish('kitchen', 5_670, `uuid=${'AB'.repeat(16)}`)
    await published.line(/kitchen #2/)
    expect((await a.state()).label).toBe('kitchen')
  })

  it('warns of a service that is no node', async () => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    const a = new Discovery(host, 'a')
    const avahi = await Avahi.on(other)
    await avahi.publish('no node', 5_670, 'uuid=42')
    expect(await a.warning('mdns-invalid')).toBe(
      `on eth0 from ${other.address()}: no uuid of 32 digits`,
    )
  })
})
