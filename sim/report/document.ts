/**
 * The page as text: all that can be said without a script, and the places where the script draws. A policy in the page
 * itself forbids every request and every script but ours.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { RunResult } from '../scenario/result.ts'
import type { ScenarioRun } from '../scenario/run.ts'
import type { Assets } from './assets.ts'
import { Html, html, jsonForScript } from './html.ts'
import { GRACE_MS } from './model/alarms.ts'
import type { ReportData } from './model/data.ts'
import { formatBytes, formatCount, formatDuration } from './model/format.ts'
import { detailsOf } from './tables.ts'

export interface DocumentParts {
  readonly run: ScenarioRun
  readonly data: ReportData
  readonly views: Uint8Array
  readonly assets: Assets
  readonly log?: LogLink
}

interface LogLink {
  readonly path: string
  readonly records: number
}

export function documentOf({ run, data, views, assets, log }: DocumentParts): string {
  const { result } = run
  const title = `${result.ok ? '✓' : '✗'} ${result.scenario} · seed ${result.seed} · earshot sim`
  // Level 9 is slow, and no smaller: the bytes are differences already.
  const packed = deflateRawSync(views, { level: 6 }).toString('base64')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(assets.style)}</style>
</head>
<body>
${headOf(result, log)}
${data.hasViews ? '' : html`<p class="note">This run kept no log of views: all that is shown over time is left out, but for faults.</p>`}
<noscript><p class="note">Charts need JavaScript. Everything else is here.</p></noscript>
<main>
${overTime(data, result)}
${matrix(data)}
${load(data)}
${detailsOf(run, data)}
</main>
<div id="tip" role="status" aria-live="polite" hidden></div>
<script type="application/json" id="data">${new Html(jsonForScript(data))}</script>
<script type="application/octet-stream" id="views">${new Html(packed)}</script>
<script>${new Html(assets.script)}</script>
</body>
</html>
`.text
}

/** Nothing is fetched, and nothing runs but the two texts that we put in. */
function policy({ script, style }: Assets): string {
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`
}

function headOf(result: RunResult, log: LogLink | undefined): Html {
  const failures = result.failures.length + result.moreFailures
  const verdict = result.ok
    ? html`<p class="verdict passed">Passed</p>`
    : html`<p class="verdict failed">Failed <span>${failures} ${failures === 1 ? 'failure' : 'failures'}</span></p>`
  return html`<header>
<div class="title"><div><p class="eyebrow">earshot simulation</p><h1>${result.scenario}</h1></div>${verdict}</div>
${failuresOf(result)}
<dl class="facts">${factsOf(result).map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}${more === '' ? '' : html` <small>${more}</small>`}</dd></div>`)}</dl>
<div class="replay"><span>Replay</span><code id="replay">${result.replay}</code><button type="button" id="copy">Copy</button></div>
${log === undefined ? '' : logOf(log)}
</header>`
}

/** Relative, so that both files can be moved together. */
function logOf({ path, records }: LogLink): Html {
  const parts = path.split('/')
  // A first part with a colon would be a scheme.
  const href = `./${parts.map(encodeURIComponent).join('/')}`
  return html`<div class="replay"><span>Log</span><a href="${href}">${parts.at(-1) ?? ''}</a><small>${formatCount(records)} records of all nodes, in the order in which it happened</small></div>`
}

function failuresOf({ failures, moreFailures }: RunResult): Html {
  if (failures.length === 0) return new Html('')
  const rows = failures.map(
    ({ check, atMs, message }) =>
      html`<tr><th scope="row">${check}</th><td class="number">${(atMs / 1_000).toFixed(3)} s</td><td>${message}</td></tr>`,
  )
  const more = moreFailures > 0 ? html`<p>… and ${moreFailures} more of the same kinds.</p>` : ''
  return html`<section class="failures" aria-label="Failures"><table>
<thead><tr><th scope="col">Check</th><th scope="col" class="number">At</th><th scope="col">What was wrong</th></tr></thead>
<tbody>${rows}</tbody></table>${more}</section>`
}

type Fact = readonly [name: string, value: string | Html, more: string]

function factsOf(result: RunResult): Fact[] {
  const { virtualMs, wallMs, events, views, messages, traffic } = result
  const { convergedMs } = views
  return [
    ['Nodes', formatCount(result.nodes), ''],
    ['Seed', String(result.seed), ''],
    ['Hash', html`<code>${result.hash}</code>`, ''],
    ['Virtual time', formatDuration(virtualMs), `${formatDuration(result.durationMs)} of scenario`],
    ['Wall time', formatDuration(wallMs), `${formatCount(virtualMs / wallMs)}× real time`],
    ['Events', formatCount(events), `${formatCount(Math.round(events / (wallMs / 1_000)))}/s`],
    ['Memory', formatBytes(result.memoryBytes), 'highest'],
    ['Views at the end', `${formatCount(views.known)}`, `of ${formatCount(views.complete)}`],
    [
      'Converged',
      convergedMs === null ? 'never' : formatDuration(convergedMs),
      convergedMs === null ? '' : 'after the last fault',
    ],
    ['Messages', formatCount(messages.received), `received of ${formatCount(messages.sent)} sent`],
    [
      'Latency, median',
      formatDuration(messages.latencyMs.p50),
      `99 %: ${formatDuration(messages.latencyMs.p99)}`,
    ],
    ['Traffic', `${formatBytes(traffic.bytesPerNodeAndSecond)}/s`, 'per node'],
  ]
}

function overTime(data: ReportData, result: RunResult): Html {
  return html`<div class="toolbar" id="toolbar">
<nav aria-label="Sections"><a href="#time">Time</a>${data.hasViews ? html`<a href="#matrix">Matrix</a><a href="#load">Load</a>` : ''}<a href="#details">Details</a></nav>
<output id="moment"></output>
<div class="zoom" role="group" aria-label="Zoom of all time axes"><button type="button" data-zoom="left" aria-label="Earlier">←</button><button type="button" data-zoom="right" aria-label="Later">→</button><button type="button" data-zoom="in" aria-label="Zoom in">+</button><button type="button" data-zoom="out" aria-label="Zoom out">−</button><button type="button" data-zoom="all">All</button></div>
</div>
<section id="time"><h2>Over time</h2>
<p class="hint">All time axes are the same. Drag over a chart to zoom, double-click to see all${data.hasViews ? ', click to have the matrix show that moment' : ''}.</p>
${milestonesOf(result)}
<h3>Faults</h3><div id="faults" class="strip"></div>
<div id="view-charts"></div>
${data.hasViews ? presenceSection() : ''}
</section>`
}

/** When how much of all views was there for the first time. */
function milestonesOf({ views }: RunResult): Html {
  const reached = Object.entries(views.milestonesMs).map(
    ([percent, ms]) =>
      html`<div><dt>${percent} % of views</dt><dd>${ms === null ? 'never' : formatDuration(ms)}</dd></div>`,
  )
  return html`<dl class="facts milestones">${reached}</dl>`
}

function presenceSection(): Html {
  return html`<div class="heading"><h3>Presence: how each node is seen by the others</h3>
<div class="options"><label>Rows <select id="lane-size"><option value="fit">all in view</option><option value="named">with names</option></select></label>
<label>Order <select id="lane-order"><option value="index">as added</option><option value="trouble">most trouble first</option><option value="alarms">most false alarms first</option></select></label></div></div>
<ul class="key"><li class="alive">alive</li><li class="evasive">evasive</li><li class="silent">silent</li><li class="missing">not seen, though up</li><li class="ghost">believed in, though gone</li><li class="up">node is up</li><li class="asleep">frozen or asleep</li><li class="alarm">false alarm</li></ul>
<p class="hint">A row is filled by the share of neighbours who see the node so; where rows are low, colours are mixed instead. A false alarm is a node called silent or gone that was up, where neither side had a fault within ${formatDuration(GRACE_MS)}. <span id="alarm-count"></span></p>
<div id="lanes" class="strip"></div>`
}

function matrix({ hasViews }: ReportData): Html {
  if (!hasViews) return html``
  return html`<section id="matrix"><h2>Who sees whom</h2>
<p class="hint">Each row is a node, and what it holds of the others: one column for each of them.</p>
<div class="matrix"><div class="plate"><canvas id="cells" tabindex="0" role="img" aria-label="Matrix of views: rows are observers, columns are who they see. Arrow keys move from cell to cell."></canvas></div>
<div class="beside">
<div class="scrub"><button type="button" id="play" aria-label="Play">▶</button><input type="range" id="scrubber" min="0" step="1" aria-label="Moment of the matrix"><output id="scrub-at"></output></div>
<div class="scrub-options"><label>Speed <select id="speed"><option value="0.25">¼×</option><option value="1">1×</option><option value="4" selected>4×</option><option value="16">16×</option><option value="60">60×</option></select></label></div>
<table class="counts" id="counts"><caption>Pairs at this moment</caption><tbody></tbody></table>
<p id="cell" class="cell" role="status" aria-live="polite">Point at a cell, or move with the arrow keys.</p>
</div></div></section>`
}

function load({ hasOutboxes, hasViews }: ReportData): Html {
  if (!hasViews) return html``
  return html`<section id="load"><h2>Traffic and load</h2>
<p class="hint">Of all nodes together, per virtual second; sampled once a second.</p>
<div id="load-charts"></div>
${hasOutboxes ? '' : html`<p class="hint">Outboxes are not measured in runs of this size: that would cost nodes² each second.</p>`}
</section>`
}
