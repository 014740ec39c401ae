/**
 * What Node.js reports as an `errno` code, in the terms of the platform contract.
 *
 * Two ways out: an `IoFailure` for what goes wrong while running (it reaches a handler), and an
 * `EarshotError` for what a caller asked to open and cannot have (it rejects a promise).
 */
import { EarshotError } from '../base/errors.ts'
import { zoneOf } from '../base/ipv6.ts'
import type { IoFailure, IoFailureKind } from '../runtime/platform.ts'

const KINDS: ReadonlyMap<string, IoFailureKind> = new Map<string, IoFailureKind>([
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['ENONET', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  // A write after the other side is gone: the reset came before the write.
  ['EPIPE', 'reset'],
  ['EADDRINUSE', 'address-in-use'],
  ['EADDRNOTAVAIL', 'address-unavailable'],
  // No IPv6 on this host; and a link-local address of an interface that is gone.
  ['EAFNOSUPPORT', 'address-unavailable'],
  ['ENODEV', 'address-unavailable'],
  ['EACCES', 'permission'],
  ['EPERM', 'permission'],
  ['EMSGSIZE', 'too-large'],
  ['EMFILE', 'exhausted'],
  ['ENFILE', 'exhausted'],
  ['ENOBUFS', 'exhausted'],
  ['ENOMEM', 'exhausted'],
])

/** The kind of an error that Node.js gave; 'other' for one that is in no table. */
function failureKind(error: unknown): IoFailureKind {
  return KINDS.get(errorCode(error)) ?? 'other'
}

export function toFailure(error: unknown): IoFailure {
  return {
    kind: failureKind(error),
    message: error instanceof Error ? error.message : String(error),
  }
}

/** Why a TCP listener or a UDP port could not be opened, so that a person can do something about it. */
export function openError(
  error: unknown,
  what: 'TCP' | 'UDP',
  address: string,
  port: number,
): EarshotError {
  const where = `${what} port ${port} at ${address}`
  const options = { cause: error }
  // The zone of a link-local address, if it is none of this host's, is an invalid argument.
  const isNoZone = errorCode(error) === 'EINVAL' && zoneOf(address) !== undefined
  switch (isNoZone ? 'address-unavailable' : failureKind(error)) {
    case 'address-in-use':
      return new EarshotError(
        'ERR_EARSHOT_PORT_IN_USE',
        what === 'UDP'
          ? `${where} is taken by a program that does not share it.`
          : `${where} is taken by another program.`,
        options,
      )
    case 'address-unavailable':
      return new EarshotError(
        'ERR_EARSHOT_NO_INTERFACE',
        `${where} cannot be opened: no interface of this host has the address ${address}.`,
        options,
      )
    case 'permission':
      return new EarshotError(
        'ERR_EARSHOT_BAD_OPTION',
        `${where} cannot be opened: the operating system forbids it to this user. ` +
          'Ports below 1024 usually need privileges; a sandbox may forbid all of them.',
        options,
      )
    default:
      return new EarshotError(
        'ERR_EARSHOT_BAD_OPTION',
        `${where} cannot be opened: ${toFailure(error).message}`,
        options,
      )
  }
}

function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
