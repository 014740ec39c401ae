/** What each node truly is over time: up, down, or up but frozen or asleep. */
import type { ReportData } from '../model/data.ts'

export interface TruthSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly is: 'up' | 'frozen' | 'asleep'
}

const STOPPED: Readonly<Record<string, TruthSpan['is']>> = { freeze: 'frozen', sleep: 'asleep' }

export class Truth {
  /** By member; those of frozen and sleeping nodes come last, on top of the others. */
  readonly #spans: readonly (readonly TruthSpan[])[]

  constructor({ names, truths, faults, endMs }: ReportData) {
    const spans: TruthSpan[][] = names.map(() => [])
    const upSince = new Map<number, number>()
    for (const [atMs, member, isUp] of truths) {
      const fromMs = upSince.get(member)
      if (isUp === 1) upSince.set(member, fromMs ?? atMs)
      else if (fromMs !== undefined) {
        spans[member]!.push({ fromMs, toMs: atMs, is: 'up' })
        upSince.delete(member)
      }
    }
    for (const [member, fromMs] of upSince) spans[member]!.push({ fromMs, toMs: endMs, is: 'up' })
    for (const { kind, members, atMs, endMs: toMs } of faults) {
      const is = STOPPED[kind]
      if (is !== undefined)
        for (const member of members) spans[member]!.push({ fromMs: atMs, toMs, is })
    }
    this.#spans = spans
  }

  spans(member: number): readonly TruthSpan[] {
    return this.#spans[member]!
  }

  isUpAt(member: number, ms: number): boolean {
    return this.spans(member).some(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs)
  }

  wordAt(member: number, ms: number): string {
    const span = this.spans(member).findLast(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs)
    return span?.is ?? 'down'
  }
}
