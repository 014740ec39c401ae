import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgendaEntry } from '../../../src/base/deadlines.ts'
import { Agenda, Deadlines, NEVER } from '../../../src/base/deadlines.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
const time = fc.oneof(fc.nat(50), fc.constant(NEVER))

describe('named deadlines', () => {
  it('are not set at first', () => {
    const deadlines = new Deadlines(NAMES)
    expect(deadlines.next()).toBe(NEVER)
    expect(deadlines.isSet('a')).toBe(false)
    expect(deadlines.takeDue(1e9)).toBeUndefined()
  })

  it('come due in order, each once', () => {
    const deadlines = new Deadlines(NAMES)
    deadlines.set('b', 20)
    deadlines.set('c', 10)
    deadlines.set('d', 21)
    expect(deadlines.next()).toBe(10)
    expect(deadlines.takeDue(9)).toBeUndefined()
    expect([deadlines.takeDue(20), deadlines.takeDue(20), deadlines.takeDue(20)]).toEqual([
      'c',
      'b',
      undefined,
    ])
    expect(deadlines.get('d')).toBe(21)
  })

  it('can be moved, brought forward and cleared', () => {
    const deadlines = new Deadlines(NAMES)
    deadlines.set('a', 20)
    deadlines.setEarlier('a', 30)
    expect(deadlines.get('a')).toBe(20)
    deadlines.setEarlier('a', 10)
    expect(deadlines.get('a')).toBe(10)
    deadlines.set('a', 40)
    expect(deadlines.next()).toBe(40)
    deadlines.clear('a')
    expect(deadlines.isSet('a')).toBe(false)
  })

  it('can lie in an array with those of others', () => {
    const at = new Float64Array(12).fill(NEVER)
    const deadlines = new Deadlines(NAMES)
    deadlines.pointAt(at, 4).set('b', 20)
    expect(deadlines.pointAt(at, 8).next()).toBe(NEVER)
    deadlines.set('d', 30)
    expect([at.indexOf(20), at.indexOf(30)]).toEqual([5, 11])
    expect(deadlines.pointAt(at, 4).takeDue(40)).toBe('b')
    expect([deadlines.next(), deadlines.pointAt(at, 8).next()]).toEqual([NEVER, 30])
  })

  it('with an unknown name are a bug', () => {
    const deadlines = new Deadlines<string>(NAMES)
    expect(() => deadlines.set('z', 1)).toThrow('assertion failed')
  })

  it('do what a sorted list does, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...NAMES), time, fc.nat(50)), { maxLength: 60 }),
        (steps) => {
          const deadlines = new Deadlines(NAMES)
          const model = new Map<string, number>()
          for (const [name, at, now] of steps) {
            deadlines.set(name, at)
            model.set(name, at)
            const earliest = Math.min(NEVER, ...model.values())
            expect(deadlines.next()).toBe(earliest)
            const due = deadlines.takeDue(now)
            if (earliest > now) expect(due).toBeUndefined()
            else {
              expect(model.get(due!)).toBe(earliest)
              model.set(due!, NEVER)
            }
          }
        },
      ),
      { seed: 3, numRuns: 200 },
    )
  })
})

class Entry implements AgendaEntry {
  agendaIndex = -1
}

/** What must hold for the heap: the earliest is first, and each entry knows that it is in. */
function check(agenda: Agenda<Entry>, entries: readonly Entry[], model: readonly number[]): void {
  expect(agenda.next()).toBe(Math.min(NEVER, ...model))
  expect(agenda.length).toBe(model.filter((at) => at !== NEVER).length)
  expect(entries.map((entry) => agenda.dueAt(entry))).toEqual(model)
  const places = entries.flatMap((entry) => (entry.agendaIndex < 0 ? [] : [entry.agendaIndex]))
  expect(new Set(places).size).toBe(agenda.length)
}

describe('an agenda', () => {
  const COUNT = 12
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ entry: fc.nat(COUNT - 1), at: time }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat(COUNT - 1) }) },
    { weight: 3, arbitrary: fc.record({ now: fc.nat(50) }) },
  )

  it('does what a sorted array does, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const agenda = new Agenda<Entry>()
        const entries = Array.from({ length: COUNT }, () => new Entry())
        const model = entries.map(() => NEVER)
        for (const each of steps) {
          if ('entry' in each) {
            agenda.schedule(entries[each.entry]!, each.at)
            model[each.entry] = each.at
          } else if ('remove' in each) {
            agenda.remove(entries[each.remove]!)
            model[each.remove] = NEVER
          } else {
            const earliest = Math.min(...model)
            const due = agenda.takeDue(each.now)
            if (earliest > each.now) expect(due).toBeUndefined()
            else {
              const index = entries.indexOf(due!)
              expect(model[index]).toBe(earliest)
              model[index] = NEVER
            }
          }
          check(agenda, entries, model)
        }
      }),
      { seed: 4, numRuns: 200 },
    )
  })

  it('gives a thousand entries back in order of time', () => {
    const agenda = new Agenda<Entry>()
    const times = Array.from({ length: 1_000 }, (_, i) => (i * 7_919) % 1_000)
    for (const at of times) agenda.schedule(new Entry(), at)
    const taken: number[] = []
    for (let next = agenda.next(); next !== NEVER; next = agenda.next()) {
      taken.push(next)
      agenda.takeDue(next)
    }
    expect(taken).toEqual(times.toSorted((a, b) => a - b))
  })

  it('forgets everything at once, and takes the entries back later', () => {
    const agenda = new Agenda<Entry>()
    const entry = new Entry()
    agenda.schedule(entry, 5)
    agenda.clear()
    expect([agenda.length, agenda.dueAt(entry), entry.agendaIndex]).toEqual([0, NEVER, -1])
    agenda.schedule(entry, 5)
    expect(agenda.takeDue(5)).toBe(entry)
  })

  it('takes the removal of what it does not hold in its stride', () => {
    const agenda = new Agenda<Entry>()
    agenda.remove(new Entry())
    expect(agenda.next()).toBe(NEVER)
  })
})
