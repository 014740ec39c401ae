/** Mixes the colours of states by their shares. */
import { SHARE_COUNT, SHARES } from '../model/presence.ts'
import { type Rgb, rgb } from './theme.ts'

/** Writes the colours of the shares at `from` into a picture at `to`. Make one per picture: it knows the theme. */
export type Paint = (
  shares: Float32Array,
  from: number,
  pixels: Uint8ClampedArray,
  to: number,
) => void

/** Puts the shares on top of each other in a column of `lines` pixels: trouble above, none of it too thin to see. */
export function stacker(lines: number, width: number): Paint {
  const palette = SHARES.map((name) => rgb(name))
  const ground = rgb('surface')
  const room = lines - STACK_MARGIN
  return (shares, from, pixels, to) => {
    let line = 0
    const fill = (colour: Rgb, count: number): void => {
      for (const end = Math.min(lines, line + count); line < end; line++) {
        const at = to + 4 * width * line
        for (let channel = 0; channel < 3; channel++) pixels[at + channel] = colour[channel]!
        pixels[at + 3] = 255
      }
    }
    fill(ground, 1)
    for (const share of STACK_ORDER) {
      const value = shares[from + share]!
      if (value > SHARE_MIN) fill(palette[share]!, Math.max(2, Math.round(value * room)))
    }
    const alive = Math.round(shares[from]! * room)
    fill(palette[0]!, Math.min(alive, lines - line))
    fill(ground, lines)
  }
}

/** All but alive, the worst first. */
const STACK_ORDER = [2, 1, 4, 3] as const
const SHARE_MIN = 0.002
/** Lines above and below a row. */
const STACK_MARGIN = 6

/** One colour, mixed. */
export function mixer(): Paint {
  const palette = SHARES.map((name) => rgb(name))
  const ground = rgb('surface')
  const weights = new Float32Array(SHARE_COUNT)
  return (shares, from, pixels, to) => {
    let sum = 0
    for (let share = 0; share < SHARE_COUNT; share++) {
      const value = shares[from + share]!
      // One of many who is worried must show: what is not "alive" counts by its root.
      weights[share] = share === 0 ? value : Math.sqrt(value)
      if (share > 0) sum += weights[share]!
    }
    const scale = sum > 1 ? 1 / sum : 1
    const trouble = Math.min(1, sum)
    weights[0] = Math.min(weights[0]!, 1 - trouble)
    const rest = 1 - trouble - weights[0]
    for (let channel = 0; channel < 3; channel++) {
      let value = rest * ground[channel]! + weights[0] * palette[0]![channel]!
      for (let share = 1; share < SHARE_COUNT; share++) {
        value += scale * weights[share]! * palette[share]![channel]!
      }
      pixels[to + channel] = value
    }
    pixels[to + 3] = 255
  }
}
