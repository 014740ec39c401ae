/** One process of a soak: `node worker.js [canary]`. It holds some of the nodes, and keeps them talking. */
import { serve } from '../calls.ts'
import type { Usage } from '../usage.ts'
import { hostNow, ownUsage } from '../usage.ts'
import type { Page } from './books.ts'
import { Resident } from './resident.ts'

/** What happened since the last report. */
export interface Report {
  /** When this was written (`hostNow`). */
  readonly at: number
  readonly pages: readonly Page[]
  readonly faults: readonly string[]
  /** How often what happened. */
  readonly notices: Readonly<Record<string, number>>
  readonly usage: Usage
}

export interface Departure {
  readonly node: string
  /** When it began to leave (`hostNow`). */
  readonly at: number
  /** Messages that it says it lost. */
  readonly lost: number
}

export type WorkerApi = {
  /** Starts one more node; gives back its id. */
  readonly add: { readonly takes: number; readonly gives: string }
  /** One node, taken in turn, leaves in order. */
  readonly remove: { readonly takes: null; readonly gives: Departure }
  readonly talk: { readonly takes: boolean; readonly gives: null }
  readonly report: { readonly takes: null; readonly gives: Report }
}

/** Each node whispers this often, and shouts once in so many times. */
const WHISPER_EVERY_MS = 10
const SHOUT_EVERY = 5
const FAULTS_MAX = 100
const CANARY_OVERLOOKS_EVERY = 1_000

const residents: Resident[] = []
const observer = {
  overlookEvery: process.argv[2] === 'canary' ? CANARY_OVERLOOKS_EVERY : undefined,
  handleFault: (fault: string): void => {
    if (faults.length < FAULTS_MAX) faults.push(fault)
    observer.handleNotice('fault')
  },
  handleNotice: (notice: string): void => {
    notices[notice] = (notices[notice] ?? 0) + 1
  },
}
let faults: string[] = []
let notices: Record<string, number> = {}
/** Of residents that have left since the last report. */
let lastPages: Page[] = []
let talking: NodeJS.Timeout | undefined
let beats = 0

function beat(): void {
  beats++
  for (const resident of residents) {
    resident.whisper()
    if (beats % SHOUT_EVERY === 0) void resident.shout()
  }
}

serve<WorkerApi>({
  add: async (port) => {
    const resident = await Resident.start(port, observer)
    residents.push(resident)
    return resident.id
  },
  remove: async () => {
    const resident = residents.shift()
    if (resident === undefined) throw new Error('nobody is left')
    const at = hostNow()
    const lost = await resident.leave()
    lastPages.push(resident.turnPage())
    return { node: resident.id, at, lost }
  },
  talk: (wanted) => {
    clearInterval(talking)
    if (wanted) talking = setInterval(beat, WHISPER_EVERY_MS)
    return null
  },
  report: () => {
    const pages = [...lastPages, ...residents.map((resident) => resident.turnPage())]
    const report = { at: hostNow(), pages, faults, notices, usage: ownUsage() }
    lastPages = []
    faults = []
    notices = {}
    return report
  },
})
