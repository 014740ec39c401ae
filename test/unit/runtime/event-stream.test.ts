import { describe, expect, it } from 'vitest'
import { EventStream, type EventStreamOptions } from '../../../src/runtime/event-stream.ts'

interface Watched {
  readonly stream: EventStream<number>
  /** What the stream asked of its owner, in order. */
  readonly asked: string[]
}

function watched(options: EventStreamOptions = {}): Watched {
  const asked: string[] = []
  const stream = new EventStream<number>(
    {
      hold: (_stream, wanted) => asked.push(wanted ? 'hold' : 'release'),
      dropped: (total) => asked.push(`dropped ${total}`),
      ended: () => asked.push('ended'),
    },
    options,
  )
  return { stream, asked }
}

async function rest(stream: EventStream<number>): Promise<number[]> {
  const events: number[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Pushes the numbers from 1 to `count`. */
function fill({ stream }: Watched, count: number): void {
  for (let i = 1; i <= count; i++) stream.push(i)
}

describe('a stream of events', () => {
  it('gives what was pushed, in order', async () => {
    const state = watched()
    fill(state, 3)
    state.stream.end()
    expect(await rest(state.stream)).toEqual([1, 2, 3])
  })

  it('gives a waiting reader the next event at once', async () => {
    const { stream } = watched()
    const reads = [stream.next(), stream.next()]
    stream.push(1)
    stream.push(2)
    expect(await Promise.all(reads)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
  })

  it('ends for waiting readers too', async () => {
    const { stream, asked } = watched()
    const reads = [stream.next(), stream.next()]
    stream.end()
    expect(await Promise.all(reads)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(asked).toEqual(['ended'])
  })

  it('takes nothing after its end, and ends once', async () => {
    const state = watched()
    fill(state, 1)
    state.stream.end()
    state.stream.end()
    state.stream.push(9)
    expect(await rest(state.stream)).toEqual([1])
    expect(await state.stream.next()).toEqual({ done: true, value: undefined })
    expect(state.asked).toEqual(['ended'])
  })

  it('that is left by break ends, and forgets the rest', async () => {
    const state = watched()
    fill(state, 5)
    for await (const event of state.stream) if (event === 2) break
    expect(state.asked).toEqual(['ended'])
    expect(await state.stream.next()).toEqual({ done: true, value: undefined })
  })

  it('ends at the close of its block', async () => {
    const { stream, asked } = watched()
    {
      await using inBlock = stream
      inBlock.push(1)
    }
    expect(asked).toEqual(['ended'])
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a buffer of %d',
    (buffer) => {
      expect(() => watched({ buffer })).toThrow('option buffer')
    },
  )
})

describe('a full buffer: pause', () => {
  it('asks for quiet once, keeps what still comes, and lets go at half', async () => {
    const state = watched({ buffer: 4 })
    fill(state, 4)
    expect(state.asked).toEqual([])
    state.stream.push(5)
    state.stream.push(6)
    expect(state.asked).toEqual(['hold'])
    for (let i = 1; i <= 3; i++) await state.stream.next()
    expect(state.asked).toEqual(['hold'])
    await state.stream.next()
    expect(state.asked).toEqual(['hold', 'release'])
    state.stream.end()
    expect(await rest(state.stream)).toEqual([5, 6])
  })

  it('lets go when the stream ends or is left', async () => {
    for (const leave of ['end', 'return'] as const) {
      const state = watched({ buffer: 1 })
      fill(state, 2)
      await state.stream[leave]()
      expect(state.asked).toEqual(['hold', 'release', 'ended'])
    }
  })
})

describe('a full buffer: drop-oldest', () => {
  it('keeps the newest, and tells how many went', async () => {
    const state = watched({ buffer: 3, overflow: 'drop-oldest' })
    fill(state, 5)
    state.stream.end()
    expect(await rest(state.stream)).toEqual([3, 4, 5])
    expect(state.asked).toEqual(['dropped 1', 'dropped 2', 'ended'])
  })
})

describe('a full buffer: drop-newest', () => {
  it('keeps the oldest, and tells how many went', async () => {
    const state = watched({ buffer: 3, overflow: 'drop-newest' })
    fill(state, 5)
    state.stream.end()
    expect(await rest(state.stream)).toEqual([1, 2, 3])
    expect(state.asked).toEqual(['dropped 1', 'dropped 2', 'ended'])
  })
})

describe('an owner that answers each drop with an event of its own', () => {
  it.each(['drop-oldest', 'drop-newest'] as const)(
    '(a warning, say) does not make %s exceed its buffer',
    async (overflow) => {
      let told = 0
      const stream: EventStream<number> = new EventStream<number>(
        {
          hold: () => {},
          ended: () => {},
          dropped: () => {
            told++
            stream.push(0)
          },
        },
        { buffer: 3, overflow },
      )
      for (let i = 1; i <= 100; i++) stream.push(i)
      stream.end()
      expect(await rest(stream)).toHaveLength(3)
      expect(told).toBe(97)
    },
  )
})

describe('a full buffer: throw', () => {
  it('ends the loop with an error, after what was there', async () => {
    const state = watched({ buffer: 2, overflow: 'throw' })
    fill(state, 3)
    expect(state.asked).toEqual(['ended'])
    const seen: number[] = []
    await expect(async () => {
      for await (const event of state.stream) seen.push(event)
    }).rejects.toMatchObject({ code: 'ERR_EARSHOT_EVENTS_OVERFLOW' })
    expect(seen).toEqual([1, 2])
    expect(await state.stream.next()).toEqual({ done: true, value: undefined })
  })

  it('throws nothing at a reader that has left', async () => {
    const state = watched({ buffer: 1, overflow: 'throw' })
    fill(state, 2)
    await state.stream.return()
    expect(await state.stream.next()).toEqual({ done: true, value: undefined })
  })
})

describe('a signal', () => {
  it('ends the loop normally, after what was there', async () => {
    const control = new AbortController()
    const state = watched({ signal: control.signal })
    fill(state, 2)
    control.abort()
    state.stream.push(3)
    expect(await rest(state.stream)).toEqual([1, 2])
  })

  it('that has been aborted ends it before it begins', async () => {
    const state = watched({ signal: AbortSignal.abort() })
    state.stream.push(1)
    expect(await rest(state.stream)).toEqual([])
  })

  it('that lives on holds nothing of a stream that has ended', async () => {
    const control = new AbortController()
    const state = watched({ signal: control.signal })
    await state.stream.return()
    control.abort()
    expect(state.asked).toEqual(['ended'])
  })
})
