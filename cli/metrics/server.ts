/**
 * The metrics endpoint: a small HTTP server with one page, `/metrics`. Whoever can reach it may be anybody, so it takes
 * few connections, for a short time, with small requests, and answers one scrape at a time.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NodeMetrics } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { formatAddress, type MetricsAddress } from './address.ts'
import { Exposition, type ExpositionOptions } from './exposition.ts'

const PATH = '/metrics'
/** Prometheus needs one, and a person with a browser a few. */
const CONNECTIONS_MAX = 32
/** Of one connection; it may connect again. */
const REQUESTS_MAX = 100
/** A request has arrived in full within this. */
const REQUEST_MS = 5_000
/** Nothing happens on a connection: longer than Prometheus' usual intervals are not needed. */
const IDLE_MS = 30_000
const HEADER_BYTES_MAX = 8 * 1_024
const CHECK_MS = 1_000

/** Whose metrics are served: a node. */
export interface Measured {
  metrics(): NodeMetrics
}

const TEXT = 'text/plain; charset=utf-8'

export class MetricsServer {
  readonly #server: Server
  readonly #exposition: Exposition
  #measured: Measured | undefined
  #rendering: Promise<string> | undefined

  private constructor(options: ExpositionOptions) {
    this.#exposition = new Exposition(options)
    this.#server = createServer(
      {
        requestTimeout: REQUEST_MS,
        headersTimeout: REQUEST_MS,
        connectionsCheckingInterval: CHECK_MS,
        keepAliveTimeout: IDLE_MS,
        maxHeaderSize: HEADER_BYTES_MAX,
      },
      (request, response) => void this.#handle(request, response),
    )
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.maxRequestsPerSocket = REQUESTS_MAX
    this.#server.setTimeout(IDLE_MS)
  }

  /** Opens the endpoint. @throws CliError when the address or the port cannot be had. */
  static async open(at: MetricsAddress, options: ExpositionOptions): Promise<MetricsServer> {
    const metrics = new MetricsServer(options)
    const server = metrics.#server
    server.listen({ host: at.address, port: at.port, exclusive: true })
    try {
      await once(server, 'listening')
    } catch (error) {
      throw failureOf(at, error as NodeJS.ErrnoException)
    }
    // A connection that cannot be taken, for lack of descriptors: the next may.
    server.on('error', () => {})
    return metrics
  }

  /** Until this is called, there is nothing to be told: 503. */
  serve(measured: Measured): void {
    this.#measured = measured
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `http://${formatAddress({ address, port })}${PATH}`
  }

  /** Ends at once, whoever is connected. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nobody who asks for metrics has anything to say.
    request.resume()
    const { method, url = '' } = request
    const isRead = method === 'GET' || method === 'HEAD'
    if (url.split('?', 1)[0] !== PATH) {
      answer(response, 404, TEXT, `Not here: the metrics are at ${PATH}\n`)
    } else if (!isRead) {
      response.setHeader('Allow', 'GET, HEAD')
      answer(response, 405, TEXT, 'Only GET and HEAD\n')
    } else if (this.#measured === undefined) {
      answer(response, 503, TEXT, 'The node is starting\n')
    } else {
      await this.#tell(this.#measured, response)
    }
  }

  async #tell(measured: Measured, response: ServerResponse): Promise<void> {
    try {
      // Who asks meanwhile gets the same.
      this.#rendering ??= this.#exposition.render(measured.metrics())
      answer(response, 200, this.#exposition.contentType, await this.#rendering)
    } catch (error) {
      answer(response, 500, TEXT, `${error instanceof Error ? error.message : String(error)}\n`)
    } finally {
      this.#rendering = undefined
    }
  }
}

/** To HEAD, `node:http` sends the same without the text. */
function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(text)
}

function failureOf(at: MetricsAddress, { code, message }: NodeJS.ErrnoException): CliError {
  const where = formatAddress(at)
  switch (code) {
    case 'EADDRINUSE':
      return new CliError(
        ExitCode.failure,
        `metrics: port ${at.port} of ${at.address} is taken by another program; choose another with --metrics`,
      )
    case 'EADDRNOTAVAIL':
      return new CliError(ExitCode.usage, `metrics: ${at.address} is no address of this host`)
    case 'EACCES':
      return new CliError(
        ExitCode.failure,
        `metrics: this user may not open port ${at.port}; choose another with --metrics`,
      )
    default:
      return new CliError(ExitCode.failure, `metrics: cannot listen at ${where}: ${message}`)
  }
}
