import { describe, expect, it } from 'vitest'
import { Agenda } from '../../../src/base/deadlines.ts'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { limitsByTrust, MeshConnection } from '../../../src/mesh/connection.ts'
import { newMeshCounters } from '../../../src/mesh/counters.ts'
import { Handshakes } from '../../../src/mesh/handshakes.ts'
import type { Connection, Peer } from '../../../src/mesh/peer.ts'
import type { Timed } from '../../../src/mesh/timed.ts'

function connection(port: number): Connection {
  const at = { address: '10.0.0.1', port }
  return MeshConnection.accepted<Peer>(at, at, new Uint8Array(17), limitsByTrust(DEFAULT_LIMITS))
}

describe('the queue of handshakes', () => {
  it('gives those that take too long, at their time and in their order', () => {
    const agenda = new Agenda<Timed>()
    const handshakes = new Handshakes(agenda, 100, newMeshCounters())
    const [a, b, c] = [connection(1), connection(2), connection(3)]
    handshakes.begin(a, 0)
    handshakes.begin(b, 10)
    handshakes.begin(c, 10)
    expect([agenda.next(), agenda.length]).toEqual([100, 1])
    handshakes.end(b)
    expect([agenda.takeDue(100)?.timed, handshakes.takeDue(100)]).toEqual(['handshakes', a])
    expect([handshakes.takeDue(100), agenda.next()]).toEqual([undefined, 110])
    agenda.takeDue(110)
    expect([handshakes.takeDue(110), handshakes.takeDue(110)]).toEqual([c, undefined])
    expect(agenda.length).toBe(0)
  })

  it('is armed again by the next that begins, and rings for nobody when all are complete', () => {
    const agenda = new Agenda<Timed>()
    const handshakes = new Handshakes(agenda, 100, newMeshCounters())
    const [a, b] = [connection(1), connection(2)]
    handshakes.begin(a, 0)
    handshakes.end(a)
    agenda.takeDue(100)
    expect([handshakes.takeDue(100), agenda.length]).toEqual([undefined, 0])
    handshakes.begin(b, 200)
    expect(agenda.next()).toBe(300)
  })

  it('gives all as much longer as its alarm came late: a busy host has not read yet what was said in time', () => {
    const agenda = new Agenda<Timed>()
    const handshakes = new Handshakes(agenda, 1_000, newMeshCounters())
    handshakes.begin(connection(1), 0)
    agenda.takeDue(1_700)
    expect([handshakes.putOff(1_700), agenda.next()]).toEqual([true, 2_400])
    agenda.takeDue(2_450)
    expect(handshakes.putOff(2_450)).toBe(false)
    expect(handshakes.takeDue(2_450)).toBeDefined()
  })

  it('gives them no more than their time once more, however long the host slept', () => {
    const agenda = new Agenda<Timed>()
    const handshakes = new Handshakes(agenda, 1_000, newMeshCounters())
    handshakes.begin(connection(1), 0)
    agenda.takeDue(9_000)
    expect([handshakes.putOff(9_000), agenda.next()]).toEqual([true, 10_000])
  })

  it('gives nobody longer than twelve times the limit', () => {
    const agenda = new Agenda<Timed>()
    const handshakes = new Handshakes(agenda, 1_000, newMeshCounters())
    handshakes.begin(connection(1), 0)
    agenda.takeDue(12_001)
    expect(handshakes.putOff(12_001)).toBe(false)
  })

  it('counts how each ended, once: complete, over before that, or out of time', () => {
    const agenda = new Agenda<Timed>()
    const counters = newMeshCounters()
    const handshakes = new Handshakes(agenda, 100, counters)
    const [a, b, c, d] = [connection(1), connection(2), connection(3), connection(4)]
    const dialled = new MeshConnection<Peer>(
      'dialler',
      { address: '10.0.0.1', port: 5 },
      new Uint8Array(17),
      limitsByTrust(DEFAULT_LIMITS),
    )
    for (const each of [a, b, c, d, dialled]) handshakes.begin(each, 0)
    handshakes.complete(a)
    handshakes.complete(dialled)
    handshakes.end(b)
    expect([handshakes.takeDue(100), handshakes.takeDue(100)]).toEqual([c, d])
    // All connections end some day: that says nothing new.
    for (const each of [a, b, c, d, dialled]) handshakes.end(each)
    expect(counters).toMatchObject({
      handshakes: 2,
      dialsSucceeded: 1,
      handshakesAccepted: 1,
      handshakesFailed: 1,
      handshakesTimedOut: 2,
    })
  })
})
