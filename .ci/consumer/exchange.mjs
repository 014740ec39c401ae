/** Two nodes of the installed package meet on the loopback interface, and talk both ways. */
import assert from 'node:assert/strict'
import { createNode } from 'earshot'

// A beacon port of its own, so that nothing else on this host joins in.
const options = {
  interfaces: '127.0.0.1',
  port: 20_000 + (process.pid % 10_000),
  groups: ['chat'],
  signal: AbortSignal.timeout(20_000),
}
const kitchen = await createNode({ ...options, name: 'kitchen' })
const attic = await createNode({ ...options, name: 'attic' })

const heard = (node, type) => new Promise((resolve) => node.on(type, resolve))
const whisper = heard(attic, 'whisper')
const shout = heard(kitchen, 'shout')

kitchen.on('enter', ({ peer }) => kitchen.whisper(peer.id, 'hello'))
assert.equal((await whisper).message.text(), 'hello')
await attic.shout('chat', 'hello all')
assert.equal((await shout).message.text(), 'hello all')

await Promise.all([kitchen.stop(), attic.stop()])
