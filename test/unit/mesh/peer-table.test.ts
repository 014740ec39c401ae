import { describe, expect, it } from 'vitest'
import { NEVER } from '../../../src/base/deadlines.ts'
import { NEVER_HEARD, PeerTable, PeerTimes } from '../../../src/mesh/peer-table.ts'

class Someone extends PeerTimes<Someone> {
  described = true

  describe(): void {
    this.noteDescribed()
  }

  touchInfo(): void {
    this.described = false
  }
}

describe('the table of peers', () => {
  it('starts a row with nothing heard and no deadline', () => {
    const peer = new Someone(new PeerTable<Someone>(), 7)
    expect([peer.heardAt, peer.heardTcpAt, peer.enteredAt]).toEqual([7, NEVER_HEARD, NEVER_HEARD])
    expect([peer.nextDeadline(), peer.roundTripMs]).toEqual([NEVER, undefined])
  })

  it('keeps the times of many apart, also when it grows', () => {
    const table = new PeerTable<Someone>()
    const peers = Array.from({ length: 100 }, (_, i) => {
      const peer = new Someone(table, i)
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
    const table = new PeerTable<Someone>()
    expect(table.nextSilence()).toBe(NEVER)
    const [a, b, c] = [10, 20, 30].map((at) => new Someone(table, at))
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
    const table = new PeerTable<Someone>()
    const gone = new Someone(table, 1)
    gone.patienceMs = 5
    gone.setDeadline('redial', 9)
    gone.leaveTable()
    expect([table.nextSilence(), table.silentAt(1_000)]).toEqual([NEVER, []])
    const next = new Someone(table, 2)
    gone.heardTcp(50)
    gone.setDeadline('probe', 60)
    expect([next.heardAt, next.heardTcpAt, next.nextDeadline()]).toEqual([2, NEVER_HEARD, NEVER])
    expect([gone.heardAt, gone.takeDeadline(100), gone.takeDeadline(100)]).toEqual([
      50,
      'redial',
      'probe',
    ])
  })

  it('keeps the descriptions of those described last', () => {
    const table = new PeerTable<Someone>()
    const peers = Array.from({ length: 200 }, () => new Someone(table, 0))
    for (const peer of peers) peer.describe()
    expect(peers.filter(({ described }) => described)).toEqual(peers.slice(200 - 128))
  })
})
