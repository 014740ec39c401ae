/**
 * Settings of a scenario: what `--set key=value` may change. Each has a type, a default and a range, so that a wrong
 * one is told by name.
 */
import { EarshotError } from '../../src/base/errors.ts'

export interface NumberSetting {
  readonly kind: 'number'
  readonly default: number
  readonly min: number
  readonly max: number
  /** A count: no fractions. */
  readonly isWhole: boolean
  /** With the unit. */
  readonly help: string
}

export interface ChoiceSetting<Choice extends string = string> {
  readonly kind: 'choice'
  readonly default: Choice
  readonly choices: readonly Choice[]
  readonly help: string
}

export type Setting = NumberSetting | ChoiceSetting
export type Settings = Readonly<Record<string, Setting>>

/** What the settings are in one run. */
export type SettingValues<Declared extends Settings> = {
  readonly [Name in keyof Declared]: Declared[Name] extends NumberSetting
    ? number
    : Declared[Name] extends ChoiceSetting<infer Choice>
      ? Choice
      : string | number
}

export function numberSetting(
  help: string,
  value: number,
  range: { readonly min?: number; readonly max?: number } = {},
): NumberSetting {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range
  return { kind: 'number', default: value, min, max, isWhole: false, help }
}

/** A number of things. */
export function countSetting(
  help: string,
  value: number,
  range: { readonly min?: number; readonly max?: number } = {},
): NumberSetting {
  return { ...numberSetting(help, value, range), isWhole: true }
}

/** `0 to 1`, `10 or more`. */
export function rangeText({ min, max }: NumberSetting): string {
  return max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
}

export function choiceSetting<Choice extends string>(
  help: string,
  value: Choice,
  choices: readonly Choice[],
): ChoiceSetting<Choice> {
  return { kind: 'choice', default: value, choices, help }
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the setting. */
export function settingValues<Declared extends Settings>(
  declared: Declared,
  given: Readonly<Record<string, string | number>>,
): SettingValues<Declared> {
  for (const name of Object.keys(given)) {
    if (declared[name] !== undefined) continue
    const names = Object.keys(declared).join(', ')
    throw bad(name, `no such setting; there are: ${names || 'none'}`)
  }
  const values = Object.entries(declared).map(([name, setting]) => {
    const value = given[name]
    return [name, value === undefined ? setting.default : checked(name, setting, value)]
  })
  return Object.fromEntries(values) as SettingValues<Declared>
}

function checked(name: string, setting: Setting, given: string | number): string | number {
  if (setting.kind === 'choice') {
    if (setting.choices.includes(String(given))) return String(given)
    throw bad(name, `'${given}' is none of ${setting.choices.join(', ')}`)
  }
  const value = typeof given === 'number' || given.trim() !== '' ? Number(given) : Number.NaN
  const isOfKind = !setting.isWhole || Number.isInteger(value)
  if (isOfKind && value >= setting.min && value <= setting.max) return value
  const expected = setting.isWhole ? 'a whole number' : 'a number'
  throw bad(name, `'${given}'; expected ${expected}, ${rangeText(setting)}`)
}

function bad(name: string, reason: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `setting ${name}: ${reason}`)
}
