/**
 * A network of real hosts inside this machine: each host is a network namespace, and its interfaces are
 * plugged into LANs that live in one more namespace, the switch.
 *
 *     host 1: eth0 10.77.0.1 ──┐                    ┌── eth1 10.78.0.2 :host 2
 *     host 2: eth0 10.77.0.2 ──┴── LAN 0 ── ── LAN 1┴── eth1 10.78.0.3 :host 3
 *
 * Nothing of it is connected to this machine's own interfaces: every packet stays inside. All names begin
 * with `earshot-<pid>-`. A janitor process of its own, which notices the end of this one however it comes
 * (a failed test, Ctrl-C, a kill), ends what still runs in the namespaces and deletes them.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, onTestFinished } from 'vitest'
import type { CreateOptions } from '../../src/index.ts'
import { Agent, type RemoteNode } from './agent.ts'

/**
 * Addresses of a host's interfaces, with prefix length, several of them separated by blanks. `eth0` is plugged into LAN 0,
 * `eth1` into LAN 1, … A host speaks IPv6 when one of them is of it: `10.77.0.1/24 fe80::1/64`.
 */
export type Ports = Readonly<Record<string, string>>

/** Why there can be no network here, or `undefined` when there can. */
const WHY_NOT = findObstacle()

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `earshot-${process.pid}-probe`
  try {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'add', 'lan0', 'type', 'bridge')
    return undefined
  } catch (error) {
    return `no network namespaces: ${error instanceof Error ? error.message.trim() : error}`
  } finally {
    if (namespaces().includes(name)) ip('netns', 'del', name)
  }
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const canFilter = spawnSync('nft', ['--version']).status === 0

function nft(namespace: string, rules: string): void {
  const args = ['netns', 'exec', namespace, 'nft', '-f', '-']
  execFileSync('ip', args, { input: rules, stdio: ['pipe', 'ignore', 'pipe'] })
}

/** Without IPv6, unless it is wanted: the kernel would send packets of its own, and packets are counted here. */
function addNamespace(name: string, isIpv6Wanted = false): void {
  ip('netns', 'add', name)
  if (isIpv6Wanted) return
  const disable = 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'
  ip('netns', 'exec', name, 'sh', '-c', disable)
}

/** Waits for the end of its input, then clears all namespaces whose names begin with the prefix. */
const JANITOR = `
trap '' INT TERM HUP
cat > /dev/null
for path in /run/netns/"$1"*; do
  [ -e "$path" ] || continue
  name=\${path##*/}
  for pid in $(ip netns pids "$name"); do kill -KILL "$pid"; done
  ip netns del "$name"
  rm -rf "/etc/netns/$name"
done
`

/** A chapter of tests that need hosts. Where there can be none it is skipped, and its title says why. */
export function describeHosts(title: string, chapter: () => void): void {
  const reason = WHY_NOT === undefined ? '' : ` (skipped: ${WHY_NOT})`
  // Not everybody is root on Linux.
  describe.skipIf(WHY_NOT !== undefined)(`${title}${reason}`, chapter)
}

/** As `describeHosts`, for hosts and switches that filter. */
export function describeFilters(title: string, chapter: () => void): void {
  if (canFilter) describeHosts(title, chapter)
  // Not every machine has it.
  else describe.skip(`${title} (skipped: no nft)`, chapter)
}

/** A network for the test that is running; gone when it ends. */
export function newNetwork(): Network {
  const network = new Network()
  onTestFinished(() => network.dispose())
  return network
}

let networks = 0

class Network {
  readonly #prefix = `earshot-${process.pid}-${++networks}-`
  readonly #switch = `${this.#prefix}switch`
  readonly #janitor: ChildProcess
  readonly #lans = new Set<string>()
  readonly #hosts: Host[] = []

  constructor() {
    this.#janitor = spawn('sh', ['-c', JANITOR, 'janitor', this.#prefix], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    })
    this.#janitor.unref()
    addNamespace(this.#switch)
  }

  /** Adds a host. Without `ports` it has one interface, eth0, at the next free address of 10.77.0.0/24. */
  addHost(ports?: Ports): Host {
    const number = this.#hosts.length + 1
    const host = new Host(
      `${this.#prefix}${number}`,
      { namespace: this.#switch, number },
      ports ?? { eth0: `10.77.0.${number}/24` },
      (lan) => this.#ensureLan(lan),
    )
    this.#hosts.push(host)
    return host
  }

  /** Loads rules of nftables into the switch, whose bridges are the LANs. */
  filter(rules: string): void {
    this.#ensureLan('lan0') // rules that are there before the first bridge do not see its packets
    nft(this.#switch, rules)
  }

  #ensureLan(lan: string): void {
    if (this.#lans.has(lan)) return
    this.#lans.add(lan)
    // No multicast snooping: the bridge itself must not say anything.
    ip('-n', this.#switch, 'link', 'add', lan, 'type', 'bridge', 'mcast_snooping', '0')
    ip('-n', this.#switch, 'link', 'set', lan, 'up')
  }

  /** Ends all processes and removes everything. */
  async dispose(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.endProcesses()))
    this.#janitor.ref()
    const over = once(this.#janitor, 'exit')
    this.#janitor.stdin?.end()
    await over
    const left = namespaces().filter((name) => name.startsWith(this.#prefix))
    if (left.length > 0) throw new Error(`namespaces were left behind: ${left.join(', ')}`)
  }
}

interface Switch {
  readonly namespace: string
  /** The host's number at this switch. */
  readonly number: number
}

export class Host {
  readonly namespace: string
  readonly #switch: Switch
  readonly #addresses = new Map<string, string>()
  readonly #processes = new Set<ChildProcess>()

  constructor(namespace: string, at: Switch, ports: Ports, ensureLan: (lan: string) => void) {
    this.namespace = namespace
    this.#switch = at
    addNamespace(
      namespace,
      Object.values(ports).some((addresses) => addresses.includes(':')),
    )
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    for (const [name, addresses] of Object.entries(ports)) {
      const lan = name.replace('eth', 'lan')
      ensureLan(lan)
      const port = this.#portOf(name)
      const peer = ['peer', 'name', name, 'netns', namespace]
      ip('-n', at.namespace, 'link', 'add', port, 'type', 'veth', ...peer)
      ip('-n', at.namespace, 'link', 'set', port, 'master', lan, 'up')
      // Only what is said here: the kernel would make a link-local address of the hardware's.
      ip('-n', namespace, 'link', 'set', name, 'addrgenmode', 'none')
      for (const address of addresses.split(' ')) this.#assign(name, address)
      ip('-n', namespace, 'link', 'set', name, 'up')
    }
  }

  /** The address of an interface, the last that it was given, without prefix length. */
  address(name = 'eth0'): string {
    return this.#addresses.get(name)!.replace(/\/.*/, '')
  }

  #portOf(name: string): string {
    return `port${this.#switch.number}-${name}`
  }

  #assign(name: string, address: string): void {
    const broadcast = address.includes(':') ? [] : ['brd', '+']
    ip('-n', this.namespace, 'address', 'add', address, ...broadcast, 'dev', name)
    this.#addresses.set(name, address)
  }

  // What happens to networks

  /** Pulls the cable out of the switch: the host's interface is up and has no carrier. */
  unplug(name = 'eth0'): void {
    ip('-n', this.#switch.namespace, 'link', 'set', this.#portOf(name), 'down')
  }

  plug(name = 'eth0'): void {
    ip('-n', this.#switch.namespace, 'link', 'set', this.#portOf(name), 'up')
  }

  /** The switch drops every frame from and to the host, which sees no change: no FIN, no RST, no ACK. */
  cutOff(name = 'eth0'): void {
    this.#setForwarding(name, 'disabled')
  }

  reconnect(name = 'eth0'): void {
    this.#setForwarding(name, 'forwarding')
  }

  #setForwarding(name: string, state: 'disabled' | 'forwarding'): void {
    const args = ['link', 'set', 'dev', this.#portOf(name), 'state', state]
    execFileSync('bridge', ['-n', this.#switch.namespace, ...args])
  }

  /** Takes an interface down on the host itself, as an administrator does. */
  linkDown(name = 'eth0'): void {
    ip('-n', this.namespace, 'link', 'set', name, 'down')
  }

  linkUp(name = 'eth0'): void {
    ip('-n', this.namespace, 'link', 'set', name, 'up')
  }

  /** Replaces the address, as a new DHCP lease does. */
  changeAddress(address: string, name = 'eth0'): void {
    ip('-n', this.namespace, 'address', 'flush', 'dev', name)
    this.#assign(name, address)
  }

  /** Whether there is nftables to filter with. */
  get canFilter(): boolean {
    return canFilter
  }

  /** Loads rules of nftables on this host. */
  filter(rules: string): void {
    nft(this.namespace, rules)
  }

  /** Sends packets to a subnet out by an interface, whatever its own subnet is. */
  route(subnet: string, name: string): void {
    ip('-n', this.namespace, 'route', 'add', subnet, 'dev', name)
  }

  /** Sends what is for no subnet of its own to a router. */
  routeVia(router: string): void {
    ip('-n', this.namespace, 'route', 'replace', 'default', 'via', router)
  }

  /** Makes the host a router. */
  forward(): void {
    const command = 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    ip('netns', 'exec', this.namespace, 'sh', '-c', command)
  }

  /** Gives the host a bridge of its own, with somebody plugged in, as container engines do. */
  addBridge(name: string, address: string): void {
    const cable = ['type', 'veth', 'peer', 'name', 'inside']
    ip('-n', this.namespace, 'link', 'add', name, 'type', 'bridge', 'mcast_snooping', '0')
    ip('-n', this.namespace, 'link', 'add', 'plug', ...cable)
    ip('-n', this.namespace, 'link', 'set', 'inside', 'up')
    ip('-n', this.namespace, 'link', 'set', 'plug', 'master', name, 'up')
    this.#assign(name, address)
    ip('-n', this.namespace, 'link', 'set', name, 'up')
  }

  /** What names mean to programs that start here from now on. */
  setHosts(addresses: Readonly<Record<string, string>>): void {
    // `ip netns exec` lays it over `/etc/hosts`.
    const folder = `/etc/netns/${this.namespace}`
    mkdirSync(folder, { recursive: true })
    const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}\n`)
    writeFileSync(`${folder}/hosts`, `127.0.0.1 localhost\n${lines.join('')}`)
  }

  /** Plugs the cable into another LAN, where the host gets another address. */
  move(lan: number, address: string, name = 'eth0'): void {
    ip('-n', this.#switch.namespace, 'link', 'set', this.#portOf(name), 'master', `lan${lan}`)
    this.changeAddress(address, name)
  }

  /** Takes away one address of several. */
  removeAddress(address: string, name = 'eth0'): void {
    ip('-n', this.namespace, 'address', 'delete', address, 'dev', name)
  }

  /** Packets that have left on an interface since it exists. */
  packetsSent(name = 'eth0'): number {
    const json = ip('-n', this.namespace, '-json', '-stats', 'link', 'show', 'dev', name)
    return (JSON.parse(json) as [{ stats64: { tx: { packets: number } } }])[0].stats64.tx.packets
  }

  /** Sockets that are open on it, of UDP and TCP; one line each, as of `ss`. */
  sockets(): string[] {
    const args = ['netns', 'exec', this.namespace, 'ss', '-Hanut', 'exclude', 'time-wait']
    return ip(...args)
      .split('\n')
      .filter((line) => line !== '')
  }

  // What runs on it

  /** Starts a program on this host. */
  spawn(command: string, args: readonly string[]): ChildProcess {
    // `ip netns exec` becomes the program: the process id is the program's own.
    const child = spawn('ip', ['netns', 'exec', this.namespace, command, ...args], {
      stdio: 'pipe',
      env: { ...process.env, EARSHOT_E2E_NAMESPACE_OF_MACHINE: readlinkSync('/proc/self/ns/net') },
    })
    this.#processes.add(child)
    child.once('exit', () => this.#processes.delete(child))
    return child
  }

  /** Starts a process that runs nodes on command; see `agent.mjs`. */
  async agent(): Promise<Agent> {
    const program = fileURLToPath(new URL('agent.mjs', import.meta.url))
    const agent = new Agent(this.spawn(process.execPath, [program]))
    await agent.ready
    return agent
  }

  /** Starts one node in a process of its own. */
  async start(name: string, options?: CreateOptions): Promise<RemoteNode> {
    const agent = await this.agent()
    return agent.start(name, options)
  }

  /** Stops all processes in the middle of what they do. The kernel goes on to acknowledge what arrives. */
  freeze(): void {
    for (const child of this.#processes) child.kill('SIGSTOP')
  }

  thaw(): void {
    for (const child of this.#processes) child.kill('SIGCONT')
  }

  async endProcesses(): Promise<void> {
    await Promise.all(
      [...this.#processes].map((child) => {
        const over = once(child, 'exit')
        child.kill('SIGKILL')
        return over
      }),
    )
  }
}
