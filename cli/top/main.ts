/** What `earshot top` does with the live mesh: asks again and again, and shows tables. */
import { setMaxListeners } from 'node:events'
import type { Command } from 'commander'
import { settingsOf } from '../common-options.ts'
import { pause, withDeadline } from '../deadline.ts'
import { LOOK_MS, QUIET_MS, waitFor } from '../discovery.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { ALL_ANSWERS_MS } from '../monitor/limits.ts'
import type { Frame } from '../monitor/rows.ts'
import { answersOf, onlySeen, rowsOf, standingOf } from '../monitor/rows.ts'
import { Survey, wallNow } from '../monitor/survey.ts'
import { Output } from '../output.ts'
import { choosePeers, matchPeer, resolvePeer } from '../peer-ref.ts'
import type { Session } from '../session.ts'
import { endedByTimeout, nobodyAnswers, withNode } from '../session.ts'
import { showRecorded } from './recorded.ts'
import { orderOf, plainShow, ScreenShow, type Show, wantsScreen } from './show.ts'
import type { TopValues } from './values.ts'

export function runTop(host: Host, command: Command, values: TopValues): Promise<ExitCode> {
  if (values.from !== undefined) return showRecorded(host, command, values, values.from)
  const isOnScreen = wantsScreen(host, new Output(host, settingsOf(command)), values)
  // Nothing may be written across the screen.
  return withNode(host, command, { visits: true, warningsAreData: isOnScreen }, (session) => {
    if (values.once === true) return once(session, values)
    return isOnScreen ? onScreen(session, values) : inLines(session, values)
  })
}

/** Two rounds, for rates, and one table. */
async function once(session: Session, values: TopValues): Promise<ExitCode> {
  const { node, out, settings, signal } = session
  const limitMs = settings.timeoutMs ?? LOOK_MS
  await waitFor(node, () => false, { limitMs, quietMs: 0, signal })
  if (signal.aborted) return ExitCode.ok
  for (const reference of values.peer ?? []) checkNamed(session, reference)
  if (node.peers().length === 0) throw nobodyAnswers(session, limitMs)
  const survey = surveyOf(session, values, signal)
  await survey.round(values.interval)
  await pause(values.interval, signal)
  await survey.round(ALL_ANSWERS_MS)
  if (!signal.aborted) await plainShow(out, values).show(tableNow(session, survey, values))
  return ExitCode.ok
}

/** @throws CliError noSuchPeer; several that it fits are fine here. */
function checkNamed({ node }: Session, reference: string): void {
  const peers = node.peers()
  if (matchPeer(reference, peers).kind === 'none') resolvePeer(reference, peers)
}

function onScreen(session: Session, values: TopValues): Promise<ExitCode> {
  const { host, out, signal } = session
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const end = (): void => over.abort()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const screen = new ScreenShow(host, out, orderOf(values), end, undefined)
  return everyInterval(session, values, over.signal, screen).finally(() => {
    screen.close()
    signal.removeEventListener('abort', end)
  })
}

/** As `top -b`. The first table has rates already. */
function inLines(session: Session, values: TopValues): Promise<ExitCode> {
  const { out, signal } = session
  const lines = plainShow(out, values)
  let rounds = 0
  const show = async (frame: Frame): Promise<void> => {
    if (++rounds > 1) await lines.show(frame)
  }
  return everyInterval(session, values, signal, { show })
}

/** @throws CliError timeout when `--timeout` passes first. */
function everyInterval(
  session: Session,
  values: TopValues,
  signal: AbortSignal,
  show: Show,
): Promise<ExitCode> {
  const { node, settings } = session
  return withDeadline(signal, settings.timeoutMs, async (deadline) => {
    const survey = surveyOf(session, values, deadline.signal)
    // Those who are there answer one after the other: the first table shall not show half of them.
    const isThere = (): boolean => node.peers().length > 0
    const first = { limitMs: values.interval, quietMs: QUIET_MS, signal: deadline.signal }
    await waitFor(node, isThere, first)
    while (!deadline.signal.aborted) {
      const nextAt = performance.now() + values.interval
      await survey.round(values.interval)
      if (deadline.signal.aborted) break
      await show.show(tableNow(session, survey, values))
      const restMs = nextAt - performance.now()
      if (restMs > 0) await pause(restMs, deadline.signal)
    }
    if (deadline.passed) throw endedByTimeout(settings)
    return ExitCode.ok
  })
}

function surveyOf({ node }: Session, { peer }: TopValues, signal: AbortSignal): Survey {
  return new Survey(node, { signal, choose: (peers) => choosePeers(peer, peers) })
}

/** Those, too, that others see and this host does not: whoever hangs lets nobody in who comes later. */
function tableNow({ node }: Session, survey: Survey, { peer }: TopValues): Frame {
  const standings = survey.standings()
  const known = new Set([node.id, ...standings.map(({ id }) => id)])
  for (const { id } of node.peers()) known.add(id)
  const unseen = choosePeers(peer, onlySeen(answersOf(standings), known)).map(({ id, name }) => {
    return standingOf({ id, name, silence: { kind: 'unseen' } })
  })
  return { at: wallNow(), rows: rowsOf([...standings, ...unseen], node.id) }
}
