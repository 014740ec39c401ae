import { describe, expect, test } from 'vitest'
import { openError, toFailure } from '../../../src/platform-node/failure.ts'
import type { IoFailureKind } from '../../../src/runtime/platform.ts'

function errno(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:50000`), { code })
}

describe('an error of Node.js as a failure', () => {
  test.each<[string, IoFailureKind]>([
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ENETDOWN', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['EADDRINUSE', 'address-in-use'],
    ['EADDRNOTAVAIL', 'address-unavailable'],
    ['EACCES', 'permission'],
    ['EPERM', 'permission'],
    ['EMSGSIZE', 'too-large'],
    ['EMFILE', 'exhausted'],
    ['ENFILE', 'exhausted'],
    ['ENOBUFS', 'exhausted'],
    ['ENOMEM', 'exhausted'],
    ['EINVAL', 'other'],
    ['ERR_SOCKET_BAD_PORT', 'other'],
  ])('%s is %s', (code, kind) => {
    expect(toFailure(errno(code))).toEqual({ kind, message: `connect ${code} 10.0.0.1:50000` })
  })

  test.each([
    [undefined, 'undefined'],
    ['text', 'text'],
    [{ code: 5 }, '[object Object]'],
  ])('%o is other', (error, message) => {
    expect(toFailure(error)).toEqual({ kind: 'other', message })
  })
})

describe('what cannot be opened', () => {
  test.each([
    [
      'EADDRINUSE',
      'TCP',
      'ERR_EARSHOT_PORT_IN_USE',
      'TCP port 5670 at 10.0.0.5 is taken by another program.',
    ],
    [
      'EADDRINUSE',
      'UDP',
      'ERR_EARSHOT_PORT_IN_USE',
      'UDP port 5670 at 10.0.0.5 is taken by a program that does not share it.',
    ],
    [
      'EADDRNOTAVAIL',
      'TCP',
      'ERR_EARSHOT_NO_INTERFACE',
      'TCP port 5670 at 10.0.0.5 cannot be opened: no interface of this host has the address 10.0.0.5.',
    ],
    [
      'EACCES',
      'TCP',
      'ERR_EARSHOT_BAD_OPTION',
      'TCP port 5670 at 10.0.0.5 cannot be opened: the operating system forbids it to this user. ' +
        'Ports below 1024 usually need privileges; a sandbox may forbid all of them.',
    ],
    [
      'EINVAL',
      'UDP',
      'ERR_EARSHOT_BAD_OPTION',
      'UDP port 5670 at 10.0.0.5 cannot be opened: connect EINVAL 10.0.0.1:50000',
    ],
  ] as const)('for %s, %s, is %s, and says so', (code, what, expected, message) => {
    const cause = errno(code)
    const error = openError(cause, what, '10.0.0.5', 5_670)
    expect(error).toMatchObject({ name: 'EarshotError', code: expected, message, cause })
  })
})
