/**
 * What `shout` and `whisper` share: where the text comes from, and sending it message by message until all is
 * delivered.
 */
import { Option } from 'commander'
import type { MessageInput, PeerInfo, Timers } from '../../src/index.ts'
import { DEFAULT_TIMERS, meshLog } from '../../src/index.ts'
import type { Settings } from '../common-options.ts'
import { withDeadline } from '../deadline.ts'
import { DELIVERY_MS, Delivery } from '../delivery.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { readLines, readWhole } from '../input.ts'
import { sentRecord } from '../json.ts'
import { counted } from '../render/amounts.ts'
import type { Session } from '../session.ts'

/** Longer than any verb sends. */
const TRACED_MS = 86_400_000

export interface SendingOptions {
  readonly lines?: boolean
  readonly trace?: boolean
}

/** Accepts one message; the peers it goes to. */
export interface Sender {
  send(message: MessageInput, signal: AbortSignal): Promise<readonly PeerInfo[]>
  /** `undefined` for a whisper. */
  readonly group: string | undefined
}

export function linesOption(): Option {
  return new Option('-l, --lines', 'each line of stdin is a message, sent as soon as it is there')
}

export function traceOption(): Option {
  return new Option('--trace', 'follow each message, and print its timeline in the end')
}

/** @throws CliError usage when there are two sources of text. To be called before a node starts. */
export function checkSending(words: readonly string[], { lines }: SendingOptions): void {
  if (lines === true && words.length > 0) {
    throw new CliError(ExitCode.usage, '--lines reads stdin: leave TEXT out')
  }
}

/**
 * For the node of a sender: a PING that stays unanswered means a peer that is busy reading, for as long as we wait
 * for it. The default would break the link after 10 s, with everything in it.
 */
export function senderTimers(settings: Settings): Partial<Timers> {
  return { linkDeadMs: 2 * (settings.timeoutMs ?? DELIVERY_MS) + DEFAULT_TIMERS.linkDeadMs }
}

/** Sends all there is to send; resolves when the recipients have read it. */
export async function sendAll(
  session: Session,
  words: readonly string[],
  options: SendingOptions,
  sender: Sender,
): Promise<ExitCode> {
  try {
    return await sendEach(session, words, options, sender)
  } finally {
    // Where it went wrong the timelines say most.
    if (options.trace === true && !session.signal.aborted) await printTimelines(session)
  }
}

/** The records of this node's messages, here and at their receivers, whose listeners have returned by now. */
async function printTimelines({ host, node, out }: Session): Promise<void> {
  const { observed } = await import('../collecting.ts')
  const { TraceView, traceFilter } = await import('../views/trace-view.ts')
  const filter = traceFilter([node.id], [])
  const view = new TraceView({ host, out, asJson: out.json, isTerminal: out.isTerminal, filter })
  for (const { id, name } of node.peers()) view.learn(id, name)
  const wanted = { traces: true, sinceMs: TRACED_MS, follow: false }
  for await (const line of observed(meshLog(node).collect(wanted), node)) view.take(line)
  await view.end()
}

async function sendEach(
  session: Session,
  words: readonly string[],
  { lines }: SendingOptions,
  sender: Sender,
): Promise<ExitCode> {
  const { host, node, out, settings, signal } = session
  const delivery = new Delivery(node)
  let unheard = 0
  const send = async (message: MessageInput): Promise<void> => {
    const to = await sendOne(session, sender, message)
    delivery.note(to)
    if (to.length === 0) unheard++
  }
  if (words.length > 0) {
    await send(words.join(' '))
  } else {
    if (host.stdin.isTTY === true) out.hint('type the message; Ctrl-D ends it')
    if (lines === true) {
      for await (const line of readLines(host.stdin, signal)) await send(line)
    } else {
      await send(await readWhole(host.stdin, signal))
    }
  }
  await delivery.confirmed(settings.timeoutMs ?? DELIVERY_MS, signal)
  if (unheard > 0) {
    const text = `nobody was there any more for ${counted(unheard, 'message')}`
    throw new CliError(ExitCode.noSuchPeer, text)
  }
  return ExitCode.ok
}

/** The peers it went to. */
async function sendOne(
  session: Session,
  sender: Sender,
  message: MessageInput,
): Promise<readonly PeerInfo[]> {
  const { out, settings, signal } = session
  const to = await withDeadline(signal, settings.timeoutMs, async (deadline) => {
    try {
      return await sender.send(message, deadline.signal)
    } catch (error) {
      if (!deadline.passed) throw error
      const limit = formatDuration(settings.timeoutMs ?? 0)
      throw new CliError(
        ExitCode.timeout,
        `a message was not accepted within ${limit}: a peer reads too slowly`,
      )
    }
  })
  if (out.json) await out.printRecord(sentRecord(to, sender.group, byteLength(message)))
  return to
}

function byteLength(message: MessageInput): number {
  if (typeof message === 'string') return Buffer.byteLength(message)
  if (message instanceof Uint8Array) return message.length
  return message.reduce((sum, frame) => sum + frame.length, 0)
}
