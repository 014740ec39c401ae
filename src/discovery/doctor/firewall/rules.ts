/**
 * Packet filters as far as it matters here: what becomes of a beacon, or of the first packet of a link. Not a firewall's
 * whole language: a condition that is not understood may hold or not, and what follows from it is no more than possible.
 *
 * `nft.ts` and `iptables.ts` read rules into this form; start reading at `judge`.
 */
import { isIpv6, withoutZone } from '../../../base/ipv6.ts'
import { inSubnet } from '../../../runtime/interface-selection.ts'

export type Hook = 'input' | 'output'

/** A packet that we would like to get through. */
export interface Packet {
  readonly hook: Hook
  readonly protocol: 'udp' | 'tcp'
  readonly port: number
  /** The interface that it comes in by, or leaves by. */
  readonly interfaceName: string
  readonly cast: 'unicast' | 'broadcast' | 'multicast'
  /** Where it goes to. */
  readonly to: string
}

export interface Match {
  readonly field: 'iif' | 'oif' | 'protocol' | 'port' | 'state' | 'cast' | 'to' | 'other'
  readonly not: boolean
  /** Any of these: names (`eth*`), ports and ranges of them (`49152-65535`), addresses and subnets. */
  readonly values: readonly string[]
}

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'none' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }

export interface Rule {
  /** As the firewall's own tool writes it. */
  readonly text: string
  readonly matches: readonly Match[]
  readonly verdict: Verdict
}

export interface Chain {
  /** With the family, as nft writes it: `inet filter`. */
  readonly table: string
  readonly name: string
  /** Where the kernel hands packets to it; absent for those that others jump to. */
  readonly hook?: Hook | 'other'
  readonly policy: 'accept' | 'drop'
  readonly rules: readonly Rule[]
}

export interface Ruleset {
  readonly tool: 'nftables' | 'iptables'
  readonly chains: readonly Chain[]
}

/** Where a packet is dropped. */
export interface Drop {
  readonly tool: Ruleset['tool']
  readonly table: string
  readonly chain: string
  /** The rule; absent when the chain's policy does it. */
  readonly rule?: string
  /** False: a condition was not understood, so it may also get through. */
  readonly isCertain: boolean
}

/** A stranger's ruleset may jump in circles; the kernel's may not. */
const JUMPS_MAX = 16

/** Where a packet is dropped, if anywhere. One that several chains see must pass all of them. */
export function judge({ tool, chains }: Ruleset, packet: Packet): Drop | undefined {
  const drops = chains
    .filter(({ hook, table }) => hook === packet.hook && sees(tool, table, packet))
    .flatMap((chain): Dropped[] => {
      const walk = new Walk(chains, packet)
      const outcome = walk.through(chain, 0)
      if (outcome === 'decided' || chain.policy === 'accept') return walk.drops
      return [...walk.drops, { ...placeOf(chain), isCertain: !walk.mayBeAccepted }]
    })
    .map((drop): Drop => ({ tool, ...drop }))
  return drops.find(({ isCertain }) => isCertain) ?? drops[0]
}

/** A table is of one family or of both; bridges and devices have others. */
function sees(tool: Ruleset['tool'], table: string, { to }: Packet): boolean {
  const [family = ''] = tool === 'iptables' ? ['ip'] : table.split(' ')
  return family === 'inet' || family === (isIpv6(to) ? 'ip6' : 'ip')
}

type Dropped = Omit<Drop, 'tool'>

function placeOf({ table, name }: Chain): { readonly table: string; readonly chain: string } {
  return { table, chain: name }
}

/** One packet's way through one base chain. */
class Walk {
  readonly #chains: readonly Chain[]
  readonly #packet: Packet
  readonly drops: Dropped[] = []
  /** A rule that may hold would have let it through. */
  mayBeAccepted = false

  constructor(chains: readonly Chain[], packet: Packet) {
    this.#chains = chains
    this.#packet = packet
  }

  /** `decided`: a rule that holds ends its way. `goesOn`: the chain's end was reached. */
  through(chain: Chain, depth: number, isSure = true): 'decided' | 'goesOn' {
    for (const rule of chain.rules) {
      const holds = holdsFor(rule, this.#packet)
      if (holds === false) continue
      const isCertain = isSure && holds === true
      const outcome = this.#follow(rule, chain, depth, isCertain)
      if (outcome === 'return') return 'goesOn'
      if (outcome === 'decided') return 'decided'
    }
    return 'goesOn'
  }

  #follow(
    { text, verdict }: Rule,
    chain: Chain,
    depth: number,
    isCertain: boolean,
  ): 'decided' | 'return' | 'goesOn' {
    switch (verdict.kind) {
      case 'accept':
        if (!isCertain) this.mayBeAccepted = true
        return isCertain ? 'decided' : 'goesOn'
      case 'drop':
        this.drops.push({
          ...placeOf(chain),
          rule: text,
          isCertain: isCertain && !this.mayBeAccepted,
        })
        return isCertain ? 'decided' : 'goesOn'
      case 'return':
        return isCertain ? 'return' : 'goesOn'
      case 'jump':
      case 'goto': {
        const target = this.#chains.find(
          ({ table, name }) => table === chain.table && name === verdict.chain,
        )
        if (target === undefined || depth >= JUMPS_MAX) return 'goesOn'
        const outcome = this.through(target, depth + 1, isCertain)
        if (!isCertain) return 'goesOn'
        return outcome === 'goesOn' && verdict.kind === 'goto' ? 'return' : outcome
      }
      case 'none':
        return 'goesOn'
    }
  }
}

/** `undefined`: it may. */
function holdsFor({ matches }: Rule, packet: Packet): boolean | undefined {
  const results = matches.map((match) => {
    const result = holds(match, packet)
    return result === undefined ? undefined : result !== match.not
  })
  if (results.includes(false)) return false
  return results.includes(undefined) ? undefined : true
}

function holds({ field, values }: Match, packet: Packet): boolean | undefined {
  switch (field) {
    case 'iif':
      return packet.hook === 'input' && values.some((each) => isNamed(packet.interfaceName, each))
    case 'oif':
      return packet.hook === 'output' && values.some((each) => isNamed(packet.interfaceName, each))
    case 'protocol':
      return values.includes(packet.protocol) || values.includes(NUMBERS[packet.protocol])
    case 'port':
      return values.some((each) => isUnderstoodPort(each))
        ? values.some((each) => isPortIn(packet.port, each))
        : undefined
    case 'state':
      return values.some((each) => each.toLowerCase() === 'new')
    case 'cast':
      return values.some((each) => CASTS[packet.cast].includes(each.toLowerCase()))
    case 'to':
      return values.some((each) => inSubnet(withoutZone(packet.to), subnetFrom(each)))
    case 'other':
      return undefined
  }
}

const NUMBERS = { udp: '17', tcp: '6' } as const
const CASTS: Readonly<Record<Packet['cast'], readonly string[]>> = {
  unicast: ['unicast', 'host', 'local'],
  broadcast: ['broadcast'],
  multicast: ['multicast'],
}

/** nft writes `eth*`, iptables `eth+`. */
function isNamed(name: string, pattern: string): boolean {
  const isPrefix = pattern.endsWith('*') || pattern.endsWith('+')
  return isPrefix ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function isUnderstoodPort(value: string): boolean {
  return /^\d+([-:]\d+)?$/.test(value)
}

function isPortIn(port: number, value: string): boolean {
  const [from = Number.NaN, to = from] = value.split(/[-:]/).map(Number)
  return port >= from && port <= to
}

function subnetFrom(text: string): { address: string; prefixLength: number } {
  const [address = '', length] = text.split('/')
  return { address, prefixLength: Number(length ?? (isIpv6(address) ? 128 : 32)) }
}
