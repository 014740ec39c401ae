/** Amounts as people read them: counts, things that are counted, bytes. */

/** `12,345`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `1 node`, `2,000 nodes`. */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `512 B`, `1.2 kB`, `34 MB`: powers of ten. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 1_000_000) return `${shortText(bytes / 1_000)} kB`
  if (bytes < 1_000_000_000) return `${shortText(bytes / 1_000_000)} MB`
  return `${shortText(bytes / 1_000_000_000)} GB`
}

/** To two digits, or whole: `0.12`, `1.2`, `34`, `5,678`. */
export function shortText(value: number): string {
  if (value >= 100) return countText(value)
  return String(Number(value.toPrecision(2)))
}
