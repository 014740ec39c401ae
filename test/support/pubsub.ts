/** A PUB and a SUB of ours, new. */
import type { ConnectionOptions } from '../../src/zmtp/connection.ts'
import { NullMechanism } from '../../src/zmtp/null-mechanism.ts'
import { PubConnection } from '../../src/zmtp/pub-connection.ts'
import { SubConnection } from '../../src/zmtp/sub-connection.ts'

export type Role = ConnectionOptions['role']

const LIMITS: ConnectionOptions['limits'] = {
  handshakeBytes: 4096,
  messageBytes: 1_000_000,
  messageFrames: 64,
}

export function newPub(role: Role = 'dialler'): PubConnection {
  return new PubConnection({ role, mechanism: new NullMechanism(), limits: LIMITS })
}

export function newSub(role: Role = 'dialler'): SubConnection {
  return new SubConnection({ role, mechanism: new NullMechanism(), limits: LIMITS })
}
