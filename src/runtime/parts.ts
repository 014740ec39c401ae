/**
 * The parts of a node, and how they hang together. `MeshNode` gives them a face.
 */
import type { PeerId } from '../base/peer-id.ts'
import { Engine } from '../mesh/engine.ts'
import type { EngineEvent } from '../mesh/events.ts'
import { Channels } from './channels.ts'
import { DiscoveryPort } from './discovery-port.ts'
import { Driver } from './driver.ts'
import { Lifecycle } from './lifecycle.ts'
import { Mailboxes } from './mailboxes.ts'
import { Messenger } from './messenger.ts'
import type { WarningCode } from './node-events.ts'
import type { CheckedOptions } from './options.ts'
import type { Platform } from './platform.ts'
import { Suspension } from './suspension.ts'
import { Tracing } from './tracing.ts'

export interface NodeParts {
  readonly engine: Engine
  readonly driver: Driver
  readonly mailboxes: Mailboxes
  readonly messenger: Messenger
  readonly channels: Channels
  readonly tracing: Tracing
  readonly discovery: DiscoveryPort
  readonly life: Lifecycle
  readonly suspension: Suspension
}

/** What the parts need of the node's face. */
export interface NodeFace {
  handleEvent(event: EngineEvent): void
  warn(code: WarningCode, reason: string): void
  /** The node stops: whoever holds it back from reading must not any more. */
  release(): void
  /** All is closed. */
  ended(): void
}

export function assemble(
  platform: Platform,
  options: CheckedOptions,
  signal: AbortSignal | undefined,
  face: NodeFace,
): NodeParts {
  const engine = new Engine(options.engine)
  const driver: Driver = new Driver(
    platform,
    engine,
    (event) => face.handleEvent(event),
    (bytes, mailbox) => mailboxes.send(bytes, mailbox),
  )
  const discovery = new DiscoveryPort(platform, engine, driver)
  const mailboxes = new Mailboxes(platform, options.mailboxes, {
    changed: (found) => {
      driver.handleMailboxes(found)
      discovery.handleMailboxes(found)
    },
    accepted: (stream) => driver.handleAccepted(stream),
    datagram: (bytes, from) => driver.handleDatagram(bytes, from),
    warn: (code, reason) => face.warn(code, reason),
  })
  const life = new Lifecycle({
    platform,
    engine,
    driver,
    mailboxes,
    signal,
    release: () => face.release(),
    ended: () => face.ended(),
  })
  const reportUncaught = (error: unknown): void => platform.reportUncaught(error)
  const aside = {
    messageBytes: options.engine.limits.messageBytes,
    peer: (id: PeerId) => engine.peer(id),
    sendWhisper: (id: PeerId, frames: readonly Uint8Array[]): boolean =>
      life.isRunning && messenger.sendAside(id, frames),
    reportUncaught,
  }
  const channels = new Channels(aside, engine.preface)
  const tracing = new Tracing(options.engine.id, channels, reportUncaught)
  const messenger: Messenger = new Messenger({
    engine,
    driver,
    tracing,
    limits: options.engine.limits,
    whenFull: options.whenFull,
    checkRunning: () => life.checkRunning(),
  })
  const suspension = new Suspension({
    engine,
    driver,
    mailboxes,
    channels,
    checkRunning: () => life.checkRunning(),
  })
  return {
    engine,
    driver,
    mailboxes,
    messenger,
    channels,
    tracing,
    discovery,
    life,
    suspension,
  }
}
