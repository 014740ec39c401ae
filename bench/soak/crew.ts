/** All processes of a soak, as its main process sees them: who lives where, who comes, who goes. */
import { Worker } from '../calls.ts'
import { hostNow } from '../usage.ts'
import { Audit } from './audit.ts'
import { MemoryRecord } from './memory.ts'
import type { WorkerApi } from './worker.ts'

const WORKER = new URL('./worker.js', import.meta.url)
const CALL_MS_MAX = 30_000
const FAULTS_MAX = 100

/** One process and the nodes that live in it, the oldest first. */
interface Post {
  readonly worker: Worker<WorkerApi>
  readonly nodes: string[]
  readonly memory: MemoryRecord
}

export class Crew {
  readonly #port: number
  readonly #workerArgs: readonly string[]
  readonly #talkers: Post[] = []
  readonly audit: Audit = new Audit()
  readonly faults: string[] = []
  readonly notices: Map<string, number> = new Map()
  #posts = 0

  /** With canaries, which do not write everything down. */
  constructor(port: number, canary: boolean) {
    this.#port = port
    this.#workerArgs = canary ? ['canary'] : []
  }

  /** The memory of the processes that are there. */
  get memories(): readonly MemoryRecord[] {
    return this.#talkers.map(({ memory }) => memory)
  }

  get nodes(): number {
    return this.#talkers.reduce((total, post) => total + post.nodes.length, 0)
  }

  /** One more process, with so many nodes that talk. */
  async addPost(nodes: number): Promise<void> {
    const worker = await Worker.start<WorkerApi>(WORKER, ...this.#workerArgs)
    const post = { worker, nodes: [], memory: new MemoryRecord(`process ${++this.#posts}`) }
    this.#talkers.push(post)
    for (let i = 0; i < nodes; i++) await this.#addNode(post)
    await worker.call('talk', true, CALL_MS_MAX)
  }

  async #addNode(post: Post): Promise<void> {
    const node = await post.worker.call('add', this.#port, CALL_MS_MAX)
    post.nodes.push(node)
    this.audit.handleCame(node)
  }

  /** In one process the oldest node leaves in order, and a new one comes. */
  async replaceNode(index: number): Promise<void> {
    const post = this.#talkers[index]
    if (post === undefined) return
    const { node, at, lost } = await post.worker.call('remove', null, CALL_MS_MAX)
    post.nodes.splice(post.nodes.indexOf(node), 1)
    this.audit.handleLeft(node, at, 'stopped')
    this.audit.handleLost(node, lost)
    await this.#addNode(post)
  }

  /** The last process dies as in a power failure, with all its nodes; another takes its place. */
  async replaceLastPost(): Promise<void> {
    const post = this.#talkers.pop()
    if (post === undefined) return
    const at = hostNow()
    await post.worker.kill()
    for (const node of post.nodes) this.audit.handleLeft(node, at, 'killed')
    await this.addPost(post.nodes.length)
  }

  async quieten(): Promise<void> {
    for (const { worker } of this.#talkers) await worker.call('talk', false, CALL_MS_MAX)
  }

  /** Collects what all processes have to report. */
  async collect(): Promise<void> {
    for (const { worker, memory } of this.#talkers) {
      const { at, pages, faults, notices, usage } = await worker.call('report', null, CALL_MS_MAX)
      for (const page of pages) this.audit.handlePage(page, at)
      memory.add(at, usage.residentBytes)
      this.faults.push(...faults.slice(0, FAULTS_MAX - this.faults.length))
      for (const [notice, count] of Object.entries(notices)) {
        this.notices.set(notice, (this.notices.get(notice) ?? 0) + count)
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#talkers.map(({ worker }) => worker.stop()))
  }
}
