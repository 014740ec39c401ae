/** The one box that tells what is under the pointer, or under the keyboard's mark. */
import { byId, make } from './dom.ts'

const MARGIN = 14

const box = byId('tip', HTMLDivElement)

/** The first line is the heading. Coordinates are those of the window. */
export function showTip(x: number, y: number, lines: readonly string[]): void {
  box.replaceChildren(
    ...lines.map((line, index) => make(index === 0 ? 'strong' : 'span', 'line', line)),
  )
  box.hidden = false
  const { width, height } = box.getBoundingClientRect()
  const left = x + MARGIN + width > innerWidth ? x - MARGIN - width : x + MARGIN
  const top = y + MARGIN + height > innerHeight ? y - MARGIN - height : y + MARGIN
  box.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`
}

export function hideTip(): void {
  box.hidden = true
}
