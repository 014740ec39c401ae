/**
 * A link in memory for mDNS: nodes that announce and browse in virtual time, strangers that say what they like, and a
 * record of all packets. No sockets.
 */

import type { DiscoveryHost } from '../../src/discovery/host.ts'
import { type MdnsDiscovery, startMdns } from '../../src/discovery/mdns/mdns.ts'
import type { MdnsPacket, MdnsRecord } from '../../src/discovery/mdns/records.ts'
import type {
  MdnsLink,
  MdnsTransport,
  MdnsTransportHandlers,
} from '../../src/discovery/mdns/transport.ts'
import { MDNS_PORT } from '../../src/discovery/mdns/transport.ts'
import type { Candidate, DiscoveryWarningCode, Mailbox } from '../../src/runtime/candidate.ts'
import type { SocketAddress } from '../../src/runtime/platform.ts'
import { type MemoryHost, World } from './memory-platform.ts'

const LATENCY_MS = 1
export const MAILBOX_PORT = 50_000

/** A packet that was sent. */
export interface Sent {
  readonly at: number
  readonly from: SocketAddress
  /** `undefined`: to all. */
  readonly to: SocketAddress | undefined
  readonly packet: MdnsPacket
}

export class Lan {
  readonly world: World = new World()
  readonly sent: Sent[] = []
  /** Transports are refused while this says why. */
  obstacle: string | undefined
  readonly #members = new Map<object, (sent: Sent) => void>()
  readonly #silent = new Set<string>()
  readonly #failing = new Set<(reason: string) => void>()

  get now(): number {
    return this.world.now
  }

  node(name: string): LanNode {
    return new LanNode(this, name)
  }

  stranger(address = '10.0.0.200'): Stranger {
    return new Stranger(this, { address, port: MDNS_PORT })
  }

  /** Lets all open transports fail. */
  failAll(reason: string): void {
    for (const fail of [...this.#failing]) fail(reason)
  }

  /** Nothing that a node says is carried any more, and it hears nothing. */
  silence({ address }: LanNode): void {
    this.#silent.add(address)
  }

  unsilence({ address }: LanNode): void {
    this.#silent.delete(address)
  }

  /** Those of one sender, from a moment on. */
  sentBy(address: string, since = 0): Sent[] {
    return this.sent.filter((each) => each.from.address === address && each.at >= since)
  }

  join(member: object, hear: (sent: Sent) => void): void {
    this.#members.set(member, hear)
  }

  leave(member: object): void {
    this.#members.delete(member)
  }

  carry(member: object, packet: MdnsPacket, from: SocketAddress, to?: SocketAddress): void {
    const sent = { at: this.now, from, to, packet }
    this.sent.push(sent)
    if (this.#silent.has(from.address)) return
    for (const other of [...this.#members.keys()]) {
      if (other === member) continue
      this.world.network.schedule(this.now + LATENCY_MS, () => this.#members.get(other)?.(sent))
    }
  }

  readonly open = (link: MdnsLink, handlers: MdnsTransportHandlers): MdnsTransport => {
    const from = { address: link.addresses[0]!.address, port: MDNS_PORT }
    const member = {}
    this.join(member, ({ packet, from: source, to }) => {
      if (this.#silent.has(from.address)) return
      if (to === undefined || to.address === from.address) handlers.packet(packet, source)
    })
    const fail = (reason: string): void => handlers.failed(reason)
    const later = (action: () => void): void => this.world.network.schedule(this.now, action)
    const { obstacle } = this
    this.#failing.add(fail)
    later(() => {
      if (!this.#failing.has(fail)) return
      if (obstacle === undefined) handlers.opened()
      else fail(obstacle)
    })
    return {
      send: (packet, to) => this.carry(member, packet, from, to),
      close: (closed) => {
        this.leave(member)
        this.#failing.delete(fail)
        later(closed)
      },
    }
  }
}

/** A node that announces itself and browses; all that it proposes and warns of is kept. */
export class LanNode implements DiscoveryHost {
  readonly id: string
  readonly name: string
  readonly platform: MemoryHost
  readonly beaconPort: number
  readonly proposals: { readonly at: number; readonly candidate: Candidate }[] = []
  readonly warnings: { readonly code: DiscoveryWarningCode; readonly reason: string }[] = []
  readonly mdns: MdnsDiscovery
  /** What the application does when it is warned. */
  onWarning: () => void = () => {}
  readonly #lan: Lan
  #follow: ((mailboxes: readonly Mailbox[]) => void) | undefined
  #stop: () => void = () => {}

  constructor(lan: Lan, name: string, beaconPort = 5670) {
    this.beaconPort = beaconPort
    this.#lan = lan
    this.name = name
    this.platform = lan.world.host()
    this.id = lan.world.hosts.length.toString(16).padStart(2, '0').repeat(16).toUpperCase()
    this.mdns = startMdns(this, { openTransport: lan.open })
    this.moveTo([this.mailbox()])
  }

  get address(): string {
    return this.platform.address
  }

  mailbox(address = this.address): Mailbox {
    return { interfaceName: 'mem0', address, port: MAILBOX_PORT, beaconTo: undefined }
  }

  moveTo(mailboxes: readonly Mailbox[]): void {
    this.#follow?.(mailboxes)
  }

  stop(): void {
    this.#stop()
  }

  /** The ids that it was told of since a moment, each once. */
  found(since = 0): string[] {
    const ids = this.proposals.filter(({ at }) => at >= since).map(({ candidate }) => candidate.id!)
    return [...new Set(ids)]
  }

  // As a DiscoveryHost

  propose(candidate: Candidate): void {
    this.proposals.push({ at: this.#lan.now, candidate })
  }

  onMailboxes(callback: (mailboxes: readonly Mailbox[]) => void): () => void {
    this.#follow = callback
    return () => {
      this.#follow = undefined
    }
  }

  onStopping(callback: () => void): void {
    this.#stop = callback
  }

  warn(code: DiscoveryWarningCode, reason: string): void {
    this.warnings.push({ code, reason })
    this.onWarning()
  }
}

/** Somebody else on the link. */
export class Stranger {
  readonly heard: Sent[] = []
  readonly #lan: Lan
  readonly #from: SocketAddress

  constructor(lan: Lan, from: SocketAddress) {
    this.#lan = lan
    this.#from = from
    lan.join(this, (sent) => {
      if (sent.to === undefined || sent.to.address === from.address) this.heard.push(sent)
    })
  }

  /** Port and address can be made up. */
  say(packet: MdnsPacket, from: Partial<SocketAddress> = {}): void {
    this.#lan.carry(this, packet, { ...this.#from, ...from })
  }

  answer(answers: readonly MdnsRecord[], from: Partial<SocketAddress> = {}): void {
    this.say({ kind: 'response', answers }, from)
  }
}

/** The records of a node that is none of ours, as another program would announce it. */
export function announcement(
  label: string,
  options: { id?: string; host?: string; port?: number; address?: string; ttl?: number } = {},
): MdnsRecord[] {
  const { id = 'EE'.repeat(16), host = 'other.local', port = 5_670 } = options
  const { address = '10.0.0.200', ttl = 120 } = options
  const name = `${label}._zre._tcp.local`
  const texts = [new TextEncoder().encode(`uuid=${id}`)]
  const where = { priority: 0, weight: 0, port, target: host }
  return [
    { type: 'PTR', name: '_zre._tcp.local', ttl, flush: false, target: name },
    { type: 'SRV', name, ttl, flush: true, ...where },
    { type: 'TXT', name, ttl, flush: true, texts },
    { type: 'A', name: host, ttl, flush: true, address },
  ]
}

/** The same, saying goodbye. */
export function goodbye(records: readonly MdnsRecord[]): MdnsRecord[] {
  return records.map((record) => ({ ...record, ttl: 0 }))
}
