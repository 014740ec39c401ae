/** The installed package offers what its documentation names, from both of its entries. */
import assert from 'node:assert/strict'

const earshot = await import('earshot')
const core = await import('earshot/core')

const PORTABLE = ['createNodeOn', 'EarshotError', 'bytes', 'json', 'msgpack', 'text']

for (const name of PORTABLE) assert.ok(name in core, `earshot/core exports ${name}`)
for (const name of Object.keys(core)) assert.equal(earshot[name], core[name], `earshot has ${name}`)
for (const name of ['createNode', 'nodePlatform']) {
  assert.ok(name in earshot, `earshot exports ${name}`)
  assert.ok(!(name in core), `earshot/core keeps out ${name}`)
}
