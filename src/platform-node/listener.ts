/** Listening for TCP connections over `node:net`. */
import { once } from 'node:events'
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net'
import type { Listener, ListenHandlers, ListenOptions } from '../runtime/platform.ts'
import { acceptedStream, STREAM_SOCKET_OPTIONS } from './byte-stream.ts'
import { openError, toFailure } from './failure.ts'

/** `port` 0 lets the host choose. Rejects with an EarshotError. */
export async function openListener(
  { address, port }: ListenOptions,
  handlers: ListenHandlers,
): Promise<Listener> {
  const server = createServer(STREAM_SOCKET_OPTIONS)
  try {
    // Node would look a name up.
    const family = isIP(address)
    if (family === 0) throw new TypeError(`${address} is not an IP address`)
    // `exclusive`: in a worker of `node:cluster` the primary would share one socket among all.
    server.listen({ host: address, port, exclusive: true, ipv6Only: family === 6 })
    await once(server, 'listening')
  } catch (error) {
    throw openError(error, 'TCP', address, port)
  }
  return new NodeListener(server, handlers)
}

class NodeListener implements Listener {
  readonly port: number
  readonly #server: Server
  readonly #handlers: ListenHandlers

  constructor(server: Server, handlers: ListenHandlers) {
    this.#server = server
    this.#handlers = handlers
    this.port = (server.address() as AddressInfo).port
    server.on('connection', this.#onConnection)
    server.on('error', this.#onError)
  }

  close(): void {
    this.#server.close()
  }

  readonly #onConnection = (socket: Socket): void => {
    const stream = acceptedStream(socket)
    if (stream === undefined) {
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    const handlers = this.#handlers.accepted(stream)
    if (handlers === undefined) stream.destroy()
    else stream.attach(handlers)
  }

  readonly #onError = (error: Error): void => {
    this.#handlers.failed(toFailure(error))
  }
}
