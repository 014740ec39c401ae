/** The run of the world: ticks, turns, promises, and what ends a run. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventTarget } from '../../../../sim/kernel/event-queue.ts'
import { World } from '../../../../sim/kernel/world.ts'

function calling(callback: (kind: number, argument: number) => void): EventTarget {
  return { handleEvent: callback }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a run', () => {
  it('goes to its end, also without events, in whole ticks', async () => {
    const world = new World(1)
    await world.run(1_000)
    expect(world.now).toBe(1_000)
    await world.run(0.01)
    expect(world.now).toBe(1_000.062_5)
  })

  it('of 0 ms does what is due now, and nothing later', async () => {
    const world = new World(1)
    const seen: number[] = []
    const target = calling((kind) => seen.push(kind))
    world.after(0, target, 1)
    world.after(0.01, target, 2)
    await world.run(0)
    expect([seen, world.now]).toEqual([[1], 0])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %d ms is refused', async (ms) => {
    const expected = {
      code: 'ERR_EARSHOT_BAD_OPTION',
      message: expect.stringContaining('option ms'),
    }
    await expect(new World(1).run(ms)).rejects.toMatchObject(expected)
  })

  it('however short lets the event loop of the host turn now and then', async () => {
    const world = new World(1)
    let heard = false
    setImmediate(() => {
      heard = true
    })
    for (let i = 0; i < 1e7 && !heard; i++) await world.run(1)
    expect(heard).toBe(true)
  })

  it('within a run is refused, and the run goes on', async () => {
    const world = new World(1)
    let nested: Promise<void> | undefined
    world.after(
      1,
      calling(() => {
        nested = world.run(1)
        nested.catch(() => {})
      }),
      1,
    )
    await world.run(10)
    await expect(nested).rejects.toThrow('one run at a time')
    expect(world.now).toBe(10)
  })

  it('ends between two ticks when its condition holds or its signal says so', async () => {
    const world = new World(1)
    let count = 0
    const tick = calling(() => {
      count++
      world.after(1, tick, 1)
    })
    world.after(1, tick, 1)
    await world.run(100, { until: () => count === 3 })
    expect([count, world.now]).toEqual([3, 3])
    const abort = new AbortController()
    world.after(
      2,
      calling(() => abort.abort()),
      1,
    )
    await world.run(100, { signal: abort.signal })
    expect(world.now).toBe(5)
    await world.run(5)
    expect([count, world.now]).toEqual([10, 10])
  })

  it('shows progress while it works', async () => {
    const world = new World(1)
    let progress = 0
    const tick = calling(() => world.after(1, tick, 1))
    world.after(1, tick, 1)
    await world.run(1e9, { onProgress: () => progress++, until: () => progress === 2 })
    expect(progress).toBe(2)
  })

  it('rejects with what an event threw, and can be taken up again', async () => {
    const world = new World(1)
    const seen: number[] = []
    world.after(
      1,
      calling(() => {
        throw new Error('broken')
      }),
      1,
    )
    world.after(
      1,
      calling((kind) => seen.push(kind)),
      2,
    )
    await expect(world.run(5)).rejects.toThrow('broken')
    await world.run(5)
    expect(seen).toEqual([2])
  })
})

describe('a tick', () => {
  it('has its events first, then promises and what follows from them, then ends of turns', async () => {
    const world = new World(1)
    const seen: string[] = []
    const taker = { endTurn: () => seen.push('turn') }
    const late = calling(() => seen.push('event of a promise'))
    const first = calling(() => {
      seen.push('event')
      world.atEndOfTurn(taker)
      void (async () => {
        for (let i = 0; i < 50; i++) await undefined
        seen.push('promise')
        world.after(0, late, 1)
      })()
    })
    world.after(3, first, 1)
    world.after(
      3,
      calling(() => seen.push('event')),
      1,
    )
    await world.run(3)
    expect(seen).toEqual(['event', 'event', 'promise', 'event of a promise', 'turn'])
  })

  it('lets promises settle also under false timers of the test', async () => {
    vi.useFakeTimers()
    const world = new World(1)
    let settled = false
    world.after(
      1,
      calling(
        () =>
          void Promise.resolve().then(() => {
            settled = true
          }),
      ),
      1,
    )
    await world.run(2)
    expect([settled, world.now]).toEqual([true, 2])
  })

  it('into which events are put for ever is an error that says whose they are', async () => {
    const world = new World(1)
    class Restless implements EventTarget {
      handleEvent(): void {
        world.after(0, this, 77)
      }
    }
    world.after(5, new Restless(), 77)
    const expected = /time does not move: .* at 0\.005 s; .* kind 77, for a Restless/
    await expect(world.run(10)).rejects.toThrow(expected)
  })

  it('whose turns never end is an error, too', async () => {
    const world = new World(1)
    const taker = { endTurn: () => world.atEndOfTurn(taker) }
    world.atEndOfTurn(taker)
    await expect(world.run(1)).rejects.toThrow('time does not move')
  })
})

describe('the trace', () => {
  const digest = async (kinds: readonly number[]): Promise<string> => {
    const world = new World(1)
    for (const kind of kinds)
      world.after(
        kind,
        calling(() => {}),
        kind,
      )
    await world.run(100)
    return world.trace.digest()
  }

  it('is the same for the same, and another for anything else', async () => {
    expect(await digest([1, 2, 3])).toBe(await digest([1, 2, 3]))
    expect(await digest([1, 2, 3])).not.toBe(await digest([1, 3, 3]))
    expect(await digest([1, 2])).not.toBe(await digest([1, 2, 3]))
    expect(await digest([])).toMatch(/^[0-9a-f]{16}$/)
  })
})
