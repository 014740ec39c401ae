/**
 * The NULL mechanism: one READY each way, no secrets.
 *
 * RFC 37 "The NULL Security Mechanism": "the client SHALL send a READY command and then wait for a
 * READY command in reply." libzmq's servers send theirs without waiting; our acceptor waits, as the
 * specification has it, so that its owner can turn an identity away before the dialler takes the
 * connection for good.
 */
import { assert } from '../base/assert.ts'
import { EMPTY_BYTES } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import { type Command, encodeCommand } from './command.ts'
import type { ConnectionRole, HandshakeStep, Mechanism } from './mechanism.ts'

/** By metadata, which a node has once for all its links. */
const readies = new WeakMap<Uint8Array, Uint8Array>()

export class NullMechanism implements Mechanism {
  readonly name = 'NULL'
  readonly protection: undefined = undefined
  #ready: Uint8Array = EMPTY_BYTES

  begin(role: ConnectionRole, metadata: Uint8Array): Uint8Array | undefined {
    assert(this.#ready.length === 0, 'a mechanism serves one connection')
    this.#ready = readyFor(metadata)
    return role === 'dialler' ? this.#ready : undefined
  }

  handleCommand(command: Command): HandshakeStep {
    if (command.name === 'READY') return { kind: 'metadata', metadata: command.data }
    return invalid('zmtp-handshake', 'a command other than READY in a NULL handshake')
  }

  accept(): Uint8Array {
    return this.#ready
  }
}

function readyFor(metadata: Uint8Array): Uint8Array {
  let ready = readies.get(metadata)
  if (ready === undefined) {
    ready = encodeCommand('READY', metadata)
    readies.set(metadata, ready)
  }
  return ready
}
