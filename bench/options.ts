/** Numbers of the command line. */

interface Range {
  readonly min: number
  readonly max: number
}

/** The number that an option says. @throws Error for what is none, or is out of range */
export function numberOption(name: string, text: string, { min, max }: Range): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= min && value <= max) return value
  throw new Error(`--${name} must be from ${min} to ${max}, not ${text}`)
}

/** As `numberOption`, for what there are no parts of. */
export function wholeOption(name: string, text: string, range: Range): number {
  const value = numberOption(name, text, range)
  if (Number.isInteger(value)) return value
  throw new Error(`--${name} must be a whole number, not ${text}`)
}
