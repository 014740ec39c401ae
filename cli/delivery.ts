/**
 * Delivery before leaving: a sending verb ends when the network stack has taken everything.
 *
 * `node.stop()` waits too, but only for its `lingerMs`: too short for megabytes over WiFi.
 */
import { pause } from './deadline.ts'
import { formatDuration } from './duration.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { escapeText } from './render/escape.ts'
import type { Session } from './session.ts'

/** How long a peer may take to read what is waiting for it, when the user has not said. */
const DELIVERY_MS = 30_000
const POLL_MS = 10

/** Resolves when nothing waits for any peer. @throws CliError timeout, or failure when messages were lost. */
export async function delivered({ node, settings, signal }: Session): Promise<void> {
  const limitMs = settings.timeoutMs ?? DELIVERY_MS
  const until = performance.now() + limitMs
  for (;;) {
    const { mesh, peers } = node.metrics()
    if (mesh.messagesLost > 0) {
      throw new CliError(ExitCode.failure, `a link broke: ${mesh.messagesLost} messages are lost`)
    }
    const waiting = peers.filter(({ outboxMessages }) => outboxMessages > 0)
    if (waiting.length === 0 || signal.aborted) return
    if (performance.now() >= until) {
      const names = waiting.map(({ name, outboxMessages }) => {
        return `${escapeText(name)} (${outboxMessages} messages)`
      })
      const after = formatDuration(limitMs)
      throw new CliError(ExitCode.timeout, `not read within ${after} by ${names.join(', ')}`)
    }
    await pause(POLL_MS, signal)
  }
}
