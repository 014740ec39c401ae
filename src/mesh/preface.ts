/** What is said to a peer right before messages, unasked: how a service gets a word in at the right place. */
import { assert } from '../base/assert.ts'

/**
 * The standing preface, in a whisper of its own on the same link: it is known there before the message is. It is said
 * once on each link, before the first message after it was set, and again after each renewal; a message may have
 * another one of its own (`Trace`). Other implementations would hand a preface to their application, and get none.
 */
export class Preface {
  #version = 0
  #frames: (() => readonly Uint8Array[]) | undefined

  /** Grows with each renewal; 0 while there is nothing to say. */
  get version(): number {
    return this.#version
  }

  /** What is to be said now; nothing, without frames. */
  get frames(): readonly Uint8Array[] {
    return this.#frames?.() ?? []
  }

  /** Once: two services would speak with one voice. */
  set(frames: () => readonly Uint8Array[]): void {
    assert(this.#frames === undefined, 'one service has a preface')
    this.#frames = frames
  }

  /** There is something new to say. */
  renew(): void {
    this.#version++
  }
}

/** A message whose way is followed: what becomes of it is told as `traced`. Its preface is right before it. */
export interface Trace {
  /** Unlike any other, here and elsewhere. */
  readonly id: string
  readonly preface: readonly Uint8Array[]
}
