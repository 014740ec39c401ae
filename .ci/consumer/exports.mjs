/** The installed package offers what its documentation names, from all of its entries. */
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

const sim = await import('earshot/sim')
for (const name of ['createSimulation', 'defineScenario', 'numberSetting', 'choiceSetting']) {
  assert.ok(name in sim, `earshot/sim exports ${name}`)
}
for (const name of ['runScenario', 'sweep', 'renderReport', 'SCENARIOS', 'CHECKS', 'WEATHERS']) {
  assert.ok(name in sim, `earshot/sim exports ${name}`)
}
