/** Hosts and their processes: clocks, sleep, power, frozen and slow processes. */
import { describe, expect, it } from 'vitest'
import { Lab, type LabHost } from './lab.ts'

/** Arms a timer for `delayMs` of the host's clock; gives what world and clock show when it fires. */
function arm(
  lab: Lab,
  { process }: LabHost,
  delayMs: number,
): { worldMs: number; lateMs: number }[] {
  const fired: { worldMs: number; lateMs: number }[] = []
  const at = process.clock.now() + delayMs
  process.clock.setTimer(at, () => {
    fired.push({ worldMs: lab.world.now, lateMs: process.clock.now() - at })
  })
  return fired
}

describe('a clock', () => {
  it.each([1.001, 0.999, 2, 0.5])(
    'that goes at %d of the right rate fires in its own time',
    async (rate) => {
      const lab = new Lab()
      const a = lab.host('a')
      a.host.setClockRate(rate)
      const fired = Array.from({ length: 100 }, (_, i) => arm(lab, a, i * 7.3))
      await lab.run(2_000)
      for (const [i, [only, ...more]] of fired.entries()) {
        expect(more).toEqual([])
        expect(only!.lateMs).toBeGreaterThanOrEqual(0)
        expect(only!.worldMs).toBeCloseTo((i * 7.3) / rate, 0)
      }
    },
  )

  it('whose rate changes has its timers armed anew, never early', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    const fired = arm(lab, a, 1_000)
    await lab.run(500)
    a.host.setClockRate(2)
    await lab.run(100)
    a.host.setClockRate(0.5)
    await lab.run(599)
    expect(fired).toEqual([])
    await lab.run(2)
    expect(fired[0]!.worldMs).toBeCloseTo(1_200, 0)
    expect(fired[0]!.lateMs).toBeGreaterThanOrEqual(0)
  })

  it('is right about the time of day as long as nothing is done to it, a sleep included', async () => {
    const lab = new Lab()
    const { host, process } = lab.host('a')
    const begin = process.clock.wallNow()
    expect(begin).toBe(Date.UTC(2026, 0, 1))
    await lab.run(100)
    host.sleep()
    await lab.run(60_000)
    host.wake()
    expect(process.clock.wallNow()).toBe(begin + 60_100)
  })

  it('jumps for people only', async () => {
    const lab = new Lab()
    const { host, process } = lab.host('a')
    const [now, wall] = [process.clock.now(), process.clock.wallNow()]
    host.clock.jump(-5_000)
    expect([process.clock.now() - now, process.clock.wallNow() - wall]).toEqual([0, -5_000])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('does not go at a rate of %d', (rate) => {
    const expected = { code: 'ERR_EARSHOT_BAD_OPTION', message: expect.stringContaining('rate') }
    const { host } = new Lab().host('a')
    expect(() => host.setClockRate(rate)).toThrow(expect.objectContaining(expected))
  })
})

describe('a host that sleeps', () => {
  it('with a clock that stops counts its time awake only, and keeps its drift', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    a.host.setClockRate(2)
    const fired = arm(lab, a, 1_000)
    const before = a.process.clock.now()
    await lab.run(100)
    a.host.sleep()
    await lab.run(10_000)
    expect(a.process.clock.now() - before).toBe(200)
    a.host.wake()
    await lab.run(399)
    expect(fired).toEqual([])
    await lab.run(2)
    expect(fired[0]!.worldMs).toBeCloseTo(10_500, 0)
  })

  it('with a clock that goes on fires what is due when it wakes, in order', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    const order: number[] = []
    for (const delay of [30, 10, 20]) {
      a.process.clock.setTimer(a.process.clock.now() + delay, () => order.push(delay))
    }
    a.host.sleep({ clockStops: false })
    await lab.run(1_000)
    expect(order).toEqual([])
    a.host.wake()
    await lab.run(0)
    expect(order).toEqual([10, 20, 30])
  })

  it('does not wake a process that was stopped before, nor is one thawed on it', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    const fired = arm(lab, a, 10)
    a.process.freeze()
    a.host.sleep({ clockStops: false })
    a.host.wake()
    await lab.run(100)
    expect(fired).toEqual([])
    a.host.sleep({ clockStops: false })
    a.process.thaw()
    await lab.run(100)
    expect(fired).toEqual([])
    a.host.wake()
    await lab.run(1)
    expect(fired).toHaveLength(1)
  })

  it('can lose power, and goes at its rate when it is on again', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    a.host.sleep()
    a.host.powerOff()
    expect(() => a.host.spawn()).toThrow('host a is off')
    a.host.powerOn()
    a.process = a.host.spawn()
    const fired = arm(lab, a, 10)
    await lab.run(20)
    expect(fired).toHaveLength(1)
  })
})

describe('a process', () => {
  it('that ended is called no more, and has nothing open', async () => {
    const lab = new Lab()
    const [a, b] = [lab.host('a'), lab.host('b')]
    await b.listen(7)
    const port = await a.port(5)
    const fired = arm(lab, a, 10)
    const end = a.dial(b, 7)
    let turns = 0
    a.process.clock.endOfTurn(() => turns++)
    a.process.kill()
    const late = a.dial(b, 7)
    arm(lab, a, 20)
    await b.process.openDatagrams({ port: 5 }, { datagram() {}, failed() {} })
    await lab.run(1_000)
    expect([fired, end.calls, late.calls, port.received, turns]).toEqual([[], [], [], [], 0])
    expect(a.process.openCounts()).toEqual({ streams: 0, sockets: 0, timers: 0 })
    expect(a.host.processes).toEqual([])
  })

  it('that is frozen is called in the order of events when it is thawed', async () => {
    const lab = new Lab()
    const { a, b, near, far } = await lab.connect()
    const order: string[] = []
    const port = await b.port(5)
    const from = await a.port(5)
    far.onBytes = () => order.push('bytes')
    port.onDatagram = () => order.push('datagram')
    b.process.freeze()
    b.process.clock.setTimer(b.process.clock.now() + 5, () => order.push('timer'))
    await lab.run(10)
    from.send(b.address, 5)
    await lab.run(10)
    near.stream.write([new Uint8Array(1)])
    await lab.run(10)
    b.process.clock.endOfTurn(() => order.push('turn'))
    await lab.run(10)
    expect(order).toEqual([])
    b.process.thaw()
    await lab.run(1)
    expect(order).toEqual(['timer', 'datagram', 'bytes', 'turn'])
  })

  it('with a slow CPU takes its time for each call, keeps the order, and catches up', async () => {
    const lab = new Lab()
    const a = lab.host('a')
    a.process.setCallCost(3)
    const fired = Array.from({ length: 10 }, () => arm(lab, a, 5))
    await lab.run(100)
    const times = fired.map(([only]) => only!.worldMs)
    expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual(Array(9).fill(3))
    a.process.setCallCost(0)
    const quick = Array.from({ length: 10 }, () => arm(lab, a, 5))
    await lab.run(100)
    expect(new Set(quick.map(([only]) => only!.worldMs)).size).toBe(1)
  })

  it.each([-1, Number.NaN])('has no call cost of %d', (ms) => {
    const expected = {
      code: 'ERR_EARSHOT_BAD_OPTION',
      message: expect.stringContaining('callCostMs'),
    }
    const { process } = new Lab().host('a')
    expect(() => process.setCallCost(ms)).toThrow(expect.objectContaining(expected))
  })
})
