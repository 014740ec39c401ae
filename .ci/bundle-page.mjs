/**
 * Bundles the page of the simulator's report (`sim/report/page`): its script with the chart library, and its style.
 * Reports hold both, so both are part of the package. Takes the folder of the build; by default `dist`.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const PAGE = join(ROOT, 'sim', 'report', 'page')

const { outputFiles } = await build({
  entryPoints: { page: join(PAGE, 'main.ts'), style: join(PAGE, 'style.css') },
  outdir: resolve(process.argv[2] ?? join(ROOT, 'dist'), 'sim', 'report'),
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  // DecompressionStream is what the page needs most of a browser: these have it.
  target: ['chrome103', 'firefox113', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'inline',
  banner: { js: '/*! uPlot, Copyright (c) 2025, Leon Sorokin, MIT License */' },
  logLevel: 'warning',
})

// Whoever reads a report's assets meanwhile finds the old ones or the new ones, and nothing between.
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, contents)
  renameSync(`${path}.${process.pid}`, path)
}
