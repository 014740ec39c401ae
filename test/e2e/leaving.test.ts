/** Hosts that leave: politely, killed, frozen, or with their cable. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, moment } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

/** Some five times and more as fast as by default. */
const FAST = { beaconIntervalMs: 200, evasiveMs: 600, silentMs: 1_200, expiredMs: 2_500 }

/** A busy machine runs timers late, never early. */
const LATE_MS = 1_500

describeHosts('a node that', () => {
  it('stops is gone at once', async ({ annotate }) => {
    const network = newNetwork()
    const [a, b, c] = await Promise.all([
      network.addHost().start('a'),
      network.addHost().start('b'),
      network.addHost().start('c'),
    ])
    await allMeet([a, b, c])
    const stoppedAt = moment()
    await a.stop()
    for (const other of [b, c]) {
      const { at, event } = await other.loses(a)
      expect(event.reason).toBe('goodbye')
      expect(at - stoppedAt).toBeLessThan(200)
      await annotate(`${other.name} knew after ${(at - stoppedAt).toFixed(0)} ms`)
    }
  })

  it('is killed is gone within 2 s', async ({ annotate }) => {
    const network = newNetwork()
    const [a, b, c] = await Promise.all([
      network.addHost().start('a'),
      network.addHost().start('b'),
      network.addHost().start('c'),
    ])
    await allMeet([a, b, c])
    const killedAt = a.agent.kill()
    for (const other of [b, c]) {
      const { at, event } = await other.loses(a)
      expect(event.reason).toBe('closed')
      expect(at - killedAt).toBeLessThan(2_000)
      await annotate(`${other.name} knew after ${(at - killedAt).toFixed(0)} ms`)
    }
  })
})

describeHosts('a host that freezes', () => {
  it.each(['drops off the network', 'still acknowledges'] as const)(
    'and %s is gone when its time is up, not before, and met again when it thaws',
    async (how) => {
      const network = newNetwork()
      const frozen = network.addHost()
      const [a, b, c] = await Promise.all([
        frozen.start('a', { timers: FAST }),
        network.addHost().start('b', { timers: FAST }),
        network.addHost().start('c', { timers: FAST }),
      ])
      await allMeet([a, b, c])
      const talkedAt = moment()
      await allTalk([a, b, c])
      const frozenAt = moment()
      frozen.freeze()
      if (how === 'drops off the network') frozen.cutOff()
      for (const other of [b, c]) {
        const { at, event } = await other.loses(a)
        expect(event.reason).toBe('expired')
        expect(at - talkedAt).toBeGreaterThan(FAST.expiredMs)
        expect(at - frozenAt).toBeLessThan(FAST.expiredMs + LATE_MS)
      }
      const thawedAt = moment()
      if (how === 'drops off the network') frozen.reconnect()
      frozen.thaw()
      await b.meets(a, thawedAt)
      await c.meets(a, thawedAt)
      await allTalk([a, b, c])
    },
  )
})

describeHosts('a cable that is pulled', () => {
  it('makes peers evasive, silent, gone, and put back brings them together again', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b, c] = await Promise.all([
      host.start('a', { timers: FAST }),
      network.addHost().start('b', { timers: FAST }),
      network.addHost().start('c', { timers: FAST }),
    ])
    await allMeet([a, b, c])
    const talkedAt = moment()
    await allTalk([a, b, c])
    const pulledAt = moment()
    host.unplug()
    for (const [one, other] of [
      [a, b],
      [a, c],
      [b, a],
      [c, a],
    ] as const) {
      const { at, event } = await one.loses(other)
      expect(event.reason).toBe('expired')
      expect(at - talkedAt).toBeGreaterThan(FAST.expiredMs)
      expect(at - pulledAt).toBeLessThan(FAST.expiredMs + LATE_MS)
      const course = one.told.filter(
        (told) =>
          'peer' in told.event && told.at > pulledAt && Object(told.event.peer).id === other.id,
      )
      expect(course.map((told) => told.event.type)).toEqual(['evasive', 'silent', 'exit'])
    }
    const putBackAt = moment()
    host.plug()
    for (const other of [b, c]) await allMeet([a, other], putBackAt)
    await allTalk([a, b, c])
  })

  it('for less than it takes to be gone loses no message', async () => {
    const network = newNetwork()
    const host = network.addHost()
    const [a, b] = await Promise.all([host.start('a'), network.addHost().start('b')])
    await allMeet([a, b])
    const talkedAt = moment()
    await allTalk([a, b])
    const pulledAt = moment()
    host.unplug()
    await a.whisper(b, 'from the far side of a cut')
    await b.whisper(a, 'from the near side of a cut')
    const evasive = await b.tells('evasive', ({ peer }) => peer.id === a.id)
    expect(evasive.at - talkedAt).toBeGreaterThan(5_000)
    expect(evasive.at - pulledAt).toBeLessThan(5_000 + LATE_MS)
    host.plug()
    await b.tells('alive', ({ peer }) => peer.id === a.id)
    await b.hears('whisper', 'from the far side of a cut')
    await a.hears('whisper', 'from the near side of a cut')
    expect([...a.all('exit'), ...b.all('exit')]).toEqual([])
  })
})
