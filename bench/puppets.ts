/** Peers for `idle-peers.ts`: `puppets.js MAILBOX-PORT COUNT`. Each has a mailbox, dials ours, says HELLO, and is quiet. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { DEFAULT_LIMITS } from '../src/base/limits.ts'
import { stampUuid } from '../src/base/peer-id.ts'
import { ZmtpConnection } from '../src/zmtp/connection.ts'
import { NullMechanism } from '../src/zmtp/null-mechanism.ts'
import { encodeZre, zreLength } from '../src/zre/encode.ts'
import type { Hello } from '../src/zre/message.ts'

const HOST = '127.0.0.1'
const [mailboxPort, count] = process.argv.slice(2).map(Number) as [number, number]

/** Plays the protocol on a socket; `onReady` is called once the handshake is complete. */
function play(
  socket: Socket,
  role: 'dialler' | 'acceptor',
  identity: Uint8Array,
  onReady?: (zmtp: ZmtpConnection) => void,
): void {
  const mechanism = new NullMechanism()
  const zmtp = new ZmtpConnection({ role, identity, mechanism, limits: DEFAULT_LIMITS })
  const flush = (): void => {
    for (const segment of zmtp.takeSegments()) socket.write(segment)
  }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    zmtp.handleBytes(chunk)
    for (let input = zmtp.poll(); input.kind !== 'needMore'; input = zmtp.poll()) {
      if (input.kind === 'invalid') throw new Error(input.reason)
      if (input.kind === 'offer') zmtp.accept()
      if (input.kind === 'ready') onReady?.(zmtp)
    }
    flush()
  })
  flush()
}

async function start(index: number): Promise<void> {
  const uuid = stampUuid(randomBytes(16))
  const identity = Uint8Array.of(1, ...uuid)
  const server = createServer((socket) => play(socket, 'acceptor', identity))
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const hello: Hello = {
    kind: 'hello',
    sequence: 1,
    endpoint: `tcp://${HOST}:${port}`,
    groups: ['all'],
    status: 0,
    name: `puppet-${index}`,
    headers: new Map([['X-EARSHOT', '1']]),
  }
  const socket = connect({ host: HOST, port: mailboxPort, noDelay: true })
  await once(socket, 'connect')
  await new Promise<void>((resolve) => {
    play(socket, 'dialler', identity, (zmtp) => {
      encodeZre(hello, zmtp.reserveFrame(zreLength(hello), false))
      resolve()
    })
  })
}

process.on('disconnect', () => process.exit(0))
for (let i = 0; i < count; i++) await start(i)
process.send?.('ready')
