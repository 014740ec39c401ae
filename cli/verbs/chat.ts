/**
 * `earshot chat`: talk in a group. On a terminal with a prompt; with piped stdin line by line, which makes it a node
 * that a script can drive (the demo does).
 */
import type { Interface } from 'node:readline'
import type { Command } from 'commander'
import type { NodeEvent } from '../../src/index.ts'
import { CHAT_HELP, completeInput, parseInputLine } from '../chat/input-line.ts'
import { curtainOf, openPipe, openPrompt } from '../chat/prompt.ts'
import { ChatView } from '../chat/view.ts'
import { withDeadline } from '../deadline.ts'
import { Delivery } from '../delivery.ts'
import { DISCOVERY_MS, QUIET_MS, waitFor } from '../discovery.ts'
import { formatDuration } from '../duration.ts'
import { ExitCode } from '../exit-codes.ts'
import { failureOf } from '../failure.ts'
import { eventRecord, nodeRecord } from '../json.ts'
import { groupArgument } from '../parsers.ts'
import { resolvePeer } from '../peer-ref.ts'
import { escapeText } from '../render/escape.ts'
import { nameStyle } from '../render/style.ts'
import { measureAll, printPeers } from '../round-trip.ts'
import type { Session } from '../session.ts'
import { endedByTimeout, withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addChat({ program, host, action }: Cli): void {
  program
    .command('chat')
    .summary('talk in a group')
    .description(
      'Talk in a group: lines are shouted, what others say is printed as "name: text", and who joins and leaves is ' +
        'announced. Lines that begin with / are commands; /help lists them. Ctrl-D or /quit leaves. Works with ' +
        `piped stdin, too: then it looks for members for up to ${formatDuration(DISCOVERY_MS)} before the first line, ` +
        'and leaves when stdin ends. With --json, all events are printed, and lines are sent at once: who is there ' +
        'is for the program to judge.',
    )
    .argument('<group>', 'the group', groupArgument)
    .addHelpText(
      'after',
      examples([
        ['earshot chat lobby', 'talk in lobby'],
        ['earshot chat lobby --name ada', 'under this name'],
        ['echo "back at five" | earshot chat lobby', 'say one thing and leave'],
        ['mkfifo in; earshot chat lobby --json < in | ./bot > in', 'a bot in two pipes'],
      ]),
    )
    .action(
      action((group: string, _options: unknown, command: Command) => {
        return withNode(host, command, { groups: [group] }, (session) => {
          return new Chat(session, group).run()
        })
      }),
    )
}

/** Nobody wants to wait long for leaving. */
const LAST_WORDS_MS = 2_000

class Chat {
  readonly #session: Session
  readonly #group: string
  readonly #view: ChatView
  readonly #delivery: Delivery
  readonly #isTyped: boolean

  constructor(session: Session, group: string) {
    const { host, node, out } = session
    this.#session = session
    this.#group = group
    this.#delivery = new Delivery(node)
    this.#isTyped = host.stdin.isTTY === true && out.isTerminal
    this.#view = new ChatView({
      group,
      ownName: node.name,
      paint: out.paint,
      members: () => node.members(group),
    })
  }

  async run(): Promise<ExitCode> {
    const { host, node, out, settings, signal } = this.#session
    if (out.json) void out.printRecord(nodeRecord(node, settings.port))
    return withDeadline(signal, settings.timeoutMs, async (deadline) => {
      const events = node.events({ signal: deadline.signal })
      const shown = this.#showAll(events)
      const lines = this.#open()
      const close = (): void => lines.close()
      deadline.signal.addEventListener('abort', close)
      if (deadline.signal.aborted) close()
      try {
        await this.#takeAll(lines, deadline.signal)
      } finally {
        out.setCurtain(undefined)
        close()
      }
      if (signal.aborted) return ExitCode.ok
      await this.#delivery.confirmed(LAST_WORDS_MS, signal).catch((error: unknown) => {
        out.note(failureOf(error, host.env).message)
      })
      await events.return()
      await shown
      if (deadline.passed) throw endedByTimeout(settings)
      return ExitCode.ok
    })
  }

  #open(): Interface {
    const { host, node, out } = this.#session
    if (!this.#isTyped) return openPipe(host)
    const lines = openPrompt(host, {
      prompt: `${out.paint(nameStyle(node.id), escapeText(node.name))}: `,
      complete: (line) =>
        completeInput(
          line,
          node.peers().map(({ name }) => escapeText(name)),
        ),
    })
    const intro = `* you are ${escapeText(node.name)} in ${escapeText(this.#group)}; /help lists commands`
    void out.print(out.paint('dim', intro))
    out.setCurtain(curtainOf(host, lines))
    return lines
  }

  async #showAll(events: AsyncIterable<NodeEvent>): Promise<void> {
    const { out } = this.#session
    for await (const event of events) {
      if (out.json) {
        await out.printRecord(eventRecord(event))
        continue
      }
      const line = this.#view.line(event)
      if (line !== undefined) await out.print(line)
    }
  }

  async #takeAll(lines: Interface, signal: AbortSignal): Promise<void> {
    // Made before the wait: lines that come meanwhile are kept.
    const iterator = lines[Symbol.asyncIterator]()
    if (this.#isTyped) lines.prompt()
    else if (!this.#session.out.json) await this.#waitForMembers(signal)
    for (;;) {
      const { done, value } = await iterator.next()
      if (done === true || signal.aborted || !(await this.#take(value, signal))) break
      if (this.#isTyped) lines.prompt()
    }
    // Ctrl-D leaves the cursor behind the prompt.
    if (this.#isTyped) this.#session.host.stdout.write('\n')
  }

  #waitForMembers(signal: AbortSignal): Promise<boolean> {
    const { node } = this.#session
    const isThere = (): boolean => node.members(this.#group).length > 0
    return waitFor(node, isThere, { limitMs: DISCOVERY_MS, quietMs: QUIET_MS, signal })
  }

  /** Does what a line says; false when it was the last one. A mistake is told and does no more harm. */
  async #take(line: string, signal: AbortSignal): Promise<boolean> {
    const { host, out } = this.#session
    try {
      return await this.#obey(line, signal)
    } catch (error) {
      if (!signal.aborted) out.problem(failureOf(error, host.env).message)
      return true
    }
  }

  async #obey(line: string, signal: AbortSignal): Promise<boolean> {
    const { node, out } = this.#session
    const input = parseInputLine(line)
    switch (input.kind) {
      case 'nothing':
        return true
      case 'say':
        if (node.members(this.#group).length === 0) out.note('nobody else is here: nobody hears it')
        this.#delivery.note(node.members(this.#group))
        await node.shout(this.#group, input.text, { signal })
        return true
      case 'whisper': {
        const peer = resolvePeer(input.peer, node.peers())
        this.#delivery.note([peer])
        await node.whisper(peer, input.text, { signal })
        if (this.#isTyped)
          await out.print(out.paint('dim', `* only ${this.#view.name(peer)} hears that`))
        return true
      }
      case 'peers':
        await this.#printPeers()
        return true
      case 'help':
        for (const each of CHAT_HELP) out.json ? out.note(each) : await out.print(each)
        return true
      case 'quit':
        return false
      case 'mistake':
        out.problem(input.reason)
        return true
    }
  }

  async #printPeers(): Promise<void> {
    const { node, out } = this.#session
    const listed = await measureAll(this.#session, node.members(this.#group))
    await printPeers(this.#session, listed)
    if (listed.length === 0) out.note('nobody else is here')
  }
}
