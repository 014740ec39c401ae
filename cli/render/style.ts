/**
 * Colours, where they are wanted: on a terminal, unless NO_COLOR is set; elsewhere only with FORCE_COLOR.
 */
import { styleText } from 'node:util'
import type { OutputStream } from '../host.ts'

export type Style =
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'greenBright'
  | 'blueBright'
  | 'magentaBright'
  | 'cyanBright'

export type Paint = (style: Style, text: string) => string

/** NO_COLOR wins over FORCE_COLOR, as in commander; an empty variable says nothing. */
export function wantsColour(
  stream: Pick<OutputStream, 'isTTY'>,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const force = env['FORCE_COLOR']
  if (env['NO_COLOR'] || force === '0' || force === 'false') return false
  if (force) return true
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

export function painter(colour: boolean): Paint {
  return (style, text) => {
    // `validateStream` would have Node.js decide anew, by rules that differ between its versions.
    return colour && text !== '' ? styleText(style, text, { validateStream: false }) : text
  }
}

const NAME_STYLES: readonly Style[] = [
  'cyan',
  'green',
  'magenta',
  'yellow',
  'blueBright',
  'cyanBright',
  'greenBright',
  'magentaBright',
]

/** The same peer always has the same colour. */
export function nameStyle(id: string): Style {
  return NAME_STYLES[Number.parseInt(id.slice(0, 4), 16) % NAME_STYLES.length] ?? 'cyan'
}
