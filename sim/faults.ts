/** What is done to nodes and to the network, as watchers are told of it. */

/** Something done to nodes or to the network, from `atMs` on; `ended` is called when it is over. */
export interface Fault {
  readonly kind: string
  readonly atMs: number
  /** Indices of the members it is done to. */
  readonly members: readonly number[]
  /** For people: what it was, with numbers. */
  readonly label: string
  /** False: it is of one moment, and `ended` is called at once. */
  readonly lasts: boolean
  /** What it holds back arrives then, even if it is ended before. */
  readonly heldUntilMs?: number
}

export interface FaultListener {
  began(fault: Fault): void
  ended(fault: Fault, atMs: number): void
}
