/** Facts about this host, from its own tools: packet filters, interfaces, routes, and who has a port. */
import type { Clock } from '../../runtime/platform.ts'
import { passed } from '../waiting.ts'
import type { FirewallManager, HostFacts } from './facts.ts'
import { readIptables } from './firewall/iptables.ts'
import { readNft } from './firewall/nft.ts'
import type { Ruleset } from './firewall/rules.ts'
import type { HostTools, Ran } from './host-tools.ts'

export async function gatherHost(
  tools: HostTools,
  interfaceNames: readonly string[],
): Promise<HostFacts> {
  const { os } = tools
  const names = [...new Set(interfaceNames)]
  const firewall = os === 'linux' ? await gatherFirewall(tools) : NO_FIREWALL
  return {
    os,
    mtus: Object.fromEntries(
      names.flatMap((name) => {
        const mtu = Number(tools.read(`/sys/class/net/${name}/mtu`))
        return mtu > 0 ? [[name, mtu]] : []
      }),
    ),
    wireless: names.filter((name) => tools.exists(`/sys/class/net/${name}/wireless`)),
    ...firewall,
  }
}

type FirewallFacts = Pick<HostFacts, 'rulesets' | 'managers' | 'isFirewallUnreadable'>

const NO_FIREWALL: FirewallFacts = { rulesets: [], managers: [], isFirewallUnreadable: false }

async function gatherFirewall(tools: HostTools): Promise<FirewallFacts> {
  const [nft, iptables, firewalld] = await Promise.all([
    tools.run('nft', ['list', 'ruleset']),
    tools.run('iptables-save', []),
    tools.run('firewall-cmd', ['--state']),
  ])
  const rulesets: Ruleset[] = []
  if (nft.kind === 'done') rulesets.push(readNft(nft.output))
  if (iptables.kind === 'done') rulesets.push(readIptables(iptables.output))
  const isUfwOn = /^ENABLED=yes$/m.test(tools.read('/etc/ufw/ufw.conf') ?? '')
  const managers: FirewallManager[] = isUfwOn ? ['ufw'] : []
  if (firewalld.kind === 'done') managers.push('firewalld')
  const isForbidden = [nft, iptables].some(wasForbidden)
  return { rulesets, managers, isFirewallUnreadable: isForbidden && rulesets.length === 0 }
}

function wasForbidden(ran: Ran): boolean {
  return ran.kind === 'failed' && /not permitted|permission denied|must be root/i.test(ran.output)
}

/** By which interface packets to an address leave; `undefined` where the host cannot be asked. */
export async function routeTo(tools: HostTools, address: string): Promise<string | undefined> {
  const isMac = tools.os === 'darwin'
  if (!isMac && tools.os !== 'linux') return undefined
  const ran = isMac
    ? await tools.run('route', ['-n', 'get', address])
    : await tools.run('ip', ['-o', 'route', 'get', address])
  return ran.kind === 'done' ? readRoute(ran.output) : undefined
}

/**
 * Whether a neighbour's network card answers us, whatever its firewall thinks of what we send: looks at the host's table of
 * neighbours while somebody dials it. `undefined` where the host has no such table.
 */
export async function answersArp(
  tools: HostTools,
  clock: Clock,
  address: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  if (tools.os !== 'linux') return undefined
  const until = clock.now() + ARP_MS
  for (;;) {
    const ran = await tools.run('ip', ['neigh', 'show', address])
    if (ran.kind !== 'done') return undefined
    if (/\b(REACHABLE|PERMANENT)\b/.test(ran.output)) return true
    if (clock.now() >= until || signal?.aborted) return false
    await passed(clock, ARP_LOOK_MS, signal)
  }
}

/** A neighbour that has asked for us is known without having answered; after 5 s it is asked, three times. */
const ARP_MS = 9_000
const ARP_LOOK_MS = 500

/** Of `ip route get` on Linux, and of `route get` on macOS. */
export function readRoute(output: string): string | undefined {
  return /\bdev (\S+)/.exec(output)?.[1] ?? /\binterface: (\S+)/.exec(output)?.[1]
}

/** The program that has a UDP or TCP port, as `name (pid 123)`: on Linux, as far as we may see it. */
export function portHolder(
  tools: HostTools,
  protocol: 'udp' | 'tcp',
  port: number,
): string | undefined {
  const inodes = new Set(
    ['', '6'].flatMap((family) => socketsAt(tools.read(`/proc/net/${protocol}${family}`), port)),
  )
  if (inodes.size === 0) return undefined
  for (const pid of tools.list('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`
    const holds = tools.list(folder).some((descriptor) => {
      const inode = /^socket:\[(\d+)\]$/.exec(tools.follow(`${folder}/${descriptor}`) ?? '')?.[1]
      return inode !== undefined && inodes.has(inode)
    })
    if (holds) return `${(tools.read(`/proc/${pid}/comm`) ?? '?').trim()} (pid ${pid})`
  }
  return undefined
}

/** The inodes of the sockets at a port, from `/proc/net/udp`: `sl local:port remote:port st … uid timeout inode`. */
export function socketsAt(table: string | undefined, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return (table ?? '').split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const inode = words[9]
    return words[1]?.endsWith(`:${hex}`) && inode !== undefined ? [inode] : []
  })
}
