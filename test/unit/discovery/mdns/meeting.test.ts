/** Nodes on one link: they find each other, lose each other, and share names and interfaces peacefully. */
import { describe, expect, it } from 'vitest'
import { announcement, Lan, MAILBOX_PORT } from '../../../support/mdns.ts'

describe('nodes on one link', () => {
  it('find each other within a second and a half, with address and port', async () => {
    const lan = new Lan()
    const nodes = ['a', 'b', 'c'].map((name) => lan.node(name))
    await lan.world.until(() => nodes.every((node) => node.found().length === 2), 1_500)
    const [a, b] = nodes
    const told = a!.proposals.find(({ candidate }) => candidate.id === b!.id)!
    expect(told.candidate).toEqual({
      way: 'mdns',
      id: b!.id,
      endpoints: [{ address: b!.address, port: MAILBOX_PORT }],
    })
    expect(nodes.map(({ mdns }) => mdns.label)).toEqual(['a', 'b', 'c'])
    expect(nodes.map(({ mdns }) => mdns.metrics().services)).toEqual([2, 2, 2])
  })

  it('are found by one that comes later, which asks', async () => {
    const lan = new Lan()
    const early = lan.node('early')
    await lan.world.run(60_000)
    const late = lan.node('late')
    await lan.world.until(() => late.found().includes(early.id), 300)
    await lan.world.until(() => early.found().includes(late.id), 1_500)
  })

  it('are told every five seconds as long as they are there, for hours', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.run(4 * 3_600_000)
    const times = a.proposals.map(({ at }) => at)
    const gaps = times.slice(1).map((at, i) => at - times[i]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_001)
    expect(a.found()).toEqual([b.id])
    expect([...a.warnings, ...b.warnings]).toEqual([])
  })

  it('never hear of themselves', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.run(60_000)
    expect(a.found()).toEqual([b.id])
    expect(b.found()).toEqual([a.id])
  })

  it('say little: in a quiet hour two nodes send less than two packets a minute each', async () => {
    const lan = new Lan()
    const nodes = [lan.node('a'), lan.node('b')]
    await lan.world.run(600_000)
    const since = lan.now
    await lan.world.run(3_600_000)
    for (const { address } of nodes) expect(lan.sentBy(address, since).length).toBeLessThan(120)
  })
})

describe('a node that leaves', () => {
  it('says goodbye when it stops, and is not proposed again', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.until(() => a.found().includes(b.id))
    await lan.world.run(2_000)
    b.stop()
    await lan.world.run(10)
    const since = lan.now
    await lan.world.run(60_000)
    expect(a.found(since)).toEqual([])
    expect(a.mdns.metrics()).toMatchObject({ services: 0, records: 0 })
    expect(b.mdns.metrics().links).toBe(0)
    expect(lan.sentBy(b.address, since)).toEqual([])
  })

  it('and is closed says goodbye once, however often it is closed', async () => {
    const lan = new Lan()
    const b = lan.node('b')
    await lan.world.run(5_000)
    const since = lan.now
    b.stop()
    await lan.world.wait(Promise.all([b.mdns.close(), b.mdns.close()]))
    b.stop()
    const sent = lan.sentBy(b.address, since)
    expect(sent).toHaveLength(1)
    expect(sent[0]!.packet.answers!.every(({ ttl }) => ttl === 0)).toBe(true)
  })

  it('without a word is forgotten when its addresses have expired, after asking in vain', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.until(() => a.found().includes(b.id))
    await lan.world.run(5_000)
    lan.silence(b)
    const since = lan.now
    await lan.world.run(125_000)
    const lost = lan.now
    await lan.world.run(60_000)
    expect(a.found(lost)).toEqual([])
    const asked = lan
      .sentBy(a.address, since)
      .flatMap(({ packet }) => packet.questions ?? [])
      .filter(({ type }) => type === 'A')
    expect(asked.length).toBeGreaterThanOrEqual(4)
  })
})

describe('a node whose mailboxes change', () => {
  it('is gone while it has none, and found again', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.until(() => a.found().includes(b.id))
    await lan.world.run(5_000)
    b.moveTo([])
    await lan.world.run(2_000)
    const since = lan.now
    await lan.world.run(20_000)
    expect(a.found(since)).toEqual([])
    b.moveTo([b.mailbox()])
    await lan.world.until(() => a.found(since).includes(b.id), 1_500)
  })

  it('is found at its new address, and soon only there', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.until(() => a.found().includes(b.id))
    await lan.world.run(5_000)
    const address = '10.0.0.77'
    b.platform.all = [{ ...b.platform.all[0]!, address }]
    b.moveTo([b.mailbox(address)])
    await lan.world.run(3_000)
    const since = lan.now
    await lan.world.run(10_000)
    const places = a.proposals
      .filter(({ at }) => at >= since)
      .map((each) => each.candidate.endpoints)
    expect(places.length).toBeGreaterThan(0)
    for (const endpoints of places) expect(endpoints).toEqual([{ address, port: MAILBOX_PORT }])
  })

  it('does nothing when they are the same as before', async () => {
    const lan = new Lan()
    const a = lan.node('a')
    await lan.world.run(5_000)
    const since = lan.now
    a.moveTo([a.mailbox()])
    await lan.world.run(100)
    expect(lan.sentBy(a.address, since)).toEqual([])
  })
})

describe('an interface', () => {
  it('that has one more address is announced no differently, and the neighbours there are heard', async () => {
    const lan = new Lan()
    const a = lan.node('a')
    await lan.world.run(5_000)
    const since = lan.now
    const [first] = a.platform.all
    a.platform.all = [first!, { ...first!, address: '10.9.0.1' }]
    a.moveTo([a.mailbox()])
    await lan.world.run(100)
    expect(lan.sentBy(a.address, since)).toEqual([])
    lan.stranger('10.9.0.9').answer(announcement('x'))
    await lan.world.run(10)
    expect(a.found(since)).toEqual(['EE'.repeat(16)])
  })
})

describe('nodes of the same name', () => {
  it('are numbered, warn, and are all found', async () => {
    const lan = new Lan()
    const first = lan.node('kitchen')
    await lan.world.run(5_000)
    const [second, third] = [lan.node('kitchen'), lan.node('kitchen')]
    await lan.world.until(() => first.found().length === 2 && second.found().length === 2)
    await lan.world.until(() => third.found().length === 2)
    expect(first.mdns.label).toBe('kitchen')
    const labels = [second, third].map(({ mdns }) => mdns.label).sort()
    expect(labels).toEqual(['kitchen (2)', 'kitchen (3)'])
    expect(first.warnings).toEqual([])
    for (const { warnings } of [second, third]) {
      expect(warnings.every(({ code }) => code === 'mdns-conflict')).toBe(true)
      expect(warnings.length).toBeGreaterThan(0)
    }
  })

  it('that start at once agree who has it: the later in the order of records', async () => {
    const lan = new Lan()
    const nodes = [1, 2, 3].map(() => lan.node('kitchen'))
    await lan.world.until(() => nodes.every((node) => node.found().length === 2))
    await lan.world.run(10_000)
    expect(nodes.map(({ mdns }) => mdns.label).sort()).toEqual([
      'kitchen',
      'kitchen (2)',
      'kitchen (3)',
    ])
    expect(nodes[2]!.mdns.label).toBe('kitchen')
  })

  it('that were apart and meet settle it: one keeps the name', async () => {
    const lan = new Lan()
    const a = lan.node('kitchen')
    lan.silence(a)
    const b = lan.node('kitchen')
    await lan.world.run(10_000)
    lan.unsilence(a)
    await lan.world.run(3_600_000)
    expect([a.mdns.label, b.mdns.label].sort()).toEqual(['kitchen', 'kitchen (2)'])
    expect(a.found()).toEqual([b.id])
    expect(b.found()).toEqual([a.id])
  })
})

describe('a transport that fails', () => {
  it('is opened again, with a warning, less and less often', async () => {
    const lan = new Lan()
    lan.obstacle = 'no such device'
    const a = lan.node('a')
    await lan.world.run(600_000)
    const { warnings } = a
    expect(warnings.length).toBeGreaterThan(5)
    expect(warnings.length).toBeLessThan(25)
    expect(warnings[0]).toEqual({
      code: 'mdns-failed',
      reason: 'mDNS on mem0 (IPv4): no such device',
    })
    expect(a.mdns.metrics()).toMatchObject({ links: 0, failures: warnings.length })
    lan.obstacle = undefined
    const b = lan.node('b')
    await lan.world.until(() => b.found().includes(a.id), 62_000)
  })

  it('while it is in use announces and finds anew', async () => {
    const lan = new Lan()
    const [a, b] = [lan.node('a'), lan.node('b')]
    await lan.world.until(() => a.found().includes(b.id))
    lan.failAll('network is down')
    expect(a.mdns.metrics()).toMatchObject({ links: 0, services: 0 })
    const since = lan.now
    await lan.world.until(() => a.found(since).includes(b.id) && b.found(since).includes(a.id))
  })

  it('is left alone when the node stops as soon as it is told of that', async () => {
    const lan = new Lan()
    lan.obstacle = 'no such device'
    const a = lan.node('a')
    a.onWarning = () => a.stop()
    const { clock } = a.platform
    const setTimer = clock.setTimer.bind(clock)
    const cancelled: boolean[] = []
    clock.setTimer = (at, callback) => {
      const timer = setTimer(at, callback)
      const index = cancelled.push(false) - 1
      return {
        cancel: () => {
          timer.cancel()
          cancelled[index] = true
        },
      }
    }
    await lan.world.run(100)
    expect(a.warnings).toHaveLength(1)
    expect(cancelled).toEqual([true])
  })

  it('is left alone when the node stops meanwhile', async () => {
    const lan = new Lan()
    lan.obstacle = 'no such device'
    const a = lan.node('a')
    await lan.world.run(100)
    lan.obstacle = undefined
    a.stop()
    await lan.world.run(100_000)
    expect(a.mdns.metrics()).toMatchObject({ links: 0, failures: 1 })
    expect(lan.sent).toEqual([])
  })
})
