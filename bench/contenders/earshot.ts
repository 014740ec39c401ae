/**
 * earshot through its public API: nodes on the loopback interface, messages in, events out.
 *
 * The receiving nodes do not beacon, so that they meet the sender and not each other: what is measured is the
 * sender's star, as with the other contenders. `bench/mesh-half.ts` has nodes that all meet.
 */
import * as v from 'valibot'
import type { MeshNode, TypedGroup } from '../../src/index.ts'
import { createNode, msgpack } from '../../src/index.ts'
import { beaconPort } from '../beacon-port.ts'
import type { Contender, Receiver, Sender, Sink, Task } from '../contender.ts'
import { payloadOf } from '../contender.ts'

const LOOPBACK = '127.0.0.1'
const GROUP = 'bench'

/** What a typed message holds. */
const READING = v.object({
  sequence: v.number(),
  sensor: v.string(),
  celsius: v.number(),
  indoors: v.boolean(),
  history: v.array(v.number()),
  note: v.string(),
})
type Reading = v.InferOutput<typeof READING>

export const earshot: Contender = {
  name: 'earshot',

  async receive(task: Task, sink: Sink): Promise<Receiver> {
    const port = beaconPort(0)
    const nodes: MeshNode[] = []
    for (let i = 0; i < task.peers; i++) {
      const node = await createNode({
        name: `peer-${i + 1}`,
        interfaces: LOOPBACK,
        port,
        timers: { beaconIntervalMs: 0 },
      })
      listen(node, task, sink)
      nodes.push(node)
    }
    return {
      address: String(port),
      close: async () => {
        await Promise.all(nodes.map((node) => node.stop()))
      },
    }
  },

  async connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender> {
    const node = await createNode({ name: 'sender', interfaces: LOOPBACK, port: Number(address) })
    node.on('whisper', ({ message }) => onReply(message.bytes().length))
    while (node.members(GROUP).length < task.peers) await node.next('join')
    return { send: sendingOf(node, task), close: () => node.stop() }
  },
}

function listen(node: MeshNode, task: Task, sink: Sink): void {
  node.on('whisper', ({ peer, message }) => {
    const bytes = message.bytes()
    if (sink.echo) void node.whisper(peer, bytes)
    else sink.count(bytes.length)
  })
  if (task.style === 'typed' || task.style === 'checked') {
    let heard = 0
    readings(node, task).on('message', ({ value }) => {
      sink.count(value.sequence === FIRST_SEQUENCE + heard++ ? task.bytes : -1)
    })
    return
  }
  node.join(GROUP)
  node.on('shout', ({ message }) => sink.count(message.bytes().length))
}

function sendingOf(node: MeshNode, task: Task): Sender['send'] {
  const payload = payloadOf(task)
  switch (task.style) {
    case 'whisper': {
      const { id } = node.members(GROUP)[0]!
      return () => (node.tryWhisper(id, payload) ? undefined : node.whisper(id, payload))
    }
    case 'shout':
      return () => node.shout(GROUP, payload)
    case 'typed':
    case 'checked': {
      const group = readings(node, task)
      const reading = readingOf(task.bytes)
      let sent = 0
      return () => group.shout({ ...reading, sequence: FIRST_SEQUENCE + sent++ })
    }
  }
}

function readings(node: MeshNode, task: Task): TypedGroup<Reading> {
  const codec = msgpack<Reading>()
  return task.style === 'checked'
    ? node.group(GROUP, { codec, schema: READING })
    : node.group(GROUP, { codec })
}

/** Large enough that its encoding keeps its length. */
const FIRST_SEQUENCE = 100_000

/** A reading that is `bytes` long when it is encoded. */
function readingOf(bytes: number): Reading {
  const reading: Reading = {
    sequence: FIRST_SEQUENCE,
    sensor: 'kitchen-window-3',
    celsius: 21.5,
    indoors: true,
    history: [21.25, 21.5, 20.75, 19],
    note: '',
  }
  const codec = msgpack<Reading>()
  while (codec.encode(reading).length < bytes) reading.note += 'x'
  if (codec.encode(reading).length !== bytes) throw new Error(`no reading has ${bytes} bytes`)
  return reading
}
