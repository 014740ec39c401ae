/** Datagrams on a virtual network: who hears them, when, and how many are lost. */
import { describe, expect, it } from 'vitest'
import { Lab, type LabHost, PLAIN, type Port } from './lab.ts'

const COUNT = 4_000

/** Sends `COUNT` datagrams, one each 10 ms, and gives what arrived. */
async function stream(lab: Lab, from: Port, to: LabHost, length = 10): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    from.send(to.address, 5, i & 255, length)
    await lab.run(10)
  }
  await lab.run(1_000)
}

async function share(weather: object, length = 10): Promise<number> {
  const lab = new Lab({ weather: { ...PLAIN, ...weather } })
  const [a, b] = [lab.host('a'), lab.host('b')]
  const [from, to] = [await a.port(5), await b.port(5)]
  await stream(lab, from, b, length)
  return to.received.length / COUNT
}

describe('weather', () => {
  it('loses the share of datagrams that it says', async () => {
    expect(await share({ loss: 0.1 })).toBeCloseTo(0.9, 1.5)
  })

  it('loses large ones by each of their fragments', async () => {
    expect(await share({ loss: 0.1, mtuBytes: 1_500 }, 5_000)).toBeCloseTo(0.9 ** 4, 1.25)
  })

  it('doubles the share that it says', async () => {
    expect(await share({ duplicate: 0.2 })).toBeCloseTo(1.2, 1.5)
  })

  it('loses of a broadcast for each receiver alone', async () => {
    const lab = new Lab({ weather: { ...PLAIN, loss: 0.2 } })
    const a = await lab.host('a').port(5)
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, i) => lab.host(`b${i}`).port(5)),
    )
    for (let i = 0; i < 200; i++) a.send('10.0.255.255', 5, i)
    await lab.run(100)
    expect(a.received).toHaveLength(200) // its own are not on the air
    const counts = others.map(({ received }) => received.length)
    expect(counts.reduce((sum, count) => sum + count, 0) / 4_000).toBeCloseTo(0.8, 1.5)
    expect(new Set(others.map(({ firsts }) => firsts.join())).size).toBe(20)
  })

  it('lets later datagrams overtake those it holds back', async () => {
    const lab = new Lab({ weather: { ...PLAIN, reorder: 0.2, reorderMs: 5 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    for (let i = 0; i < 200; i++) {
      from.send(b.address, 5, i)
      await lab.run(1)
    }
    await lab.run(100)
    const late = to.firsts.filter((first, i) => i > 0 && first < to.firsts[i - 1]!)
    expect(to.firsts.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(late.length).toBeGreaterThan(10)
  })

  it('takes as long as its latency and jitter say', async () => {
    const lab = new Lab({ weather: { latencyMs: 20, jitterMs: 10 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    const start = b.process.clock.now()
    for (let i = 0; i < 1_000; i++) from.send(b.address, 5)
    await lab.run(100)
    const delays = to.received.map(({ atMs }) => atMs - start)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...delays)).toBeLessThan(30.1)
    expect(delays.reduce((sum, each) => sum + each, 0) / 1_000).toBeCloseTo(25, 0)
  })
})

describe('a broadcast', () => {
  it.each(['10.0.255.255', '255.255.255.255', '239.1.2.3'])(
    'to %s reaches its subnet alone',
    async (to) => {
      const lab = new Lab()
      const other = lab.network.addSubnet()
      lab.network.addRouter([lab.lan, other])
      const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c', other)]
      const ports = await Promise.all([a.port(5), b.port(5), c.port(5)])
      ports[0]!.send(to, 5, 9)
      await lab.run(10)
      expect(ports.map(({ firsts }) => firsts)).toEqual([[9], [9], []])
      expect(ports[1]!.received[0]!.from).toEqual({ address: a.address, port: 5 })
    },
  )

  it('is heard at an interface that the host got later, and not at one that it lost', async () => {
    const lab = new Lab()
    const other = lab.network.addSubnet()
    const [roaming, here, there] = [lab.host('r'), lab.host('h'), lab.host('t', other)]
    const port = await roaming.port(5)
    const [fromHere, fromThere] = [await here.port(5), await there.port(5)]
    const say = async () => {
      fromHere.send('255.255.255.255', 5, 1)
      fromThere.send('255.255.255.255', 5, 2)
      await lab.run(10)
      return port.firsts.splice(0)
    }
    expect(await say()).toEqual([1])
    roaming.host.detach(roaming.attachment)
    roaming.host.attach(other)
    port.received.length = 0
    expect(await say()).toEqual([2])
    expect(lab.lan.receivers(5)).toHaveLength(1)
    port.port.close()
    expect(other.receivers(5)).toHaveLength(1)
  })

  it('is heard by its own host also where broadcasts are blocked', async () => {
    const lab = new Lab({ subnet: { broadcastBlocked: true } })
    const ports = [await lab.host('a').port(5), await lab.host('b').port(5)]
    ports[0]!.send('10.0.255.255', 5, 9)
    await lab.run(10)
    expect(ports.map(({ firsts }) => firsts)).toEqual([[9], []])
  })

  it('on loopback stays within the host, and reaches every sharer of the port', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const ports = [await a.port(5), await a.port(5), await b.port(5)]
    ports[0]!.send('127.255.255.255', 5, 9)
    await lab.run(10)
    expect(ports.map(({ firsts }) => firsts)).toEqual([[9], [9], []])
    expect(ports[1]!.received[0]!.from.address).toBe('127.0.0.1')
  })
})

describe('a process', () => {
  it('that is frozen hears the first 256 datagrams when it is thawed, in order', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    b.process.freeze()
    for (let i = 0; i < 300; i++) {
      from.send(b.address, 5, i & 255)
      await lab.run(1)
    }
    await lab.run(10)
    expect(to.received).toHaveLength(0)
    b.process.thaw()
    await lab.run(1)
    expect(to.firsts).toEqual(Array.from({ length: 256 }, (_, i) => i))
    expect(lab.internet.udp.counters.overflowed).toBe(44)
  })

  it('of which each call takes 2 ms hears one each 2 ms', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    b.process.setCallCost(2)
    for (let i = 0; i < 50; i++) from.send(b.address, 5, i)
    await lab.run(200)
    expect(to.firsts).toEqual(Array.from({ length: 50 }, (_, i) => i))
    const gaps = to.received.slice(1).map(({ atMs }, i) => atMs - to.received[i]!.atMs)
    expect(new Set(gaps)).toEqual(new Set([2]))
  })

  it('that freezes itself while it hears stops there, and loses nothing', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    b.process.freeze()
    for (let i = 0; i < 5; i++) from.send(b.address, 5, i)
    await lab.run(10)
    to.onDatagram = () => b.process.freeze()
    for (let i = 1; i <= 5; i++) {
      b.process.thaw()
      await lab.run(1)
      expect(to.received).toHaveLength(i)
    }
  })
})

describe('what was sent', () => {
  it('just before the sender lost power arrives; at a host without power it does not', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    from.send(b.address, 5, 1)
    a.host.powerOff()
    await lab.run(10)
    expect(to.firsts).toEqual([1])
    const back = await lab.host('c').port(5)
    back.send(b.address, 5, 2)
    b.host.sleep()
    await lab.run(10)
    b.host.wake()
    await lab.run(10)
    expect(to.firsts).toEqual([1])
  })

  it('to where no route leads fails', async () => {
    const lab = new Lab()
    const a = await lab.host('a').port(5)
    a.send('8.8.8.8', 5)
    a.send('10.0.77.77', 5)
    await lab.run(1)
    expect(a.failures).toEqual(['unreachable'])
    lab.network.addRouter([lab.lan])
    a.send('8.8.8.8', 5)
    await lab.run(1)
    expect(a.failures).toHaveLength(1)
  })

  it('from an address that the host lost fails', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const bound = await a.port(0, a.address)
    const open = await a.port(0)
    a.host.readdress(a.attachment)
    bound.send(b.address, 5)
    open.send(b.address, 5)
    a.attachment.up = false
    open.send(b.address, 5)
    open.send('255.255.255.255', 5)
    await lab.run(1)
    expect(bound.failures).toEqual(['address-unavailable'])
    expect(open.failures).toEqual(['unreachable', 'unreachable'])
  })
})
