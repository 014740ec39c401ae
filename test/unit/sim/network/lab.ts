/** Hosts on a virtual network with processes that note what they are called with: what the tests here work with. */

import { World } from '../../../../sim/kernel/world.ts'
import type { VirtualHost } from '../../../../sim/network/host.ts'
import { Internet } from '../../../../sim/network/host.ts'
import { VirtualNetwork } from '../../../../sim/network/network.ts'
import type { VirtualProcess } from '../../../../sim/network/process.ts'
import type { Chunking } from '../../../../sim/network/tcp-shared.ts'
import type { Attachment, Subnet, SubnetOptions } from '../../../../sim/network/topology.ts'
import type { Weather } from '../../../../sim/network/weather.ts'
import { concatBytes } from '../../../../src/base/bytes.ts'
import type {
  ByteStream,
  DatagramHandlers,
  DatagramPort,
  IoFailure,
  ListenHandlers,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
} from '../../../../src/runtime/platform.ts'

export interface LabOptions {
  readonly seed?: number
  readonly chunking?: Chunking
  /** Of the first subnet. */
  readonly weather?: Partial<Weather>
  readonly subnet?: SubnetOptions
}

/** 1 ms to everywhere, and nothing else. */
export const PLAIN: Partial<Weather> = { latencyMs: 1, jitterMs: 0 }

export class Lab {
  readonly world: World
  readonly network: VirtualNetwork
  readonly internet: Internet
  readonly lan: Subnet

  constructor({ seed = 1, chunking = 'natural', weather = PLAIN, subnet = {} }: LabOptions = {}) {
    this.world = new World(seed)
    this.network = new VirtualNetwork(this.world)
    this.lan = this.network.addSubnet({ weather, ...subnet })
    this.internet = new Internet(this.world, this.network, chunking)
  }

  host(name: string, ...subnets: Subnet[]): LabHost {
    return new LabHost(this.internet.addHost(name, subnets.length > 0 ? subnets : [this.lan]))
  }

  run(ms: number): Promise<void> {
    return this.world.run(ms)
  }

  /** Two hosts with a connection from the first to the second. */
  async connect(): Promise<{ a: LabHost; b: LabHost; near: End; far: End }> {
    const [a, b] = [this.host('a'), this.host('b')]
    const listening = await b.listen(7)
    const near = a.dial(b, 7)
    await this.run(100)
    return { a, b, near, far: listening.ends[0]! }
  }
}

/** A host with one process at a time. */
export class LabHost {
  readonly host: VirtualHost
  process: VirtualProcess

  constructor(host: VirtualHost) {
    this.host = host
    this.process = host.spawn()
  }

  get attachment(): Attachment {
    return this.host.attachments[0]!
  }

  get address(): string {
    return this.host.address
  }

  get hosts(): ReadonlySet<number> {
    return new Set([this.host.index])
  }

  reboot(): void {
    this.host.powerOff()
    this.host.powerOn()
    this.process = this.host.spawn()
  }

  async port(port: number, address?: string): Promise<Port> {
    const made = new Port(this.process.clock)
    const options = address === undefined ? { port } : { port, address }
    made.port = await this.process.openDatagrams(options, made)
    return made
  }

  async listen(port: number): Promise<Listening> {
    const made = new Listening()
    made.listener = await this.process.listen({ address: '0.0.0.0', port }, made)
    return made
  }

  dial(to: LabHost | SocketAddress, port: number): End {
    const address = to instanceof LabHost ? to.address : to.address
    const end = new End()
    end.stream = this.process.dial({ to: { address, port } }, end)
    return end
  }
}

export class Port implements DatagramHandlers {
  port!: DatagramPort
  readonly received: { bytes: Uint8Array; from: SocketAddress; atMs: number }[] = []
  readonly failures: string[] = []
  onDatagram: () => void = () => {}
  readonly #clock: { now(): number }

  constructor(clock: { now(): number }) {
    this.#clock = clock
  }

  datagram(bytes: Uint8Array, from: SocketAddress): void {
    this.received.push({ bytes, from, atMs: this.#clock.now() })
    this.onDatagram()
  }

  failed(failure: IoFailure): void {
    this.failures.push(failure.kind)
  }

  /** The first bytes of what it received. */
  get firsts(): number[] {
    return this.received.map(({ bytes }) => bytes[0]!)
  }

  send(address: string, port: number, first = 0, length = 10): void {
    const bytes = new Uint8Array(length)
    bytes[0] = first
    this.port.send(bytes, { address, port })
  }
}

export class End implements StreamHandlers {
  stream!: ByteStream
  readonly calls: string[] = []
  readonly chunks: Uint8Array[] = []
  end: StreamEnd | undefined
  onBytes: () => void = () => {}

  opened(): void {
    this.#called('opened')
  }

  bytes(chunk: Uint8Array): void {
    this.#called('bytes')
    this.chunks.push(chunk)
    this.onBytes()
  }

  drained(): void {
    this.#called('drained')
    if (this.stream.pendingBytes !== 0) throw new Error('drained with pending bytes')
  }

  ended(end: StreamEnd): void {
    this.#called('ended')
    this.end = end
  }

  #called(name: string): void {
    if (this.end !== undefined) throw new Error(`${name} after ended`)
    this.calls.push(name)
  }

  get received(): Uint8Array {
    return concatBytes(this.chunks)
  }

  /** `open`, `ended`, or what it failed with. */
  get outcome(): string {
    if (this.end === undefined) return 'open'
    return this.end.kind === 'ended' ? 'ended' : this.end.failure.kind
  }
}

export class Listening implements ListenHandlers {
  listener!: { readonly port: number; close(): void }
  readonly ends: End[] = []
  onAccepted: (end: End) => void = () => {}

  accepted(stream: ByteStream): StreamHandlers {
    const end = new End()
    end.stream = stream
    this.ends.push(end)
    this.onAccepted(end)
    return end
  }

  failed(): void {}
}

/** Bytes of which each place can be told. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7) & 255)
}
