/**
 * Groups: the ones this node is in, with the status byte that counts changes, and an index of which
 * peers are in which group.
 *
 * The status byte is part of an agreement between both sides: it goes up by one (mod 256) with each
 * JOIN and LEAVE, and other implementations end their process when it does not fit. So a redundant
 * join or leave changes nothing and must not be sent.
 */

export class OwnGroups {
  readonly #names = new Set<string>()
  #changes = 0

  /** Joins and leaves so far. */
  get changes(): number {
    return this.#changes
  }

  /** The same, mod 256 (RFC 36: "status"). */
  get status(): number {
    return this.#changes & 0xff
  }

  get size(): number {
    return this.#names.size
  }

  has(group: string): boolean {
    return this.#names.has(group)
  }

  names(): string[] {
    return [...this.#names]
  }

  /** False when we are in it already: then nothing is to be sent. */
  join(group: string): boolean {
    if (this.#names.has(group)) return false
    this.#names.add(group)
    this.#changes++
    return true
  }

  /** False when we are not in it: then nothing is to be sent. */
  leave(group: string): boolean {
    if (!this.#names.delete(group)) return false
    this.#changes++
    return true
  }
}

/** Which peers are in a group, in the order in which they joined. */
export class GroupIndex<Member> {
  readonly #members = new Map<string, Set<Member>>()

  add(group: string, member: Member): void {
    const members = this.#members.get(group)
    if (members === undefined) this.#members.set(group, new Set([member]))
    else members.add(member)
  }

  remove(group: string, member: Member): void {
    const members = this.#members.get(group)
    if (members === undefined) return
    members.delete(member)
    if (members.size === 0) this.#members.delete(group)
  }

  members(group: string): ReadonlySet<Member> | undefined {
    return this.#members.get(group)
  }

  names(): string[] {
    return [...this.#members.keys()]
  }
}
