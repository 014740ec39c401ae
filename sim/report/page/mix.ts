/** Mixes the colours of states by their shares. */
import { SHARE_COUNT, SHARES } from '../model/presence.ts'
import { rgb } from './theme.ts'

/** Writes the colour of the shares at `from` into a picture at `to`. Make one per picture: it knows the theme. */
export function mixer(): (
  shares: Float32Array,
  from: number,
  pixels: Uint8ClampedArray,
  to: number,
) => void {
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
