/** Where time stands on the page: the same in charts and strips, so that all are aligned. */

const NARROW = 600

/** Room for numbers and names, left of the plot. */
export function gutter(width: number): number {
  return width < NARROW ? 74 : 104
}

/** Room right of the plot. */
export const MARGIN = 14

/** Steps of the axis, in seconds: decimal below a second, as clocks have them above. */
export const STEPS: number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 432_000,
]

/** `5 s`; on an axis that goes on for minutes `2:30`, `1:02:30`. */
export function tickLabel(seconds: number, step: number, last: number): string {
  if (last <= 120 || step < 1) return `${Number(seconds.toFixed(3))} s`
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3_600),
    Math.floor(seconds / 60) % 60,
    Math.round(seconds % 60),
  ]
  const two = (value: number): string => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
