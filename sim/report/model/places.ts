/** Who is to discover whom at a moment: members that share a network then. Moments may be sought in any order. */
import type { MoveData, ReportData } from './data.ts'

export class Places {
  /** Everybody is always in one and the same network: all are neighbours. */
  readonly isOne: boolean
  readonly #first: readonly (readonly number[])[]
  readonly #moves: readonly MoveData[]
  #networks: (readonly number[])[]
  #row = 0

  constructor({ networks, moves }: Pick<ReportData, 'networks' | 'moves'>) {
    const [first] = networks[0] ?? []
    this.isOne =
      moves.length === 0 && networks.every((each) => each.length === 1 && each[0] === first)
    this.#first = networks
    this.#moves = moves
    this.#networks = [...networks]
  }

  /** When somebody moves next; Infinity for nobody. */
  get nextMs(): number {
    return this.#moves[this.#row]?.[0] ?? Infinity
  }

  seek(ms: number): void {
    if (this.#row > 0 && this.#moves[this.#row - 1]![0] > ms) {
      this.#networks = [...this.#first]
      this.#row = 0
    }
    while (this.nextMs <= ms) this.move()
  }

  /** Who moves next. */
  get nextMember(): number | undefined {
    return this.#moves[this.#row]?.[1]
  }

  /** The next move happens. */
  move(): void {
    const [, member, networks] = this.#moves[this.#row++]!
    this.#networks[member] = networks
  }

  areNeighbours(a: number, b: number): boolean {
    if (a === b) return false
    if (this.isOne) return true
    const others = this.#networks[b]!
    return this.#networks[a]!.some((network) => others.includes(network))
  }
}
