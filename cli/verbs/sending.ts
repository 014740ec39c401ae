/**
 * What `shout` and `whisper` share: where the text comes from, and sending it message by message until all is
 * delivered.
 */
import { Option } from 'commander'
import type { MessageInput, PeerInfo } from '../../src/index.ts'
import { withDeadline } from '../deadline.ts'
import { delivered } from '../delivery.ts'
import { formatDuration } from '../duration.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { readLines, readWhole } from '../input.ts'
import { sentRecord } from '../json.ts'
import type { Session } from '../session.ts'

export interface SendingOptions {
  readonly lines?: boolean
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

/** @throws CliError usage when there are two sources of text. To be called before a node starts. */
export function checkSending(words: readonly string[], { lines }: SendingOptions): void {
  if (lines === true && words.length > 0) {
    throw new CliError(ExitCode.usage, '--lines reads stdin: leave TEXT out')
  }
}

/** Sends all there is to send; resolves when it has left this host. */
export async function sendAll(
  session: Session,
  words: readonly string[],
  { lines }: SendingOptions,
  sender: Sender,
): Promise<ExitCode> {
  const { host, out, signal } = session
  if (words.length > 0) {
    await sendOne(session, sender, words.join(' '))
  } else {
    if (host.stdin.isTTY === true) out.hint('type the message; Ctrl-D ends it')
    if (lines === true) {
      for await (const line of readLines(host.stdin, signal)) await sendOne(session, sender, line)
    } else {
      await sendOne(session, sender, await readWhole(host.stdin, signal))
    }
  }
  await delivered(session)
  return ExitCode.ok
}

async function sendOne(session: Session, sender: Sender, message: MessageInput): Promise<void> {
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
}

function byteLength(message: MessageInput): number {
  if (typeof message === 'string') return Buffer.byteLength(message)
  if (message instanceof Uint8Array) return message.length
  return message.reduce((sum, frame) => sum + frame.length, 0)
}
