/** Numbers of strangers and of applications: each is what it should be, or is not taken. */

/** 0 or more. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** 0 or more. */
export function isAmount(value: unknown): value is number {
  return isNumber(value) && value >= 0
}
