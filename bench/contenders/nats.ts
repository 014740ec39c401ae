/**
 * NATS: a server of its own on loopback, the official client at both ends. The sender publishes to one subject, and
 * every peer is a connection that subscribes to it. Present only where `nats-server` is on the PATH.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/transport-node'
import { connect } from '@nats-io/transport-node'
import type { Contender, Receiver, Sender, Service, Sink, Task } from '../contender.ts'
import { payloadOf } from '../contender.ts'

const SUBJECT = 'bench'
const REPLIES = 'bench.replies'
/** Bytes published before we wait until the server has taken them. */
const WAITING_BYTES_MAX = 1024 * 1024
/** Beside the payload, for `PUB bench 100` and line ends. */
const FRAME_BYTES = 20
const START_MS_MAX = 10_000

export const nats: Contender = {
  name: 'NATS',
  serve: startServer,

  async receive(task: Task, sink: Sink, service: string): Promise<Receiver> {
    const connections: NatsConnection[] = []
    for (let i = 0; i < task.peers; i++) {
      const connection = await connect({ servers: service, reconnect: false })
      connection.subscribe(SUBJECT, {
        callback: (_error, { data }) => {
          if (sink.echo) connection.publish(REPLIES, data)
          else sink.count(data.length)
        },
      })
      await connection.flush()
      connections.push(connection)
    }
    return { address: service, close: () => closeAll(connections) }
  },

  async connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender> {
    const connection = await connect({ servers: address, reconnect: false })
    connection.subscribe(REPLIES, { callback: (_error, { data }) => onReply(data.length) })
    await connection.flush()
    const payload = payloadOf(task)
    let waiting = 0
    return {
      send: () => {
        connection.publish(SUBJECT, payload)
        waiting += FRAME_BYTES + payload.length
        if (waiting < WAITING_BYTES_MAX) return undefined
        waiting = 0
        return connection.flush()
      },
      close: () => closeAll([connection]),
    }
  },
}

async function closeAll(connections: readonly NatsConnection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()))
}

/** Where `nats-server` is, if it is on the PATH. */
export function natsServerPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function startServer(): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'))
  const config = join(folder, 'nats.conf')
  // A subscriber that is slower than the publisher must not be cut off: what waits for it may be large.
  const settings = {
    host: '127.0.0.1',
    port: -1,
    ports_file_dir: folder,
    max_payload: 8 * 2 ** 20,
    max_pending: 2 ** 30,
    write_deadline: '30s',
  }
  writeFileSync(config, JSON.stringify(settings))
  const server = spawn(natsServerPath() ?? 'nats-server', ['--config', config], { stdio: 'ignore' })
  const exited = once(server, 'exit')
  const kill = (): boolean => server.kill('SIGKILL')
  process.once('exit', kill)
  const ports = join(folder, `nats-server_${server.pid}.ports`)
  return {
    address: await serverAddress(ports),
    pid: server.pid ?? 0,
    stop: async () => {
      process.off('exit', kill)
      server.kill()
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server says in a file which port it was given. */
async function serverAddress(file: string): Promise<string> {
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += 20) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text.trimEnd().endsWith('}')) {
      const { nats: urls } = JSON.parse(text) as { nats: string[] }
      return urls[0]!
    }
    await sleep(20)
  }
  throw new Error('nats-server did not start')
}
