/**
 * What a contender of the benchmark is: a receiving end, run in a process of its own, and a sending end, run in
 * the main process. All contenders do the same work: carry messages of one payload, in order, over loopback.
 */

/** The receiving end. */
export interface Receiver {
  /** Where the sending end connects to; opaque to the harness. */
  readonly address: string
  /** Called for every message that arrives; `reply` sends one message back. */
  onMessage: (payload: Uint8Array, reply: (payload: Uint8Array) => void) => void
  close(): Promise<void>
}

/** The sending end. */
export interface Sender {
  /** Sends one message; a promise when the caller has to wait before sending more. */
  send(payload: Uint8Array): Promise<void> | undefined
  /** Called for every message that comes back. */
  onReply: (payload: Uint8Array) => void
  close(): Promise<void>
}

export interface Contender {
  readonly name: string
  receive(): Promise<Receiver>
  connect(address: string): Promise<Sender>
}

/** What the main process asks of the receiving process. */
export type Command =
  | { readonly kind: 'count'; readonly messages: number } // then say `done`
  | { readonly kind: 'echo' }
  | { readonly kind: 'stop' }

/** What the receiving process says. */
export type Report =
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'armed' }
  | { readonly kind: 'done'; readonly cpuMs: number }
