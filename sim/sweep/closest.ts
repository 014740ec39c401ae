/** What somebody may have meant who mistyped one of a few names. */

/** Names at most a third wrong, the closest first; three at most. */
export function closestNames(word: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ name, distance }) => distance * 3 <= Math.max(name.length, word.length))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

/** Letters to insert, drop or change until one is the other: Levenshtein's distance. 0 for a beginning of the name. */
function distanceOf(word: string, name: string): number {
  if (word.length >= 3 && name.startsWith(word)) return 0
  let row = Array.from({ length: name.length + 1 }, (_, index) => index)
  for (let at = 1; at <= word.length; at++) {
    const next = [at]
    for (let to = 1; to <= name.length; to++) {
      const changed = row[to - 1]! + (word[at - 1] === name[to - 1] ? 0 : 1)
      next.push(Math.min(changed, row[to]! + 1, next[to - 1]! + 1))
    }
    row = next
  }
  return row[name.length]!
}
