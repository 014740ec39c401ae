/**
 * What a real run needs of the host: processes and open files. Pure arithmetic, done before anything is started, so
 * that a limit is explained instead of met halfway.
 *
 * Open files of one process with `n` of all `N` nodes. Every directed link is a TCP connection, which is a socket at
 * both of its ends:
 *
 *     n · (3 + 2 · (N − 1)) + 100
 *          │    │             └ what a process has open anyway, and connections that are just being replaced
 *          │    └ a connection to, and one from, each other node
 *          └ the mailbox, the receiver of beacons, the sender of beacons
 */
import { readFileSync } from 'node:fs'

const FILES_PER_NODE = 3
const FILES_PER_PROCESS = 100
/** More processes would need more memory than is worth it. */
const JOBS_MAX = 32
/** A full mesh has nodes² links; beyond this the host is what is measured. */
export const REAL_NODES_MAX = 500

export interface Needs {
  /** Worker processes. */
  readonly jobs: number
  /** Nodes of the process that has most. */
  readonly nodesPerJob: number
  /** Open files of that process. */
  readonly filesPerJob: number
  /** Of one process; `undefined`: the host has no such limit. */
  readonly fileLimit: number | undefined
  readonly fits: boolean
  /** How many nodes would fit in as many processes as there may be. */
  readonly nodesThatFit: number
}

export interface NeedsInput {
  readonly nodes: number
  readonly cores: number
  /** As given by the user; by default one per core, more where the limit of open files wants it. */
  readonly jobs?: number | undefined
  readonly fileLimit: number | undefined
}

export function filesOf(nodesPerJob: number, nodes: number): number {
  return nodesPerJob * (FILES_PER_NODE + 2 * (nodes - 1)) + FILES_PER_PROCESS
}

export function needsOf({ nodes, cores, jobs: given, fileLimit }: NeedsInput): Needs {
  const most = Math.min(given ?? JOBS_MAX, nodes)
  let jobs = Math.min(given ?? cores, most)
  while (jobs < most && !isWithin(filesOf(Math.ceil(nodes / jobs), nodes), fileLimit)) jobs++
  const nodesPerJob = Math.ceil(nodes / jobs)
  const filesPerJob = filesOf(nodesPerJob, nodes)
  return {
    jobs,
    nodesPerJob,
    filesPerJob,
    fileLimit,
    fits: isWithin(filesPerJob, fileLimit),
    nodesThatFit: largestMesh(given ?? JOBS_MAX, fileLimit),
  }
}

/** For the user: what is needed, what there is, and what to do. */
export function explainNeeds(nodes: number, needs: Needs): string {
  const { jobs, nodesPerJob, filesPerJob, fileLimit, nodesThatFit } = needs
  const processes = jobs === 1 ? 'one process' : `${jobs} processes of up to ${nodesPerJob} each`
  return [
    `${nodes} real nodes in ${processes} need ${filesPerJob} open files per process; the limit is ${fileLimit}`,
    `Each node has 3 sockets and 2 for each other node: ${nodesPerJob} × (3 + 2 × ${nodes - 1}) + ${FILES_PER_PROCESS} = ${filesPerJob}.`,
    `Raise the limit (ulimit -n ${filesPerJob}; for more than the hard limit, ask the administrator of this host),`,
    nodesThatFit >= 2
      ? `or run fewer nodes: --nodes ${nodesThatFit} fits.`
      : 'for it is too low for two nodes.',
  ].join('\n')
}

/**
 * Elsewhere than on Linux, no two connections of a host leave from one port, wherever they go to, and there are so many
 * ports for them.
 */
const DIAL_PORTS = 16_000

/** Words for a host that has too few ports for so many connections; `undefined`: it has enough. */
export function explainPorts(nodes: number, platform: NodeJS.Platform): string | undefined {
  const connections = nodes * (nodes - 1)
  if (platform === 'linux' || connections <= DIAL_PORTS) return undefined
  // The largest n with n · (n − 1) ≤ DIAL_PORTS.
  const fits = Math.floor((1 + Math.sqrt(1 + 4 * DIAL_PORTS)) / 2)
  return [
    `${nodes} real nodes need ${connections} connections; this system has ports for about ${DIAL_PORTS}`,
    `Run fewer nodes: --nodes ${fits} fits.`,
  ].join('\n')
}

/**
 * How many files one process may have open. Node.js raises its own limit as far as the host lets it, and so will the
 * processes that it starts: what counts is what this one has got.
 */
export function openFileLimit(): number | undefined {
  if (process.platform === 'win32') return undefined
  return process.platform === 'linux' ? limitOfLinux() : limitOfReport()
}

function limitOfLinux(): number | undefined {
  try {
    return parseLimits(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return limitOfReport()
  }
}

/** The soft limit of open files in the text of `/proc/self/limits`; `undefined` for none. */
export function parseLimits(text: string): number | undefined {
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(text) ?? []
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft)
}

interface ReportWithLimits {
  readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } }
}

function limitOfReport(): number | undefined {
  const { userLimits } = process.report.getReport() as ReportWithLimits
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

function isWithin(files: number, limit: number | undefined): boolean {
  return limit === undefined || files <= limit
}

function largestMesh(jobs: number, limit: number | undefined): number {
  let nodes = REAL_NODES_MAX
  while (nodes > 1 && !isWithin(filesOf(Math.ceil(nodes / jobs), nodes), limit)) nodes--
  return nodes
}
