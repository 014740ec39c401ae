/** What a process has used, and the one clock that all processes of this host share. */
import { readFileSync } from 'node:fs'

export interface Usage {
  /** Since the process began, on all its threads. */
  readonly cpuMs: number
  readonly residentBytes: number
}

export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, residentBytes: process.memoryUsage.rss() }
}

/** Linux counts processor time in ticks of this length for whoever asks. */
const TICK_MS = 10
const PAGE_BYTES = 4_096

/** Of another process, where the host has `/proc`; otherwise nothing. See proc(5), `stat`. */
export function usageOf(pid: number): Usage {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything: fields are counted from behind it, the first being the third.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const field = (number: number): number => Number(fields[number - 3])
    return {
      cpuMs: (field(14) + field(15)) * TICK_MS,
      residentBytes: field(24) * PAGE_BYTES,
    }
  } catch {
    return { cpuMs: 0, residentBytes: 0 }
  }
}

export function sum(usages: readonly Usage[]): Usage {
  return {
    cpuMs: usages.reduce((total, { cpuMs }) => total + cpuMs, 0),
    residentBytes: usages.reduce((total, { residentBytes }) => total + residentBytes, 0),
  }
}

/** Milliseconds of a clock that is the same in every process of the host; its zero means nothing. */
export function hostNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
