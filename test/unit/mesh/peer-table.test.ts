import { describe, expect, it } from 'vitest'
import { NEVER } from '../../../src/base/deadlines.ts'
import { peerIdToBytes } from '../../../src/base/peer-id.ts'
import { NEVER_HEARD, PeerTable, PeerTimes, placeOf } from '../../../src/mesh/peer-table.ts'
import { testId } from '../../support/mesh.ts'

class Someone extends PeerTimes<Someone> {
  described = true

  describe(): void {
    this.noteDescribed()
  }

  touchInfo(): void {
    this.described = false
  }
}

function newTable(): PeerTable<Someone> {
  let n = 0
  return new PeerTable(() => (++n * 0.618_034) % 1)
}

describe('the table of peers', () => {
  it('starts a row with nothing heard and no deadline', () => {
    const peer = new Someone(newTable(), testId(1), 7)
    expect([peer.heardAt, peer.heardTcpAt, peer.enteredAt]).toEqual([7, NEVER_HEARD, NEVER_HEARD])
    expect([peer.nextDeadline(), peer.roundTripMs]).toEqual([NEVER, undefined])
  })

  it('measures the round trip of a PING, and keeps when its answer came', () => {
    const peer = new Someone(newTable(), testId(1), 0)
    expect(peer.pongAt).toBe(NEVER_HEARD)
    peer.pingSentAt = 1_000
    expect(peer.heardPong(1_002.5)).toBe(2.5)
    peer.pingSentAt = 5_000
    expect([peer.roundTripMs, peer.pongAt]).toEqual([2.5, 1_002.5])
  })

  it('keeps the times of many apart, also when it grows', () => {
    const table = newTable()
    const peers = Array.from({ length: 100 }, (_, i) => {
      const peer = new Someone(table, testId(i), i)
      peer.heardTcp(1_000 + i)
      peer.heardBeacon(2_000 + i)
      peer.setDeadline('probe', 3_000 + i)
      return peer
    })
    peers.forEach((peer, i) => {
      expect([peer.heardAt, peer.heardTcpAt, peer.heardBeaconAt]).toEqual([
        2_000 + i,
        1_000 + i,
        2_000 + i,
      ])
      expect([peer.nextDeadline(), peer.hasDeadline('redial')]).toEqual([3_000 + i, false])
    })
  })

  it('knows whose silence ends first, and who is due', () => {
    const table = newTable()
    expect(table.nextSilence()).toBe(NEVER)
    const [a, b, c] = [10, 20, 30].map((at) => new Someone(table, testId(at), at))
    a!.patienceMs = 100
    b!.patienceMs = 50
    c!.patienceMs = 60
    expect(table.nextSilence()).toBe(70)
    expect(table.silentAt(69)).toEqual([])
    expect(table.silentAt(90)).toEqual([b, c])
    b!.heardBeacon(80)
    expect([table.nextSilence(), table.silentAt(90)]).toEqual([90, [c]])
  })

  it('gives the row of one that left to the next, and each keeps its own times', () => {
    const table = newTable()
    const gone = new Someone(table, testId(1), 1)
    gone.patienceMs = 5
    gone.setDeadline('redial', 9)
    gone.leaveTable()
    expect([table.nextSilence(), table.silentAt(1_000)]).toEqual([NEVER, []])
    const next = new Someone(table, testId(2), 2)
    gone.heardTcp(50)
    gone.setDeadline('probe', 60)
    expect([next.heardAt, next.heardTcpAt, next.nextDeadline()]).toEqual([2, NEVER_HEARD, NEVER])
    expect([gone.heardAt, gone.takeDeadline(100), gone.takeDeadline(100)]).toEqual([
      50,
      'redial',
      'probe',
    ])
  })

  it('notes a beacon of a peer that is calm where it comes from, and no other', () => {
    const table = newTable()
    const [a, b] = [1, 2].map((n) => new Someone(table, testId(n), 0))
    const here = placeOf('10.0.0.1', 50_000)
    const note = (n: number, place: number): boolean =>
      table.noteCalmBeacon(peerIdToBytes(testId(n)), 0, place, 9)
    a!.calmAt(here)
    expect([note(2, here), note(3, here), note(1, placeOf('10.0.0.1', 50_001))]).toEqual([
      false,
      false,
      false,
    ])
    expect([a!.heardAt, b!.heardAt]).toEqual([0, 0])
    expect(note(1, here)).toBe(true)
    expect([a!.heardAt, a!.heardBeaconAt, a!.endpointBeaconAt]).toEqual([9, 9, 9])
    b!.calmAt(placeOf('fe80::1', 50_000))
    expect(note(2, placeOf('fe80::1', 50_000))).toBe(false)
    expect([table.find(peerIdToBytes(testId(2)), 0), table.find(new Uint8Array(16), 0)]).toEqual([
      b,
      undefined,
    ])
  })

  it('keeps the descriptions of those described last', () => {
    const table = newTable()
    const peers = Array.from({ length: 200 }, (_, i) => new Someone(table, testId(i), 0))
    for (const peer of peers) peer.describe()
    expect(peers.filter(({ described }) => described)).toEqual(peers.slice(200 - 128))
  })
})
