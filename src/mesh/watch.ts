/**
 * The watch over peers: what signs of life, silences, broken links and suspicious beacons mean.
 *
 * Three questions, kept apart:
 *  1. Presence: was anything heard of it lately (any sign counts)? `alive → evasive → silent → gone`.
 *  2. The link: does our connection to it still carry? Checked by PING, rarely while idle; a dead link is
 *     dialled again, however lively the peer's beacons are.
 *  3. Evidence: a process that ended leaves traces at once: its links close, its mailbox refuses connections, its
 *     beacons stop. All three together are an exit long before the silence has lasted `expiredMs`. A goodbye by
 *     beacon could be forged, so it is checked over the link first.
 */
import { assertNever } from '../base/assert.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import { beaconsTell, confirmPatienceMs, excusesByTalk, isGraver, isUnlinked } from './doubts.ts'
import { askQuietAt, isAllHeard, nextAskAt, pingPatienceMs, takesNothing } from './link-silence.ts'
import type { Links } from './links.ts'
import type { Connection, Doubt, Peer } from './peer.ts'
import { NEVER_HEARD, type PeerDeadline } from './peer-table.ts'
import { patienceMs, presenceAt } from './presence.ts'
import type { Roster } from './roster.ts'
import { Stranded } from './stranded.ts'
import type { EngineClock } from './timed.ts'

export class Watch {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #stranded: Stranded
  /** In the agenda: the earliest moment at which the presence of any peer could change. */
  readonly #silence: EngineClock = { timed: 'silence', agendaIndex: -1 }

  constructor(context: MeshContext, links: Links, roster: Roster) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#stranded = new Stranded(context, links, roster)
  }

  /** Starts watching a peer that was just admitted. */
  begin(peer: Peer, now: number): void {
    peer.heardAt = now
    this.#armPresence(peer)
  }

  /** Our host slept, or was stuck, for so long: nobody is judged by it. */
  excuse(ms: number): void {
    for (const peer of this.#roster.all()) peer.heardAt += ms
    this.#context.blockedPeers.excuse(ms)
  }

  /** Our mailboxes have changed. */
  handleMailboxes(now: number): void {
    this.#stranded.handleMailboxes(now)
  }

  // Signs of life

  /** A beacon of a peer that is calm (see `PeerTable`) means nothing more. */
  get isCalm(): boolean {
    return !this.#stranded.isAny
  }

  handleBeacon(peer: Peer, now: number): void {
    if (peer.isAsleep) {
      this.#tryToWake(peer, now)
      return
    }
    peer.heardBeacon(now)
    peer.noteFoundBy('beacon')
    this.#noteLife(peer, now)
  }

  /** Beacons can be forged, and may be from before: that it is awake only a link shows. */
  #tryToWake(peer: Peer, now: number): void {
    if (now - peer.asleepSince < this.#context.options.timers.confirmMs) return
    if (peer.link === 'idle') this.#links.wake(peer, now)
  }

  /** Bytes arrived on the peer's link to us. */
  handleTraffic(peer: Peer, now: number): void {
    peer.heardTcp(now)
    this.#noteLife(peer, now)
  }

  #noteLife(peer: Peer, now: number): void {
    if (peer.presence !== 'alive' || peer.isAsleep) this.#revive(peer)
    this.#stranded.note(peer, now)
  }

  #revive(peer: Peer): void {
    peer.isAsleep = false
    peer.presence = 'alive'
    peer.touchInfo()
    this.#armPresence(peer)
    if (peer.phase === 'present') this.#context.emit({ type: 'alive', peer: peer.info() })
  }

  /** PING-OK: the link carries in both directions, and whatever was doubted is settled. */
  handlePong(peer: Peer, now: number): void {
    if (!peer.awaitingPong) return
    peer.awaitingPong = false
    const roundTripMs = peer.heardPong(now)
    this.#context.emit({ type: 'pong', id: peer.id, roundTripMs })
    this.#armProbe(peer, now)
    this.#settleDoubt(peer, now)
  }

  // Questions to a peer

  /** Sends a PING; the answer measures the round trip. False when there is no open link. */
  ping(peer: Peer, now: number): boolean {
    if (peer.awaitingPong) return peer.openConnection !== undefined
    if (!this.#links.sendControl(peer, 'ping', now)) return false
    peer.awaitingPong = true
    peer.pingHeldUp = false
    peer.pingSentAt = now
    this.#awaitPong(peer, now)
    return true
  }

  #awaitPong(peer: Peer, now: number): void {
    peer.setDeadline('probe', now + pingPatienceMs(peer, this.#context.options.timers))
    this.#context.reschedule(peer)
  }

  /** Sends a PING for whose answer no older one can be taken; when there is no link, as soon as there is. */
  pingAfresh(peer: Peer, now: number): void {
    peer.awaitingPong = false
    this.askForPong(peer, now)
  }

  /** The application wants to hear from the peer: now, or when there is a link again. */
  askForPong(peer: Peer, now: number): void {
    peer.pongWanted = !this.ping(peer, now)
  }

  /** The link has just opened (or proved itself): check it again after a while. */
  #armProbe(peer: Peer, now: number): void {
    const { timers } = this.#context.options
    const at = now + this.#context.jittered(2 * timers.linkProbeMs)
    peer.setDeadline('probe', Math.min(at, nextAskAt(peer, now, timers)))
    this.#context.reschedule(peer)
  }

  handleLinkOpened({ peer, remote }: Connection, now: number): void {
    if (peer === undefined) return
    if (peer.isEarshot) {
      peer.heardAt = now // it has said who it is
      this.#noteLife(peer, now)
    }
    if (!isSameEndpoint(remote, peer.endpoint)) this.#roster.setEndpoint(peer, remote, now)
    this.#armProbe(peer, now)
    if (peer.pongWanted) this.askForPong(peer, now)
  }

  /** The peer says that it is at `endpoint`. Whoever was known there may be gone: a check decides who is dialled. */
  locate(peer: Peer, endpoint: EndpointAddress, now: number): void {
    this.#roster.setEndpoint(peer, endpoint, now)
    this.contest(peer, now)
  }

  /** The peer was heard from where another one is dialled. */
  contest(peer: Peer, now: number): void {
    if (peer.endpoint === undefined || peer.holdsEndpoint) return
    const holder = this.#roster.atEndpoint(peer.endpoint)
    if (holder !== undefined) this.doubt(holder, { kind: 'replaced' }, now)
  }

  /** The peer is said to be elsewhere, and no more where it is known: it may have moved, and a PING decides, once. */
  handleElsewhere(peer: Peer, to: EndpointAddress, now: number): void {
    if (peer.isAlsoAt(to) && peer.openConnection !== undefined) return // a dead link is found by its probe
    this.doubt(peer, { kind: 'moved', to }, now)
  }

  /** Something is amiss with the peer (see `Doubt`). Believed at once without a link, else after a check. */
  doubt(peer: Peer, doubt: Doubt, now: number): void {
    if (peer.doubt !== undefined && !isGraver(doubt, peer.doubt)) return
    if (peer.isAsleep) return // it is not there to answer
    if (doubt.kind === 'deaf' && peer.openConnection === undefined) return // the next begins with HELLO
    peer.doubt = doubt
    if (peer.openConnection === undefined && peer.inbound === undefined) {
      this.#believeDoubt(peer, now)
      return
    }
    // A dial would reach whoever is there now.
    if (isUnlinked(doubt, peer)) this.#links.close(peer, 'abort', now)
    this.pingAfresh(peer, now)
    this.#armConfirm(peer, doubt, now)
  }

  #armConfirm(peer: Peer, doubt: Doubt, now: number): void {
    const at = now + confirmPatienceMs(peer, doubt, this.#context.options.timers)
    peer.setDeadline('confirm', beaconsTell(doubt, peer) ? Math.max(at, this.#quietAt(peer)) : at)
    this.#context.reschedule(peer)
  }

  /** When the beacons from the peer's endpoint have stopped, if no other comes. */
  #quietAt(peer: Peer): number {
    return peer.endpointBeaconAt + this.#context.options.timers.beaconsStoppedMs
  }

  /** The PING stays unanswered. A peer that goes on talking may be busy: when it ends, its links will. And who takes
   *  nothing would not hear a HELLO either. */
  #confirmDoubt(peer: Peer, now: number): void {
    if (peer.doubt === undefined) return
    const { doubt } = peer
    const patience = confirmPatienceMs(peer, doubt, this.#context.options.timers)
    const isTalking = excusesByTalk(doubt, peer) && now - peer.heardTcpAt < patience
    const isBusy = isTalking || (doubt.kind === 'deaf' && takesNothing(peer))
    const isThere = isBusy || (beaconsTell(doubt, peer) && now < this.#quietAt(peer))
    if (this.#context.isReading && !isThere) {
      this.#believeDoubt(peer, now)
    } else if (isThere && isUnlinked(doubt, peer)) {
      peer.doubt = undefined // it wants a link again
      this.#links.establish(peer, now)
    } else {
      this.#armConfirm(peer, doubt, now)
    }
  }

  #settleDoubt(peer: Peer, now: number): void {
    if (peer.doubt === undefined) return
    if (peer.doubt.kind === 'goodbye') {
      const reason = `a goodbye beacon came for ${peer.name || peer.id}, which still answers`
      this.#context.warn('goodbye-unconfirmed', reason, { peer: peer.id }, now)
    }
    if (peer.doubt.kind === 'moved') peer.noteAlsoAt(peer.doubt.to)
    peer.doubt = undefined
    peer.clearDeadline('confirm')
    this.#context.reschedule(peer)
  }

  #believeDoubt(peer: Peer, now: number): void {
    const { doubt } = peer
    if (doubt === undefined) return
    peer.doubt = undefined
    peer.clearDeadline('confirm')
    switch (doubt.kind) {
      case 'goodbye':
        this.#roster.exit(peer, 'goodbye', now)
        return
      case 'replaced':
        this.#roster.exit(peer, 'replaced', now)
        return
      case 'moved':
        this.#links.close(peer, 'abort', now)
        this.locate(peer, doubt.to, now)
        peer.endpointBeaconAt = now
        this.#links.restart(peer, now)
        return
      case 'deaf':
        // An earshot node closes the link of a peer that it has given up: ours is dead, and it does not know.
        if (peer.isEarshot && peer.openConnection !== undefined) this.#links.restart(peer, now)
        else this.#links.introduce(peer, now)
        return
      default:
        assertNever(doubt)
    }
  }

  // Links that end

  /** Either link of the peer ended: a doubt is confirmed; without one, find out what happened. */
  handleLinkEnded(peer: Peer, which: 'outbound' | 'inbound', refused: boolean, now: number): void {
    if (peer.isAsleep || this.#context.suspended) return
    if (refused) peer.refusedAt = now
    // That a peer may be deaf is no suspicion of its end: C Zyre links to us anew whenever we say HELLO again.
    if (peer.doubt !== undefined && peer.doubt.kind !== 'deaf') {
      // What the peer said before it left may still wait on its own link, whose end comes after all that.
      const mayWait = peer.inbound !== undefined && peer.doubt.kind !== 'moved'
      if (!mayWait) this.#believeDoubt(peer, now)
      else if (isUnlinked(peer.doubt, peer)) this.#armConfirm(peer, peer.doubt, now)
      return
    }
    if (which === 'inbound') {
      // Does it still hear us? If it ended, our own link breaks as well, or the PING stays unanswered.
      if (peer.phase === 'present' && this.ping(peer, now)) return
    }
    this.#weighEvidence(peer, now)
  }

  /** Links closed and the mailbox refuses: only a beacon can still speak for the peer. */
  #weighEvidence(peer: Peer, now: number): void {
    if (!this.#looksDead(peer)) return
    const stoppedAt = peer.heardBeaconAt + this.#context.options.timers.beaconsStoppedMs
    if (now >= stoppedAt) {
      this.#roster.exit(peer, 'closed', now)
      return
    }
    peer.setDeadline('evidence', stoppedAt)
    this.#context.reschedule(peer)
  }

  #looksDead(peer: Peer): boolean {
    const refusedLast = peer.refusedAt >= peer.heardTcpAt
    return refusedLast && peer.inbound === undefined && peer.openConnection === undefined
  }

  // Silence

  /**
   * One alarm for all peers: each beacon of each peer puts its own off, and nearly all of them never come. The
   * moments are exact all the same, as silences only grow longer than the alarm assumed.
   */
  handleSilence(now: number): void {
    for (const peer of this.#context.peerTable.silentAt(now)) {
      if (peer.phase !== 'gone') this.#checkPresence(peer, now)
    }
    this.#context.agenda.schedule(this.#silence, this.#context.peerTable.nextSilence())
  }

  #checkPresence(peer: Peer, now: number): void {
    const { timers } = this.#context.options
    // What a peer without beacons says may wait unread.
    if (!this.#context.isReading && peer.heardBeaconAt === NEVER_HEARD) peer.heardAt = now
    const state = presenceAt(now, peer.heardAt, timers)
    if (state === 'gone') {
      this.#roster.exit(peer, 'expired', now)
      return
    }
    if (state !== peer.presence) {
      peer.isAsleep = false
      peer.presence = state
      peer.touchInfo()
      if (peer.phase === 'present') {
        this.#context.emit({ type: state, peer: peer.info() })
        if (!this.ping(peer, now) && peer.link === 'idle') this.#links.establish(peer, now)
      }
    }
    this.#armPresence(peer)
  }

  #armPresence(peer: Peer): void {
    const { agenda, options } = this.#context
    const patience = patienceMs(peer.presence, options.timers)
    peer.patienceMs = patience
    const at = peer.heardAt + patience
    if (at < agenda.dueAt(this.#silence)) agenda.schedule(this.#silence, at)
  }

  // Deadlines

  handleDeadline(peer: Peer, deadline: Exclude<PeerDeadline, 'takeover'>, now: number): void {
    switch (deadline) {
      case 'redial':
        this.#links.establish(peer, now)
        return
      case 'evidence':
        this.#weighEvidence(peer, now)
        return
      case 'confirm':
        this.#confirmDoubt(peer, now)
        return
      case 'probe':
        this.#probe(peer, now)
        return
      case 'race':
        this.#links.dialling.handleRaceDue(peer, now)
        return
      case 'stranded':
        this.#stranded.handleDue(peer, now)
        return
      default:
        assertNever(deadline)
    }
  }

  #probe(peer: Peer, now: number): void {
    if (peer.openConnection === undefined) return
    if (!peer.awaitingPong) {
      const { timers } = this.#context.options
      const isChecked = now - Math.max(peer.pongAt, peer.linkOpenedAt) < timers.linkProbeMs
      const isHeard = !this.#context.isReading || askQuietAt(peer, now, timers) > now
      if (isChecked && isHeard) this.#armProbe(peer, now)
      else this.ping(peer, now)
      return
    }
    // The PING stayed unanswered. Where the peer takes nothing, its time begins when it has taken what waits.
    const isHeldUp = takesNothing(peer)
    if (isHeldUp || peer.pingHeldUp) {
      peer.pingHeldUp = isHeldUp
      this.#awaitPong(peer, now)
      return
    }
    // A peer that talks may be one that does not read; only when nothing at all came over TCP since then, and none of
    // it can wait unread on our side, is the link taken for dead.
    peer.awaitingPong = false
    const lastNamedAt = Math.max(peer.heardBeaconAt, peer.hintedAt)
    const isDead = peer.heardTcpAt <= peer.pingSentAt && lastNamedAt > peer.pingSentAt
    if (isDead && isAllHeard(peer, this.#context.readingSince, now)) {
      this.#links.restart(peer, now)
    } else {
      this.#armProbe(peer, now)
    }
  }
}
