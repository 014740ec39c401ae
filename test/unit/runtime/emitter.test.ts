import { describe, expect, it } from 'vitest'
import { Emitter } from '../../../src/runtime/emitter.ts'

function emitter(): { events: Emitter<{ a: number; b: string }>; uncaught: unknown[] } {
  const uncaught: unknown[] = []
  return { events: new Emitter((error) => uncaught.push(error)), uncaught }
}

describe('listeners', () => {
  it('are called in the order in which they were added, each for its own type', () => {
    const { events } = emitter()
    const heard: unknown[] = []
    events.add('a', (value) => heard.push(['first', value]), false)
    events.add('b', (value) => heard.push(['other', value]), false)
    events.add('a', (value) => heard.push(['second', value]), false)
    events.emit('a', 1)
    events.emit('b', 'x')
    expect(heard).toEqual([
      ['first', 1],
      ['second', 1],
      ['other', 'x'],
    ])
  })

  it('that throw keep neither the others nor the caller from going on', () => {
    const { events, uncaught } = emitter()
    const heard: number[] = []
    const oops = new Error('oops')
    events.add(
      'a',
      () => {
        throw oops
      },
      false,
    )
    events.add('a', (value) => heard.push(value), false)
    events.emit('a', 1)
    events.emit('a', 2)
    expect(heard).toEqual([1, 2])
    expect(uncaught).toEqual([oops, oops])
  })

  it('added once are called once', () => {
    const { events } = emitter()
    const heard: number[] = []
    events.add('a', (value) => heard.push(value), true)
    events.emit('a', 1)
    events.emit('a', 2)
    expect(heard).toEqual([1])
  })

  it('added once are gone before they are called: an emit from within does not call them again', () => {
    const { events } = emitter()
    const heard: number[] = []
    events.add(
      'a',
      (value) => {
        heard.push(value)
        if (value < 5) events.emit('a', value + 1)
      },
      true,
    )
    events.emit('a', 1)
    expect(heard).toEqual([1])
  })

  it('added once are called once, even when another one emits before it is their turn', () => {
    const { events } = emitter()
    const heard: number[] = []
    const nested = (value: number): void => {
      if (value === 1) events.emit('a', 2)
    }
    events.add('a', nested, false)
    events.add('a', (value) => heard.push(value), true)
    events.emit('a', 1)
    expect(heard).toEqual([2])
  })

  it('added both for good and once lose only the one that was for once', () => {
    const { events } = emitter()
    const heard: number[] = []
    const listener = (value: number): unknown => heard.push(value)
    events.add('a', listener, false)
    events.add('a', listener, true)
    for (const value of [1, 2, 3]) events.emit('a', value)
    expect(heard).toEqual([1, 1, 2, 3])
  })

  it('added twice are called twice, and removed one at a time', () => {
    const { events } = emitter()
    const heard: number[] = []
    const listener = (value: number): unknown => heard.push(value)
    events.add('a', listener, false)
    events.add('a', listener, false)
    events.remove('a', listener)
    events.emit('a', 1)
    expect(heard).toEqual([1])
    events.remove('a', listener)
    events.remove('a', listener)
    expect(events.has('a')).toBe(false)
  })

  it('added or removed during an emit change the next one', () => {
    const { events } = emitter()
    const heard: string[] = []
    const last = (): unknown => heard.push('last')
    events.add(
      'a',
      () => {
        heard.push('first')
        events.add('a', () => heard.push('new'), true)
        events.remove('a', last)
      },
      true,
    )
    events.add('a', last, false)
    events.emit('a', 1)
    events.emit('a', 2)
    expect(heard).toEqual(['first', 'last', 'new'])
  })
})

describe('a signal', () => {
  it('removes the listener that came with it, and no other of the same function', () => {
    const { events } = emitter()
    const heard: number[] = []
    const listener = (value: number): unknown => heard.push(value)
    const control = new AbortController()
    events.add('a', listener, true)
    events.add('a', listener, false, { signal: control.signal })
    control.abort()
    events.emit('a', 1)
    events.emit('a', 2)
    expect(heard).toEqual([1])
  })

  it('that has been aborted adds nothing', () => {
    const { events } = emitter()
    events.add('a', () => {}, false, { signal: AbortSignal.abort() })
    expect(events.has('a')).toBe(false)
  })

  it('that lives on holds nothing of a listener that is gone', () => {
    const { events } = emitter()
    const control = new AbortController()
    let held = 0
    const { signal } = control
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      held++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      held--
      remove(...args)
    }
    const listener = (): void => {}
    events.add('a', listener, true, { signal })
    events.emit('a', 1)
    events.add('a', listener, false, { signal })
    events.remove('a', listener)
    events.add('a', listener, false, { signal })
    events.clear()
    expect(held).toBe(0)
  })
})

it('after clear() nobody is called', () => {
  const { events, uncaught } = emitter()
  events.add('a', () => uncaught.push('called'), false)
  events.clear()
  events.emit('a', 1)
  expect(uncaught).toEqual([])
})
