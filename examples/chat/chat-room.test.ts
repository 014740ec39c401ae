/**
 * How to test an application on a simulated network: any test runner will do (this one is Vitest). The nodes are
 * real ones; only the network and the time are not. One seed decides everything, so what fails once fails always.
 */
import { createSimulation, type Simulation } from 'earshot/sim'
import { expect, test } from 'vitest'
import { ChatRoom } from './chat-room.ts'

async function rooms(sim: Simulation, count: number): Promise<ChatRoom[]> {
  const made: ChatRoom[] = []
  for (let i = 1; i <= count; i++) {
    made.push(new ChatRoom(await sim.addNode({ name: `guest-${i}` })))
  }
  await sim.until(() => made.every((room) => room.people.length === count - 1))
  return made
}

test('everybody hears what one says', async () => {
  const sim = createSimulation({ seed: 1 })
  const [first, ...others] = await rooms(sim, 30)
  await first!.say('hello all')
  await sim.run(100)
  for (const room of others) expect(room.lines).toEqual([{ from: 'guest-1', text: 'hello all' }])
  await sim.stop()
})

test('what is said while the network is split is not heard on the other side, and the room comes together again', async () => {
  const sim = createSimulation({ seed: 2 })
  const all = await rooms(sim, 10)
  const heal = sim.partition(['guest-1', 'guest-2', 'guest-3'])
  await sim.run(40_000) // after 30 s without a sign of life, a peer is gone
  expect(all[0]!.people).toEqual(['guest-2', 'guest-3'])
  await all[0]!.say('is anybody there?')
  await sim.run(1_000)
  expect(all[1]!.lines).toHaveLength(1)
  expect(all[9]!.lines).toHaveLength(0)
  heal()
  await sim.until(() => all.every((room) => room.people.length === 9))
  await all[9]!.say('there you are')
  await sim.run(1_000)
  expect(all[0]!.lines.at(-1)).toEqual({ from: 'guest-10', text: 'there you are' })
  await sim.stop()
})

test('in a crowded WiFi every line arrives, in the order in which it was said', async () => {
  const sim = createSimulation({ seed: 3, networks: [{ weather: 'crowded-wifi' }] })
  const all = await rooms(sim, 12)
  for (let i = 1; i <= 20; i++) await sim.wait(all[0]!.say(`line ${i}`))
  const said = all[0]!.lines
  await sim.until(() => all.every((room) => room.lines.length === said.length))
  for (const room of all) expect(room.lines).toEqual(said)
  await sim.stop()
})
