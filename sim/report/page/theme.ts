/** The colours of the style sheet, for what is drawn on canvases. They follow the system, and paper is always light. */

const NAMES = [
  'surface',
  'ink',
  'muted',
  'line',
  'alive',
  'evasive',
  'silent',
  'missing',
  'ghost',
  'alarm',
  'fault',
  'asleep',
  'accent',
  's1',
  's2',
  's3',
  's4',
] as const
export type ColourName = (typeof NAMES)[number]

export type Rgb = readonly [red: number, green: number, blue: number]

const listeners: (() => void)[] = []
let colours = read()

export function colour(name: ColourName): string {
  return colours[name]
}

/** Of a colour written as #rrggbb. */
export function rgb(name: ColourName): Rgb {
  const value = Number.parseInt(colours[name].slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export function withAlpha(name: ColourName, alpha: number): string {
  return `rgb(${rgb(name).join(' ')} / ${alpha})`
}

/** Calls the listener whenever everything has to be drawn in other colours. */
export function onTheme(listener: () => void): void {
  listeners.push(listener)
}

function read(): Record<ColourName, string> {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Record<ColourName, string>
}

function refresh(): void {
  colours = read()
  for (const listener of listeners) listener()
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', refresh)
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('paper')
  refresh()
})
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('paper')
  refresh()
})
