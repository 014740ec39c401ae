/** What the tests of publisher and collector share: two hosts in memory, and strangers with a PUB or SUB by hand. */
import { expect } from 'vitest'
import type { ZreLogCollectorLimits } from '../../../../src/log/zre-log/collector.ts'
import { ZreLogCollector } from '../../../../src/log/zre-log/collector.ts'
import type { ZreLogProblem } from '../../../../src/log/zre-log/link.ts'
import { decodeRecord, type ZreLogRecord } from '../../../../src/log/zre-log/record.ts'
import type { ConnectionInput, ZmtpConnection } from '../../../../src/zmtp/connection.ts'
import { NullMechanism } from '../../../../src/zmtp/null-mechanism.ts'
import { PubConnection } from '../../../../src/zmtp/pub-connection.ts'
import { SubConnection } from '../../../../src/zmtp/sub-connection.ts'
import type { World } from '../../../support/memory-platform.ts'
import type { Handlers, Socket } from '../../../support/network.ts'
import { LIMITS } from '../../zmtp/helpers.ts'

export const PORT = 50_000

export function recordOf(i: number): ZreLogRecord {
  return { level: 'info', event: 'send', node: i, peer: 0, time: 1_700_000_000_000, data: `${i}` }
}

export interface OpenedCollector {
  readonly collector: ZreLogCollector
  readonly records: ZreLogRecord[]
  readonly from: string[]
  readonly problems: ZreLogProblem[]
}

/** A collector on a host of its own: on the second one, if nothing else was done before. */
export async function newCollector(
  world: World,
  limits: Partial<ZreLogCollectorLimits> = {},
): Promise<OpenedCollector> {
  const records: ZreLogRecord[] = []
  const from: string[] = []
  const problems: ZreLogProblem[] = []
  const host = world.host()
  const collector = await ZreLogCollector.open(
    host,
    { address: host.address, port: PORT, limits },
    {
      record: (record, { address }) => {
        records.push(record)
        from.push(address)
      },
      problem: (problem) => void problems.push(problem),
    },
  )
  return { collector, records, from, problems }
}

interface Speaker {
  readonly zmtp: ZmtpConnection
  poll(): ConnectionInput
  accept(): void
}

/** One side of a stream that speaks ZMTP by hand. */
export class Stranger<S extends Speaker = Speaker> implements Handlers {
  readonly speaker: S
  readonly records: ZreLogRecord[] = []
  readonly verdicts: string[] = []
  socket!: Socket
  isOver = false
  /** False: what is to be said is left unsaid, from the greeting on. */
  speaks = true

  constructor(speaker: S) {
    this.speaker = speaker
  }

  flush(): void {
    if (this.speaks) this.socket.write(this.speaker.zmtp.takeSegments())
  }

  opened(): void {
    this.flush()
  }

  bytes(chunk: Uint8Array): void {
    this.speaker.zmtp.handleBytes(chunk)
    for (;;) {
      const input = this.speaker.poll()
      if (input.kind === 'needMore' || input.kind === 'invalid') break
      if (input.kind === 'offer') this.speaker.accept()
      else if (input.kind === 'pong') this.verdicts.push('pong')
      if (input.kind !== 'message') continue
      const decoded = decodeRecord(input.frame(0))
      expect(decoded.kind).toBe('record')
      if (decoded.kind === 'record') this.records.push(decoded.record)
    }
    this.flush()
  }

  ended(): void {
    this.isOver = true
  }
}

export type StrangePub = Stranger<PubConnection>
export type StrangeSub = Stranger<SubConnection>

/** A PUB that dials a collector. */
export function dialAsPub(world: World, from: string, to: string): StrangePub {
  const mechanism = new NullMechanism()
  const pub = new Stranger(new PubConnection({ role: 'dialler', mechanism, limits: LIMITS }))
  pub.socket = world.network.dial(from, { address: to, port: PORT }, pub)
  return pub
}

/** SUBs that listen as a collector does, each with what `prepare` makes of it; the newest is the last. */
export function listenAsSub(
  world: World,
  address: string,
  prepare: (sub: StrangeSub) => void = (sub) => sub.speaker.subscribe(new Uint8Array(0)),
): StrangeSub[] {
  const subs: StrangeSub[] = []
  world.network.listen({ address, port: PORT }, (socket) => {
    const mechanism = new NullMechanism()
    const sub = new Stranger(new SubConnection({ role: 'acceptor', mechanism, limits: LIMITS }))
    sub.socket = socket
    subs.push(sub)
    prepare(sub)
    sub.flush()
    return sub
  })
  return subs
}
