/**
 * The script and the style that every report holds. `npm run build` bundles them beside this file; run from its
 * source, the simulator takes those of the last build.
 */
import { existsSync, readFileSync } from 'node:fs'

export interface Assets {
  readonly script: string
  readonly style: string
}

export function readAssets(): Assets {
  return { script: read('page.js'), style: read('style.css') }
}

function read(name: string): string {
  const places = [
    new URL(`./${name}`, import.meta.url),
    new URL(`../../dist/sim/report/${name}`, import.meta.url),
  ]
  const place = places.find((each) => existsSync(each))
  if (place === undefined) throw new Error(`sim/report/${name} is not there: run npm run build`)
  return readFileSync(place, 'utf8')
}
