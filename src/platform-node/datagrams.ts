/** The platform's UDP port: a `DatagramStream` in flowing mode. */
import type {
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  SocketAddress,
} from '../runtime/platform.ts'
import { type Datagram, type DatagramStream, openDatagramStream } from './dgram-as-stream.ts'

export async function openDatagramPort(
  options: DatagramOptions,
  handlers: DatagramHandlers,
): Promise<DatagramPort> {
  const stream = await openDatagramStream({
    ...options,
    shared: options.address === undefined || options.address === '::',
    onFailure: (failure) => handlers.failed(failure),
  })
  return new NodeDatagramPort(stream, handlers)
}

class NodeDatagramPort implements DatagramPort {
  readonly #stream: DatagramStream
  #closed = false

  constructor(stream: DatagramStream, handlers: DatagramHandlers) {
    this.#stream = stream
    stream.on('data', ({ bytes, from }: Datagram) => {
      if (!this.#closed) handlers.datagram(bytes, from)
    })
  }

  get port(): number {
    return this.#stream.port
  }

  send(bytes: Uint8Array, to: SocketAddress): void {
    this.#stream.send(bytes, to)
  }

  join(group: string): void {
    this.#stream.join(group)
  }

  close(): void {
    this.#closed = true
    this.#stream.close()
  }
}
