/** What to do about a firewall, in the words of the operating system and of what manages its rules. */
import type { HostFacts } from './facts.ts'
import type { Drop } from './firewall/rules.ts'

/** RFC 36: where mailboxes are, unless a port was chosen. */
const MAILBOX_RANGE = { first: 49_152, last: 65_535 } as const

export interface Opening {
  readonly protocol: 'udp' | 'tcp'
  readonly port: number
}

export function firewallAdvice(
  { os, managers }: Pick<HostFacts, 'os' | 'managers'>,
  opening: Opening,
  drop?: Drop,
): string[] {
  const { protocol } = opening
  switch (os) {
    case 'linux':
      return linuxAdvice(managers, protocol, portsOf(opening), drop)
    case 'win32':
      return [
        `Windows: \`netsh advfirewall firewall add rule name=earshot dir=in action=allow protocol=${protocol} localport=${portsOf(opening)} profile=private\`, as administrator.`,
        'Windows: the network must be a private one (Settings, Network & internet, its properties); allow the program when asked.',
      ]
    case 'darwin':
      return [
        'macOS: System Settings, Network, Firewall, Options: allow incoming connections for the program (or for node).',
        'macOS 15 and later: System Settings, Privacy & Security, Local Network: allow it for the program, or for the terminal it is started from.',
      ]
    default:
      return [`Allow ${protocol.toUpperCase()} ${portsOf(opening)} in the host's firewall.`]
  }
}

function linuxAdvice(
  managers: HostFacts['managers'],
  protocol: Opening['protocol'],
  ports: string,
  drop: Drop | undefined,
): string[] {
  const asRange = ports.replace('-', ':')
  if (managers.includes('ufw')) return [`\`sudo ufw allow ${asRange}/${protocol}\``]
  if (managers.includes('firewalld')) {
    return [
      `\`sudo firewall-cmd --permanent --add-port=${ports}/${protocol} && sudo firewall-cmd --reload\``,
    ]
  }
  if (drop?.tool === 'nftables') {
    return [
      `\`sudo nft insert rule ${drop.table} ${drop.chain} ${protocol} dport ${ports} accept\``,
    ]
  }
  if (drop?.tool === 'iptables') {
    return [`\`sudo iptables -I INPUT -p ${protocol} --dport ${asRange} -j ACCEPT\``]
  }
  return [
    `ufw: \`sudo ufw allow ${asRange}/${protocol}\`; firewalld: \`sudo firewall-cmd --add-port=${ports}/${protocol}\`.`,
    'As root, `earshot doctor` reads the rules of nftables and iptables, and says which of them it is.',
  ]
}

function portsOf({ protocol, port }: Opening): string {
  const { first, last } = MAILBOX_RANGE
  return protocol === 'tcp' && port >= first ? `${first}-${last}` : String(port)
}

/** `nftables, table inet filter, chain input: udp dport 5670 drop`. */
export function placeOf({ tool, table, chain, rule }: Drop): string {
  return `${tool}, table ${table}, chain ${chain}: ${rule ?? 'its policy is to drop'}`
}
