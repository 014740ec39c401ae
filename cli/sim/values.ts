/** What the command line of `earshot sim` says, as commander hands it on. */
import type { Host } from '../host.ts'
import type { Output } from '../output.ts'
import type { Seeds } from './seeds.ts'

export interface SimValues {
  readonly scenario?: string | undefined
  readonly nodes?: number
  readonly seed?: number | string
  readonly for?: number
  readonly set?: readonly string[]
  readonly skipCheck?: readonly string[]
  readonly report?: string
  readonly log?: string
  readonly seeds?: Seeds
  readonly jobs?: number
  readonly maxFailures?: number
  readonly hash?: string
  readonly replay?: string
  readonly list?: boolean
  readonly real?: boolean
}

/** The option of a value as it is typed: `--skip-check` for `skipCheck`. */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** What all parts of the verb work with. */
export interface SimContext {
  readonly host: Host
  readonly out: Output
}
