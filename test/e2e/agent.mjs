/**
 * The program that hosts run: nodes on command. One JSON object per line.
 *
 *     in    { "call": 1, "node": "a", "do": "start", "args": [{ "name": "a" }] }
 *     out   { "answer": 1, "value": { "id": "…" } }  or  { "answer": 1, "error": { "code": "…", "message": "…" } }
 *     out   { "node": "a", "at": 123.4, "event": { "type": "enter", "peer": { … } } }
 *
 * Answer 0 comes unasked, when the program is ready. `at` is in milliseconds of the machine's monotonic clock, the same for all processes. The process ends when its input
 * does, in the way a killed one does. It refuses to run outside of a network namespace of its own.
 */
import { readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createNode, discoveryMetrics } from '../../dist/src/index.js'

const ofMachine = process.env.EARSHOT_E2E_NAMESPACE_OF_MACHINE
if (ofMachine === undefined || ofMachine === readlinkSync('/proc/self/ns/net')) {
  throw new Error('this program runs in network namespaces that test/e2e makes, and nowhere else')
}

const nodes = new Map()

const EVENTS = [
  ...['enter', 'evasive', 'silent', 'asleep', 'alive', 'exit', 'join', 'leave', 'whisper', 'shout'],
  ...['warning', 'stop'],
]

const commands = {
  async start(name, options) {
    const node = await createNode({ name, ...options })
    nodes.set(name, node)
    for (const type of EVENTS) node.on(type, (event) => tell(name, event))
    return { id: node.id }
  },
  stop: (name) => nodes.get(name).stop(),
  join: (name, group) => nodes.get(name).join(group),
  leave: (name, group) => nodes.get(name).leave(group),
  whisper: (name, peer, frames) => nodes.get(name).whisper(peer, frames.map(fromHex)),
  shout: (name, group, frames) => nodes.get(name).shout(group, frames.map(fromHex)),
  ping: (name, peer) => nodes.get(name).ping(peer),
  peers: (name) => nodes.get(name).peers(),
  interfaces: (name) => nodes.get(name).interfaces(),
  metrics: (name) => nodes.get(name).metrics(),
  discovery: (name) => discoveryMetrics(nodes.get(name)),
  suspend: (name, options) => nodes.get(name).suspend(options),
  resume: (name) => nodes.get(name).resume(),
}

function tell(node, { message, ...event }) {
  const frames = message === undefined ? {} : { frames: message.frames().map(toHex) }
  print({ node, at: Number(process.hrtime.bigint()) / 1e6, event: { ...event, ...frames } })
}

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function fromHex(text) {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function toHex(bytes) {
  return Buffer.from(bytes).toString('hex')
}

async function obey({ call, node, do: name, args }) {
  try {
    print({ answer: call, value: await commands[name](node, ...args) })
  } catch (error) {
    print({ answer: call, error: { code: error.code, message: error.message } })
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => obey(JSON.parse(line)))
lines.on('close', () => process.exit(0))
print({ answer: 0 })
