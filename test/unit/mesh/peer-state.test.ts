import { describe, expect, it } from 'vitest'
import type { Presence } from '../../../src/mesh/events.ts'
import type { LinkEvidence, LinkState, Phase, WrapStyle } from '../../../src/mesh/peer-state.ts'
import { PeerState } from '../../../src/mesh/peer-state.ts'
import { PeerTable } from '../../../src/mesh/peer-table.ts'
import { testId } from '../../support/mesh.ts'

class Someone extends PeerState<Someone> {
  describe(): void {
    this.noteDescribed()
  }

  touchInfo(): void {}

  override get link(): LinkState {
    return super.link
  }

  override set link(link: LinkState) {
    super.link = link
  }
}

const YES_OR_NO = [false, true]

/** Every value of every state; the first is what a peer starts with. */
const STATES = {
  phase: ['candidate', 'present', 'gone'] satisfies Phase[],
  presence: ['alive', 'evasive', 'silent'] satisfies Presence[],
  link: ['idle', 'waiting', 'queued', 'dialling', 'open'] satisfies LinkState[],
  wrapStyle: ['unknown', 'rfc', 'short'] satisfies WrapStyle[],
  evidence: [
    'link',
    'hello',
    'message',
    'membership',
    'ping',
    'ping-ok',
    'election',
  ] satisfies LinkEvidence[],
  holdsEndpoint: YES_OR_NO,
  knowsUs: YES_OR_NO,
  helloDue: YES_OR_NO,
  roomWanted: YES_OR_NO,
  isEarshot: YES_OR_NO,
  awaitingPong: YES_OR_NO,
  pingHeldUp: YES_OR_NO,
  pongOwed: YES_OR_NO,
  pongWanted: YES_OR_NO,
}

type Name = keyof typeof STATES
const NAMES = Object.keys(STATES) as Name[]

function newPeer(): Someone {
  return new Someone(new PeerTable(() => 0.5), testId(1), 0)
}

function statesOf(peer: Someone): Record<Name, unknown> {
  return Object.fromEntries(NAMES.map((name) => [name, peer[name]])) as Record<Name, unknown>
}

const FIRST = Object.fromEntries(NAMES.map((name) => [name, STATES[name][0]]))
const LAST = Object.fromEntries(NAMES.map((name) => [name, STATES[name].at(-1)]))

describe('the states of a peer', () => {
  it.each(NAMES)('keep to themselves: %s', (name) => {
    for (const rest of [FIRST, LAST]) {
      const peer = newPeer()
      Object.assign(peer, rest)
      for (const value of [...STATES[name], STATES[name][0]]) {
        Object.assign(peer, { [name]: value })
        expect(statesOf(peer)).toEqual({ ...rest, [name]: value })
      }
    }
  })

  it('keep to themselves when something is heard on the link', () => {
    const peer = newPeer()
    Object.assign(peer, LAST)
    peer.heardMessage()
    expect(statesOf(peer)).toEqual({ ...LAST, evidence: 'message' })
    peer.heardTcp(1)
    expect(statesOf(peer)).toEqual({ ...LAST, evidence: 'link' })
  })
})
