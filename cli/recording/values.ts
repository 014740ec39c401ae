/** Values of a file that anybody may have written: each is what it should be, or `undefined`. */

export type Json = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A whole number, 0 or more. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

/** An ISO time, in milliseconds since 1970. */
export function moment(value: unknown): number | undefined {
  return typeof value === 'string' ? number(Date.parse(value)) : undefined
}
