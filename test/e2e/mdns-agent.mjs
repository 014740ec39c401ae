/**
 * The program that hosts run for mDNS: one node's discovery, without the node. One JSON object per line.
 *
 *     mdns-agent.mjs <name> <interface> [IPv4|IPv6]
 *     in    "metrics", "stop", "to-port-0" (a transport of its own sends there, and is closed twice), or what shall be
 *           sent to the group as it is: "bytes <hex>"
 *     out   { "ready": <id> }, { "label": … }, { "candidate": { … } }, { "warning": { "code": …, "reason": … } },
 *           { "metrics": { … } }, { "stopped": true }, { "closed": <which call> }
 *
 * It refuses to run outside of a network namespace of its own.
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { startMdns } from '../../dist/src/discovery/mdns/mdns.js'
import { openMulticast } from '../../dist/src/discovery/mdns/multicast.js'
import { nodePlatform } from '../../dist/src/platform-node/platform.js'

const ofMachine = process.env.EARSHOT_E2E_NAMESPACE_OF_MACHINE
if (ofMachine === undefined || ofMachine === readlinkSync('/proc/self/ns/net')) {
  throw new Error('this program runs in network namespaces that test/e2e makes, and nowhere else')
}

const [name, interfaceName, family = 'IPv4'] = process.argv.slice(2)
const PORT = 50_000

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const host = {
  id: randomBytes(16).toString('hex').toUpperCase(),
  name,
  platform: nodePlatform,
  beaconPort: 5670,
  propose: (candidate) => print({ candidate }),
  onMailboxes(callback) {
    const mailboxes = nodePlatform
      .interfaces()
      .filter((each) => each.name === interfaceName && each.family === family)
      .map(({ address }) => ({ interfaceName, address, port: PORT, beaconTo: undefined }))
    queueMicrotask(() => callback(mailboxes))
    return () => {}
  },
  onStopping() {},
  warn: (code, reason) => print({ warning: { code, reason } }),
}

const mdns = startMdns(host, { openTransport: openMulticast })
print({ ready: host.id })

/** Sends bytes to the group from a port of its own. */
function sendBytes(hex) {
  const socket = createSocket('udp4')
  const { address } = nodePlatform.interfaces().find((each) => each.name === interfaceName)
  socket.bind(0, address, () => {
    socket.setMulticastInterface(address)
    socket.send(Buffer.from(hex, 'hex'), 5353, '224.0.0.251', () => socket.close())
  })
}

/** As `send` would answer a query whose sender wants no answer. */
function sendToPort0() {
  const { address } = nodePlatform.interfaces().find((each) => each.name === interfaceName)
  const link = {
    interfaceName,
    family: 'IPv4',
    zone: interfaceName,
    addresses: [{ address, prefixLength: 24 }],
  }
  const transport = openMulticast(link, {
    opened() {
      transport.send({ kind: 'response' }, { address, port: 0 })
      transport.close(() => {
        print({ closed: 1 })
        transport.close(() => print({ closed: 3 }))
      })
      transport.close(() => print({ closed: 2 }))
    },
    packet() {},
    malformed() {},
    failed: (reason) => print({ failed: reason }),
  })
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [verb, argument] = line.split(' ')
  if (verb === 'metrics') print({ metrics: mdns.metrics(), label: mdns.label })
  if (verb === 'to-port-0') sendToPort0()
  if (verb === 'bytes') sendBytes(argument)
  if (verb === 'stop') {
    await mdns.close()
    print({ stopped: true })
  }
})
