/** What the ZMTP tests share: bytes from hex, connections in any state, and driving one by hand. */
import { expect } from 'vitest'
import { concatBytes, EMPTY_BYTES, fromHex, toHex } from '../../../src/base/bytes.ts'
import {
  type ConnectionInput,
  type ConnectionOptions,
  ZmtpConnection,
} from '../../../src/zmtp/connection.ts'
import type { Multipart } from '../../../src/zmtp/multipart.ts'
import { NullMechanism } from '../../../src/zmtp/null-mechanism.ts'

/** Bytes of a hexadecimal text with blanks. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.replaceAll(/\s/g, ''))
  expect(bytes, `hexadecimal: ${hex}`).toBeDefined()
  return bytes!
}

export const IDENTITY: Uint8Array = bytesOf('01 00112233445566778899aabbccddeeff')

export const LIMITS: ConnectionOptions['limits'] = {
  handshakeBytes: 4096,
  messageBytes: 1_000_000,
  messageFrames: 64,
}

/** The greeting of a libzmq DEALER with a 17-byte identity, and of a libzmq ROUTER. */
export const GREETING_OF_DEALER: string = `ff 0000000000000012 7f 03 01 4e554c4c${'00'.repeat(16)} 00 ${'00'.repeat(31)}`
export const GREETING_OF_ROUTER: string = GREETING_OF_DEALER.replace('12 7f', '01 7f')

/** `READY`, `Socket-Type`, a type, `Identity`, as libzmq orders them. */
export const READY_OF_DEALER: string = `04 3a 05 5245414459
  0b 536f636b65742d54797065 00000006 4445414c4552
  08 4964656e74697479 00000011 ${toHex(IDENTITY)}`
export const READY_OF_ROUTER: string = `04 29 05 5245414459
  0b 536f636b65742d54797065 00000006 524f55544552
  08 4964656e74697479 00000000`

export function newDialler(limits: Partial<ConnectionOptions['limits']> = {}): ZmtpConnection {
  return new ZmtpConnection({
    role: 'dialler',
    identity: IDENTITY,
    mechanism: new NullMechanism(),
    limits: { ...LIMITS, ...limits },
  })
}

export function newAcceptor(limits: Partial<ConnectionOptions['limits']> = {}): ZmtpConnection {
  return new ZmtpConnection({
    role: 'acceptor',
    identity: EMPTY_BYTES,
    mechanism: new NullMechanism(),
    limits: { ...LIMITS, ...limits },
  })
}

/** A PUB or a SUB. */
export interface Pattern {
  readonly zmtp: ZmtpConnection
  poll(): ConnectionInput
  accept(): void
}

/** Polls until there is nothing more, accepting an offer; gives back what came, the final `needMore` left out. */
export function drain(connection: ZmtpConnection | Pattern): ConnectionInput[] {
  const zmtp = 'zmtp' in connection ? connection.zmtp : connection
  const inputs: ConnectionInput[] = []
  for (;;) {
    const input = connection.poll()
    zmtp.invariants()
    if (input.kind === 'needMore') return inputs
    inputs.push(input)
    if (input.kind === 'offer') connection.accept()
    if (input.kind === 'invalid') return inputs
  }
}

/** Hands over a chunk of its own memory, as a socket does, and drains. */
export function feed(connection: ZmtpConnection, bytes: string | Uint8Array): ConnectionInput[] {
  connection.handleBytes(typeof bytes === 'string' ? bytesOf(bytes) : bytes.slice())
  return drain(connection)
}

/** The same bytes, one a call. */
export function feedBytewise(
  connection: ZmtpConnection,
  bytes: string | Uint8Array,
): ConnectionInput[] {
  const whole = typeof bytes === 'string' ? bytesOf(bytes) : bytes
  const inputs: ConnectionInput[] = []
  for (let i = 0; i < whole.length; i++) inputs.push(...feed(connection, whole.subarray(i, i + 1)))
  return inputs
}

/** What waits in `output`, taken. */
export function takeOutput(connection: ZmtpConnection): Uint8Array {
  return concatBytes(connection.takeSegments())
}

/** An acceptor whose handshake with a libzmq DEALER is complete and whose output has been taken. */
export function readyAcceptor(limits: Partial<ConnectionOptions['limits']> = {}): ZmtpConnection {
  const connection = newAcceptor(limits)
  feed(connection, GREETING_OF_DEALER + READY_OF_DEALER)
  expect(connection.state).toBe('ready')
  connection.takeSegments()
  return connection
}

/** A dialler whose handshake with a libzmq ROUTER is complete and whose output has been taken. */
export function readyDialler(limits: Partial<ConnectionOptions['limits']> = {}): ZmtpConnection {
  const connection = newDialler(limits)
  feed(connection, GREETING_OF_ROUTER + READY_OF_ROUTER)
  expect(connection.state).toBe('ready')
  connection.takeSegments()
  return connection
}

/** The frames of a message in hexadecimal. */
export function framesOf(message: Multipart): string[] {
  return Array.from({ length: message.frameCount }, (_, i) => toHex(message.frame(i)))
}

/** Messages as their frames in hexadecimal, everything else as its kind or code. */
export function summaryOf(inputs: readonly ConnectionInput[]): (string[] | string)[] {
  return inputs.map((input) => {
    if (input.kind === 'message') return framesOf(input)
    return input.kind === 'invalid' ? input.code : input.kind
  })
}
