import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import type { EngineEvent } from '../../../src/mesh/events.ts'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import type { WhenFull } from '../../../src/mesh/outbox.ts'
import { content } from '../../support/content.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const GROUP = 'telemetry'

/** A stranger in the group that has met us and may stop reading. */
class Slow {
  readonly mesh = new Mesh()
  readonly a: Host
  readonly stranger: ZrePeer
  /** The numbers that have arrived. */
  readonly arrived: number[] = []
  #sent = 0

  constructor(options: Parameters<Mesh['host']>[0] = {}) {
    this.a = this.mesh.host({ name: 'a', ...options }).start()
    this.stranger = new ZrePeer(this.mesh, { id: STRANGER }).listen()
    this.stranger.beaconUntil(600_000)
    this.stranger.meet(this.a)
    this.stranger.say({ kind: 'join', group: GROUP, status: 1 })
    this.mesh.run(10)
    this.a.takeStory()
    this.stranger.onMessage = ({ kind }, [text]) => {
      if (kind === 'shout') this.arrived.push(Number.parseInt(new TextDecoder().decode(text), 10))
    }
  }

  reads(reading: boolean): void {
    this.stranger.accepted[0]!.socket.setReading(reading)
  }

  /** Shouts numbered texts of 1 KiB; gives how many were refused. */
  shout(count: number, whenFull: WhenFull, waits = true): number {
    let refused = 0
    for (let i = 0; i < count; i++) {
      const text = `${this.#sent++}`.padEnd(1_024, '.')
      const { full } = this.a.call((engine, now) => {
        return engine.shout({ ...content(GROUP, [text], whenFull), waits }, now)
      })
      refused += full.length
    }
    return refused
  }

  get peer() {
    return this.a.engine.metrics().peers[0]!
  }

  /** Events of a type, with their time. */
  events<Type extends EngineEvent['type']>(
    type: Type,
  ): { at: number; event: Extract<EngineEvent, { readonly type: Type }> }[] {
    return this.a.log.filter(({ event }) => event.type === type) as never
  }
}

describe('a peer that takes nothing', () => {
  it('is told as blocked when that has lasted, with what waits, and as unblocked when it has drained', () => {
    const slow = new Slow()
    slow.reads(false)
    const since = slow.mesh.now
    expect(slow.shout(4_000, 'wait')).toBeGreaterThan(900)
    expect(slow.peer.blocked).toBe(true)
    slow.mesh.run(DEFAULT_TIMERS.blockedAfterMs - 1)
    expect(slow.events('blocked')).toEqual([])
    slow.mesh.run(2)
    const [blocked] = slow.events('blocked')
    expect(blocked!.event).toMatchObject({ messages: 3_000 })
    expect(blocked!.event.bytes).toBeGreaterThan(3_000 * 1_024)
    slow.mesh.run(5_000)
    slow.reads(true)
    slow.mesh.run(1_000)
    const [unblocked] = slow.events('unblocked')
    expect(unblocked!.event.blockedMs).toBeCloseTo(unblocked!.at - since, 3)
    expect(unblocked!.event.blockedMs).toBeGreaterThan(6_000)
    expect(slow.events('blocked')).toHaveLength(1)
    expect(slow.peer.blocked).toBe(false)
  })

  it('for a moment only is not worth an event', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(4_000, 'wait')
    slow.mesh.run(900)
    slow.reads(true)
    slow.mesh.run(5_000)
    expect(slow.events('blocked')).toEqual([])
    expect(slow.events('unblocked')).toEqual([])
  })

  it('is told again when it is blocked again', () => {
    const slow = new Slow({ timers: { blockedAfterMs: 100 } })
    for (let i = 0; i < 3; i++) {
      slow.reads(false)
      slow.shout(4_000, 'drop-newest')
      slow.mesh.run(200)
      slow.reads(true)
      slow.mesh.run(1_000)
    }
    expect(slow.events('blocked')).toHaveLength(3)
    expect(slow.events('unblocked')).toHaveLength(3)
  })

  it('has room again at low marks of one’s own', () => {
    const slow = new Slow({ limits: { outboxLowMessages: 10 } })
    slow.reads(false)
    slow.shout(4_000, 'wait')
    slow.mesh.run(2_000)
    slow.reads(true)
    slow.mesh.until(() => slow.events('unblocked').length > 0)
    expect(slow.peer.outboxMessages).toBeLessThanOrEqual(10)
  })
})

describe('drop-newest', () => {
  it('lets nothing in beyond the marks, and keeps all that was accepted, in order', () => {
    const slow = new Slow()
    slow.reads(false)
    expect(slow.shout(5_000, 'drop-newest')).toBe(0)
    expect(slow.peer).toMatchObject({
      droppedNewest: 2_000,
      droppedOldest: 0,
      outboxMessages: 3_000,
    })
    slow.reads(true)
    slow.mesh.run(2_000)
    expect(slow.arrived).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
    expect(slow.a.engine.metrics().mesh).toMatchObject({ messagesDropped: 2_000, messagesLost: 0 })
  })

  it('takes what there is room for at once, before the low marks', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'drop-newest')
    slow.reads(true)
    slow.mesh.until(() => slow.peer.outboxMessages < 2_900)
    expect(slow.peer.outboxMessages).toBeGreaterThan(DEFAULT_LIMITS.outboxLowMessages)
    slow.shout(1, 'drop-newest')
    expect(slow.peer.droppedNewest).toBe(1)
  })

  it('is told at once, then at most once per second, with every drop in one of the events', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_000, 'drop-newest')
    for (let ms = 0; ms < 10_000; ms += 10) {
      slow.shout(1, 'drop-newest')
      slow.mesh.run(10)
    }
    slow.mesh.run(2_000)
    const drops = slow.events('drop')
    expect(drops[0]!.event).toMatchObject({ newest: 1, oldest: 0 })
    expect(drops.length).toBeLessThanOrEqual(11)
    drops.slice(1).forEach(({ at }, i) => {
      expect(at - drops[i]!.at).toBeGreaterThanOrEqual(1_000)
    })
    expect(drops.reduce((sum, { event }) => sum + event.newest, 0)).toBe(1_000)
  })
})

describe('drop-oldest', () => {
  it('keeps the newest of what waits, in order, within the marks', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(300, 'drop-oldest')
    slow.mesh.run(1) // what fits is on its way to the host's network stack
    slow.shout(20_000, 'drop-oldest')
    const { droppedOldest, droppedNewest, outboxBytes } = slow.peer
    expect(droppedNewest).toBe(0)
    expect(outboxBytes).toBeLessThanOrEqual(DEFAULT_LIMITS.outboxBytes + 512 * 1_024)
    slow.reads(true)
    slow.mesh.run(2_000)
    const { arrived } = slow
    expect(arrived.length).toBe(20_300 - droppedOldest)
    expect(arrived).toEqual(arrived.toSorted((a, b) => a - b))
    expect(arrived.slice(-3_000)).toEqual(Array.from({ length: 3_000 }, (_, i) => 17_300 + i))
  })

  it('never drops what was accepted under another policy', () => {
    const slow = new Slow()
    slow.reads(false)
    const waiting = 1_500
    slow.shout(waiting, 'wait')
    slow.shout(10_000, 'drop-oldest')
    slow.reads(true)
    slow.mesh.run(2_000)
    expect(slow.arrived.slice(0, waiting)).toEqual(Array.from({ length: waiting }, (_, i) => i))
    expect(slow.arrived.length).toBe(waiting + 10_000 - slow.peer.droppedOldest)
  })

  it('does not overtake those who wait', () => {
    const slow = new Slow()
    slow.reads(false)
    expect(slow.shout(3_001, 'wait')).toBe(1)
    slow.shout(100, 'drop-oldest')
    expect(slow.peer).toMatchObject({ droppedNewest: 100, droppedOldest: 0 })
  })
})

describe('disconnect', () => {
  it('gives up a peer that stays blocked, after its time and not before', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'disconnect')
    slow.mesh.run(DEFAULT_TIMERS.blockedDisconnectMs - 1)
    expect(slow.events('exit')).toEqual([])
    slow.mesh.run(2)
    expect(slow.events('exit')[0]!.event.lost).toBe(3_000)
    expect(slow.a.takeStory().slice(0, 2)).toEqual(['blocked stranger', 'exit stranger blocked'])
    expect(slow.a.engine.metrics().mesh.messagesLost).toBe(3_000)
  })

  it('does nothing to one that reads again in time', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'disconnect')
    slow.mesh.run(DEFAULT_TIMERS.blockedDisconnectMs - 1_000)
    slow.reads(true)
    slow.mesh.run(60_000)
    expect(slow.events('exit')).toEqual([])
  })

  it('does nothing where only messages of another policy wait', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'wait')
    slow.mesh.run(2 * DEFAULT_TIMERS.blockedDisconnectMs)
    expect(slow.events('exit')).toEqual([])
  })
})

describe('whoever does not wait', () => {
  it('is told that there is no room, and closes the outbox to nobody', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_000, 'drop-oldest')
    expect(slow.shout(1, 'wait', false)).toBe(1)
    slow.shout(1_000, 'drop-oldest')
    expect(slow.peer.droppedNewest).toBe(0)
    slow.reads(true)
    slow.mesh.run(2_000)
    expect(slow.arrived.at(-1)).toBe(4_000)
  })

  it.each(['wait', 'drop-newest', 'disconnect'] as const)(
    'under %s learns of each member that is left out, and nothing is counted as dropped',
    (whenFull) => {
      const slow = new Slow()
      slow.reads(false)
      expect(slow.shout(3_007, whenFull, false)).toBe(7)
      expect(slow.peer).toMatchObject({ droppedNewest: 0, droppedOldest: 0 })
      expect(slow.events('drop')).toEqual([])
    },
  )

  it('under drop-oldest does so, too, where nothing can be replaced', () => {
    const slow = new Slow({ limits: { outboxBytes: 500_000 } })
    slow.reads(false)
    while (slow.shout(1, 'wait') === 0);
    expect(slow.shout(5, 'drop-oldest', false)).toBe(5)
    expect(slow.peer.droppedNewest).toBe(0)
  })
})

describe('our own troubles', () => {
  it('are not held against a peer: the host slept, the peer could take nothing', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'disconnect')
    slow.mesh.run(100)
    slow.reads(true)
    slow.mesh.sleep(60_000)
    slow.mesh.run(5_000)
    expect(slow.events('blocked')).toEqual([])
    expect(slow.events('exit')).toEqual([])
    expect(slow.arrived).toHaveLength(3_000)
  })

  it('a conversation that begins anew finds the outbox open', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_001, 'wait')
    slow.stranger.say({ kind: 'ping', sequence: 99 }) // a gap
    slow.mesh.run(10)
    expect(slow.a.takeStory()).toContain('exit stranger protocol')
    slow.stranger.meet(slow.a)
    slow.mesh.run(2_000)
    expect(slow.a.whisper(slow.stranger, 'hello again')).toBe('accepted')
  })

  it('when we stop, what is dropped and lost is told and counted once', () => {
    const slow = new Slow({ timers: { lingerMs: 3_000, blockedDisconnectMs: 1_000 } })
    slow.reads(false)
    slow.shout(3_010, 'drop-newest')
    slow.shout(1, 'disconnect')
    slow.mesh.run(500)
    slow.a.call((engine, now) => engine.stop(now))
    slow.mesh.run(10_000)
    const told = slow.events('drop').reduce((sum, { event }) => sum + event.newest, 0)
    expect(told).toBe(10)
    expect(slow.a.engine.metrics().mesh).toMatchObject({ messagesDropped: 10, messagesLost: 3_000 })
  })
})

describe('a peer that leaves while it is blocked', () => {
  it('takes nothing untold with it: its last drops are told before its exit', () => {
    const slow = new Slow()
    slow.reads(false)
    slow.shout(3_010, 'drop-newest')
    slow.mesh.run(1)
    slow.stranger.say({ kind: 'goodbye' })
    slow.mesh.run(5)
    expect(slow.a.takeStory()).toEqual([
      'drop stranger 0+1',
      'drop stranger 0+9',
      'exit stranger goodbye',
    ])
  })
})
