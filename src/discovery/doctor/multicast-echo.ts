/**
 * Whether a multicast comes back on an interface: sends one question of mDNS for mesh nodes, and listens for it. It is what
 * mDNS itself would ask, so it disturbs nobody.
 */
import { createSocket } from 'node:dgram'

const GROUP = '224.0.0.251'
const MDNS_PORT = 5353
const WAIT_MS = 1_500

/** `undefined`: it cannot be tried here, as another program has the port of mDNS for itself. */
export function multicastLoops(address: string): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    const question = questionOf(Math.floor(Math.random() * 0x10000))
    const end = (result: boolean | undefined): void => {
      clearTimeout(timer)
      socket.removeAllListeners('message')
      socket.close()
      resolve(result)
    }
    const timer = setTimeout(() => end(false), WAIT_MS)
    socket.once('error', () => end(undefined))
    socket.on('message', (bytes) => {
      if (bytes.equals(question)) end(true)
    })
    socket.bind(MDNS_PORT, () => {
      try {
        socket.setMulticastInterface(address)
        socket.addMembership(GROUP, address)
        socket.setMulticastLoopback(true)
        socket.setMulticastTTL(255)
        socket.send(question, MDNS_PORT, GROUP, (error) => error && end(false))
      } catch {
        end(undefined)
      }
    })
  })
}

/** RFC 1035 §4.1: who is an instance of `_zre._tcp.local`? The id makes it ours; mDNS does not look at it (RFC 6762 §18.1). */
function questionOf(id: number): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(1, 4)
  const labels = ['_zre', '_tcp', 'local'].map((label) =>
    Buffer.concat([Buffer.of(label.length), Buffer.from(label)]),
  )
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, 12, 0, 1)])
}
