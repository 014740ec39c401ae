/** What is asked when, and what is left out. Time is a number here. */
import { describe, expect, it } from 'vitest'
import { BROWSE, Questions } from '../../../../src/discovery/mdns/queries.ts'
import type { MdnsQuestion } from '../../../../src/discovery/mdns/records.ts'

const ask = (i: number): MdnsQuestion => ({ name: `i${i}._zre._tcp.local`, type: 'SRV' })

/** All that is asked up to a time: when, and how many. */
function askedUpTo(questions: Questions, end: number): { at: number; asked: MdnsQuestion[] }[] {
  const rounds: { at: number; asked: MdnsQuestion[] }[] = []
  while (questions.nextAt <= end) {
    const at = Math.max(0, questions.nextAt)
    rounds.push({ at, asked: questions.take(at) })
  }
  return rounds
}

describe('a question', () => {
  it('waits until a second has passed since it was asked last (§5.2)', () => {
    const questions = new Questions()
    questions.want(ask(1), 0)
    expect(questions.take(0)).toEqual([ask(1)])
    questions.want(ask(1), 200)
    questions.want(ask(2), 300)
    expect(askedUpTo(questions, 5_000)).toEqual([
      { at: 300, asked: [ask(2)] },
      { at: 1_000, asked: [ask(1)] },
    ])
  })

  it('follows the one before by 100 ms, when it does not fit into its packet', () => {
    const questions = new Questions()
    for (let i = 0; i < 100; i++) questions.want(ask(i), 0)
    const rounds = askedUpTo(questions, 5_000)
    expect(rounds.flatMap(({ asked }) => asked)).toHaveLength(100)
    expect(rounds.map(({ at }) => at)).toEqual(rounds.map((_, i) => 100 * i))
  })

  it('who is there is asked every second four times, and then every ten', () => {
    const questions = new Questions()
    const times: number[] = []
    for (let now = 0; now < 30_000; now += 100) {
      questions.want(BROWSE, now)
      if (questions.take(now).length > 0) times.push(now)
    }
    expect(times).toEqual([0, 1_000, 2_000, 3_000, 13_000, 23_000])
  })

  it('beyond 1,024 that wait is left out, unless it is who is there, or whether what is known still holds', () => {
    const questions = new Questions()
    for (let i = 0; i < 2_000; i++) questions.want(ask(i), 0)
    questions.want(BROWSE, 0)
    questions.want(ask(5_000), 0, true)
    const asked = askedUpTo(questions, 60_000).flatMap((round) => round.asked)
    expect(asked).toHaveLength(1_026)
    expect(asked.slice(-2)).toEqual([BROWSE, ask(5_000)])
  })
})
