import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderReport } from '../../sim/report/index.ts'
import { Replay } from '../../sim/report/model/replay.ts'
import { decodeViewLog } from '../../sim/report/model/view-log.ts'
import { runScenario, type ScenarioRun } from '../../sim/scenario/run.ts'
import { defineScenario } from '../../sim/scenario/scenario.ts'

const HOSTILE = `</script><img src=x onerror="document.documentElement.dataset.stolen='yes'">`

/** Someone crashes, someone freezes, someone has a bad name; a check complains in HTML. */
const scenario = defineScenario({
  name: 'report-of-trouble',
  summary: 'for the tests of the report',
  nodes: 6,
  durationMs: 40_000,
  node: (index) => ({ name: index === 0 ? HOSTILE : `node ${index} <b>&amp;` }),
  async faults(stage) {
    const [, crashing, freezing] = stage.names
    await stage.sleep(5_000)
    stage.sim.crash(crashing!)
    const thaw = stage.sim.freeze(freezing!)
    await stage.sleep(15_000)
    thaw()
  },
})

const complaint = {
  name: 'complaint',
  summary: 'fails',
  watch: ({ report }: { report: (message: string) => void }) => ({
    settled: () => report(`${HOSTILE} is too loud`),
  }),
}

let run: ScenarioRun
let page: string

beforeAll(async () => {
  // The bundle of what is tested here, not of the last build.
  execFileSync(process.execPath, [
    fileURLToPath(new URL('../../.ci/bundle-page.mjs', import.meta.url)),
  ])
  run = await runScenario(scenario, { seed: 3, keepsViews: true, checks: [complaint] })
  page = renderReport(run)
})

/** The page without the texts of its script and style, which may mention anything. */
const markup = (): string => page.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')

function embedded(id: string): string {
  return new RegExp(`id="${id}">([^<]*)</script>`).exec(page)![1]!
}

describe('the report', () => {
  it('asks for nothing from anywhere', () => {
    expect(page).not.toMatch(
      /<(script|img|iframe|object|embed|link|base|form)\b[^>]*\b(src|href|data|action)=/i,
    )
    expect(page).not.toMatch(/<link\b|@import|url\(\s*['"]?(?!data:|#)/i)
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, target]) => target)).toSatisfy(
      (targets: string[]) => targets.every((target) => target.startsWith('#')),
    )
    expect(page).toMatch(
      /Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-/,
    )
  })

  it('has one script that runs, one style, and no handler in its markup', () => {
    expect(page.match(/<script>/g)).toHaveLength(1)
    expect(page.match(/<style>/g)).toHaveLength(1)
    expect(page.match(/<\/script/gi)).toHaveLength(3)
    expect(markup()).not.toMatch(/<[a-z][^>]*\s(on[a-z]+|style)=/i)
  })

  it('says what was run, what came of it, and how to run it again', () => {
    const { result } = run
    expect(result.ok).toBe(false)
    for (const text of ['Failed', '1 failure', result.hash, result.replay, 'report-of-trouble']) {
      expect(markup()).toContain(text)
    }
  })

  it('shows hostile names as what they are', () => {
    expect(markup()).not.toContain('<img')
    expect(markup()).toContain('&#60;/script&#62;&#60;img src=x')
    expect(JSON.parse(embedded('data')).names[0]).toBe(HOSTILE)
  })

  it('holds the views of the whole run', () => {
    const replay = new Replay(
      decodeViewLog(inflateRawSync(Buffer.from(embedded('views'), 'base64'))),
    )
    replay.seek(JSON.parse(embedded('data')).endMs)
    expect(replay.known()).toBe(run.result.views.known)
    expect(replay.known()).toBe(5 * 4)
  })

  it('links to the log beside it, whatever its name, and to nothing else', () => {
    const path = `../logs/a:b ${HOSTILE}`
    const text = renderReport(run, { log: { path, records: 1_234 } })
    const [, href] = /<div class="replay"><span>Log<\/span><a href="([^"]*)">/.exec(text)!
    expect(href).toMatch(/^\.\/\.\.\/logs\/a%3Ab%20/)
    expect(decodeURIComponent(href!.replaceAll('&#39;', "'"))).toBe(`./${path}`)
    expect(text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')).not.toContain('<img')
    expect(page).not.toContain('<span>Log</span>')
  })

  it('leaves presence and matrix out of a run that kept no views', async () => {
    const brief = await runScenario(scenario, { seed: 3, durationMs: 2_000 })
    const text = renderReport(brief)
    expect(text).toContain('kept no log of views')
    expect(text).not.toContain('id="cells"')
  })
})

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const browser = BROWSERS.find((name) => spawnSync(name, ['--version']).status === 0)

// Not every machine has a browser; without one the title says what is missing.
describe.skipIf(browser === undefined)('the report in a browser (needs chromium in PATH)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-report-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('fills its page without an error, and sees what the run saw', () => {
    const path = join(folder, 'report.html')
    writeFileSync(path, page)
    const { stdout, stderr } = spawnSync(
      browser!,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--enable-logging=stderr',
        '--virtual-time-budget=5000',
        '--dump-dom',
        pathToFileURL(path).href,
      ],
      { encoding: 'utf8', maxBuffer: 64_000_000 },
    )
    const [root] = /<html[^>]*>/.exec(stdout) ?? ['']
    expect(stderr.split('\n').filter((line) => line.includes('CONSOLE'))).toEqual([])
    expect(root).toContain('data-filled="yes"')
    expect(root).toContain(`data-known="${run.result.views.known}"`)
    expect(root).not.toContain('data-stolen')
    expect(stdout.match(/<canvas/g)!.length).toBeGreaterThan(10)
  })
})
