/** How connections come to stand, stall, recover and die on a virtual network. */
import { describe, expect, it } from 'vitest'
import { bytesEqual } from '../../../../src/base/bytes.ts'
import { Lab, pattern } from './lab.ts'

const MINUTE_MS = 60_000

describe('a dial', () => {
  it('opens after a round trip, and is accepted half of one later', async () => {
    const lab = new Lab({ weather: { latencyMs: 10, jitterMs: 0 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    const near = a.dial(b, 7)
    await lab.run(19)
    expect(near.calls).toEqual([])
    await lab.run(2)
    expect([near.calls, listening.ends.length]).toEqual([['opened'], 0])
    await lab.run(10)
    expect(listening.ends).toHaveLength(1)
  })

  it('is refused where nobody listens', async () => {
    const lab = new Lab()
    const near = lab.host('a').dial(lab.host('b'), 7)
    await lab.run(10)
    expect(near.outcome).toBe('refused')
  })

  it('to an address that nobody has is unreachable after 3 s', async () => {
    const lab = new Lab()
    const near = lab.host('a').dial({ address: '10.0.99.99', port: 7 }, 7)
    await lab.run(2_900)
    expect(near.outcome).toBe('open')
    await lab.run(200)
    expect(near.outcome).toBe('unreachable')
  })

  it('without a route is unreachable at once', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    const near = [
      a.dial(lab.host('b', lab.network.addSubnet()), 7),
      a.dial({ address: '8.8.8.8', port: 7 }, 7),
    ]
    await lab.run(1)
    expect(near.map(({ outcome }) => outcome)).toEqual(['unreachable', 'unreachable'])
  })

  it('sends its SYN again, and opens when it gets through', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    await b.listen(7)
    const undo = lab.network.addBlock(a.hosts, b.hosts)
    const near = a.dial(b, 7)
    await lab.run(2_500)
    undo()
    await lab.run(400)
    expect(near.outcome + near.calls.length).toBe('open0')
    await lab.run(300) // the SYN after 1 + 2 s
    expect(near.calls).toEqual(['opened'])
  })

  it('waits for the answer where only the way back is closed', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    const near = a.dial(b, 7)
    await lab.run(1.5)
    const undo = lab.network.addBlock(b.hosts, a.hosts)
    await lab.run(500)
    undo()
    expect([near.calls, listening.ends.length]).toEqual([[], 0])
    await lab.run(1_000)
    expect([near.calls, listening.ends.length]).toEqual([['opened'], 1])
  })

  it.each(['off', 'blocked', 'total loss'])('fails by timeout after 127 s: %s', async (what) => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    await b.listen(7)
    if (what === 'off') b.host.powerOff()
    else if (what === 'blocked') lab.network.addBlock(b.hosts, a.hosts)
    else lab.network.setWeather(lab.lan, { loss: 1 })
    const near = a.dial(b, 7)
    await lab.run(126_000)
    expect(near.outcome).toBe('open')
    await lab.run(2_000)
    expect([near.outcome, near.calls]).toEqual(['timeout', ['ended']])
  })

  it('loses SYNs as the weather has it', async () => {
    const lab = new Lab({ weather: { latencyMs: 1, jitterMs: 0, loss: 0.3 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    await b.listen(7)
    const ends = Array.from({ length: 400 }, () => a.dial(b, 7))
    await lab.run(500)
    const opened = ends.filter(({ calls }) => calls.includes('opened')).length
    expect(opened).toBeGreaterThan(400 * 0.49 - 50)
    expect(opened).toBeLessThan(400 * 0.49 + 50)
    await lab.run(3 * MINUTE_MS)
    expect(ends.filter(({ calls }) => calls.includes('opened')).length).toBeGreaterThan(390)
  })

  it('that its process gives up leaves no connection', async () => {
    const lab = new Lab({ weather: { latencyMs: 10, jitterMs: 0 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    const near = a.dial(b, 7)
    await lab.run(15)
    near.stream.destroy()
    await lab.run(1_000)
    expect([near.calls, listening.ends.length]).toEqual([[], 0])
    expect([a.process.openCounts().streams, b.process.openCounts().streams]).toEqual([0, 0])
  })
})

describe('a listener that is closed', () => {
  it('drops at once what was on its way to be accepted, and the dialler is refused', async () => {
    const lab = new Lab({ weather: { latencyMs: 10, jitterMs: 0 } })
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    const near = a.dial(b, 7)
    await lab.run(15) // the SYN is there, the SYN-ACK under way
    expect(b.process.openCounts().streams).toBe(1)
    listening.listener.close()
    expect(b.process.openCounts().streams).toBe(0)
    await lab.run(5_000)
    expect(near.outcome).toBe('refused')
  })
})

describe('a listener of a frozen process', () => {
  it('lets connections stand until its backlog is full, and accepts them in order', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    b.process.freeze()
    const ends = Array.from({ length: 600 }, () => a.dial(b, 7))
    await lab.run(100)
    const late = a.dial(b, 7)
    await lab.run(100)
    expect(ends.filter(({ calls }) => calls.includes('opened')).length).toBeGreaterThanOrEqual(511)
    expect(late.calls).toEqual([])
    expect(listening.ends).toHaveLength(0)
    b.process.thaw()
    await lab.run(2_000)
    expect(late.calls).toEqual(['opened'])
    expect(listening.ends).toHaveLength(601)
    const ports = listening.ends.slice(0, 3).map(({ stream }) => stream.remote.port)
    expect(ports).toEqual(ends.slice(0, 3).map(({ stream }) => stream.local.port))
  })

  it('does not accept what was reset meanwhile', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    const listening = await b.listen(7)
    b.process.freeze()
    const near = a.dial(b, 7)
    await lab.run(100)
    a.process.kill()
    await lab.run(100)
    b.process.thaw()
    await lab.run(100)
    for (const end of listening.ends) expect(end.outcome).toBe('reset')
    expect(b.process.openCounts().streams).toBe(0)
    expect(near.calls).toEqual(['opened'])
  })
})

describe('a connection', () => {
  it('stalls in a partition, and goes on at the next retransmission after it', async () => {
    const lab = new Lab()
    const { a, b, near, far } = await lab.connect()
    const undos = [lab.network.addBlock(a.hosts, b.hosts), lab.network.addBlock(b.hosts, a.hosts)]
    near.stream.write([pattern(1_000)])
    await lab.run(10_000)
    expect(far.received).toHaveLength(0)
    for (const undo of undos) undo()
    await lab.run(4_000) // 0.2 + 0.4 … + 6.4 s
    expect(bytesEqual(far.received, pattern(1_000))).toBe(true)
    expect(near.outcome).toBe('open')
  })

  it('in a partition fails by timeout after 15 minutes, at the side that sends', async () => {
    const lab = new Lab()
    const { a, b, near, far } = await lab.connect()
    lab.network.addBlock(a.hosts, b.hosts)
    near.stream.write([pattern(10)])
    await lab.run(15 * MINUTE_MS)
    expect(near.outcome).toBe('open')
    await lab.run(MINUTE_MS)
    expect([near.outcome, far.outcome]).toEqual(['timeout', 'open'])
    near.stream.write([pattern(10)])
    expect(near.stream.pendingBytes).toBe(0)
  })

  it('whose writer waits for room that it never hears of fails by timeout, too', async () => {
    const lab = new Lab()
    const { a, b, near, far } = await lab.connect()
    far.stream.pause()
    near.stream.write([pattern(1_000_000)])
    await lab.run(1_000)
    lab.network.addBlock(b.hosts, a.hosts)
    far.stream.resume()
    await lab.run(17 * MINUTE_MS)
    expect(near.outcome).toBe('timeout')
  })

  it('on a lossy way delivers all, later', async () => {
    const lab = new Lab({ weather: { latencyMs: 1, jitterMs: 0, loss: 0.12 } })
    const { near, far } = await lab.connect()
    near.stream.write([pattern(1_000_000)])
    await lab.run(MINUTE_MS)
    expect(bytesEqual(far.received, pattern(1_000_000))).toBe(true)
    expect(lab.internet.tcp.counters.retransmits).toBeGreaterThan(0)
  })

  it('goes on soon when total loss is over', async () => {
    const lab = new Lab()
    const { near, far } = await lab.connect()
    lab.network.setWeather(lab.lan, { ...lab.lan.weather, loss: 1 })
    near.stream.write([pattern(1_000)])
    await lab.run(10_000)
    expect(far.received).toHaveLength(0)
    lab.network.setWeather(lab.lan, { ...lab.lan.weather, loss: 0 })
    await lab.run(4_000)
    expect(far.received).toHaveLength(1_000)
  })

  it('to a host that was switched off and on is answered with a reset, as soon as it sends', async () => {
    const lab = new Lab()
    const { b, near } = await lab.connect()
    b.reboot()
    await lab.run(MINUTE_MS)
    expect(near.outcome).toBe('open')
    near.stream.write([pattern(1)])
    await lab.run(10)
    expect(near.outcome).toBe('reset')
  })

  it('is reset by a process that is killed, but not by one whose host loses power', async () => {
    const lab = new Lab()
    const { b, near } = await lab.connect()
    b.process.kill()
    await lab.run(10)
    expect(near.outcome).toBe('reset')
    const other = new Lab()
    const crashing = await other.connect()
    crashing.b.host.powerOff()
    await other.run(1_000)
    expect(crashing.near.outcome).toBe('open')
  })

  it('is cut off silently by a change of address, and fails when it sends', async () => {
    const lab = new Lab()
    const { b, near, far } = await lab.connect()
    b.host.readdress(b.attachment)
    near.stream.write([pattern(1)])
    far.stream.write([pattern(1)])
    await lab.run(10 * MINUTE_MS)
    expect([near.outcome, far.outcome]).toEqual(['open', 'open'])
    await lab.run(6 * MINUTE_MS)
    expect([near.outcome, far.outcome]).toEqual(['timeout', 'timeout'])
  })

  it('that is closed while the other side takes nothing fails by timeout, and resets it', async () => {
    const lab = new Lab()
    const { near, far } = await lab.connect()
    far.stream.pause()
    near.stream.write([pattern(1_000_000)])
    await lab.run(100)
    near.stream.close()
    await lab.run(29_000)
    expect(near.outcome).toBe('open')
    await lab.run(2_000)
    expect(near.outcome).toBe('timeout')
    far.stream.resume()
    await lab.run(100)
    expect(far.outcome).toBe('reset')
    expect(far.received.length).toBeLessThan(1_000_000)
  })

  it('has no more under way and unread than its window', async () => {
    const lab = new Lab()
    const { near, far } = await lab.connect()
    far.stream.pause()
    near.stream.write([pattern(1_000_000)])
    await lab.run(10_000)
    expect(1_000_000 - near.stream.pendingBytes).toBe(256 * 1024)
    far.stream.resume()
    await lab.run(1_000)
    expect(bytesEqual(far.received, pattern(1_000_000))).toBe(true)
  })

  it('that is reset delivers what came before, and says so to both', async () => {
    const lab = new Lab()
    const { a, near, far } = await lab.connect()
    near.stream.write([pattern(10)])
    a.process.resetConnections()
    await lab.run(10)
    expect([near.outcome, far.outcome]).toEqual(['reset', 'reset'])
    expect(far.received).toHaveLength(10)
    expect(near.calls.at(-1)).toBe('ended')
  })

  it('is reset by weather that does such things', async () => {
    const lab = new Lab()
    const { near, far } = await lab.connect()
    lab.network.setWeather(lab.lan, { latencyMs: 1, jitterMs: 0, reset: 1 })
    near.stream.write([pattern(10)])
    await lab.run(10)
    expect([near.outcome, far.outcome, far.received.length]).toEqual(['reset', 'reset', 0])
  })

  it('to a frozen process takes bytes until the window is full, and loses none', async () => {
    const lab = new Lab()
    const { b, near, far } = await lab.connect()
    b.process.freeze()
    near.stream.write([pattern(500_000)])
    await lab.run(10_000)
    expect([far.chunks.length, near.stream.pendingBytes]).toEqual([0, 500_000 - 256 * 1024])
    b.process.thaw()
    await lab.run(1_000)
    expect(bytesEqual(far.received, pattern(500_000))).toBe(true)
  })

  it('to a process that freezes itself within a chunk loses none either', async () => {
    const lab = new Lab({ chunking: 'torture' })
    const { b, near, far } = await lab.connect()
    far.onBytes = () => b.process.freeze()
    near.stream.write([pattern(1_000)])
    await lab.run(1_000)
    expect(far.chunks).toHaveLength(1)
    for (let i = 2; i <= 4; i++) {
      b.process.thaw()
      await lab.run(10)
      expect(far.chunks).toHaveLength(i)
    }
    far.onBytes = () => {}
    b.process.thaw()
    await lab.run(10)
    expect(bytesEqual(far.received, pattern(1_000))).toBe(true)
  })
})
