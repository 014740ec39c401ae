/**
 * What a contender of the benchmark is: a receiving end and a sending end, each run in a process of its own. All
 * contenders do the same work: carry equal messages of a task, in order, over loopback, to one peer or to many.
 */

export interface Task {
  /** `whisper` goes to one peer; `shout` to all of them; `typed` is a shout of a value, `checked` by a schema. */
  readonly style: 'whisper' | 'shout' | 'typed' | 'checked'
  /** Of one message; a typed one has as many when it is encoded. */
  readonly bytes: number
  /** Receiving ends, all in one process. */
  readonly peers: number
}

/** What a receiving end does with its messages: the harness says. */
export interface Sink {
  /** Whether a message goes back to where it came from, instead of being counted. */
  readonly echo: boolean
  /** To be called with the length of every message that arrives. */
  count(bytes: number): void
}

export interface Receiver {
  /** Where the sending end connects to; opaque to the harness. */
  readonly address: string
  close(): Promise<void>
}

export interface Sender {
  /** Sends the task's message once, to all peers; a promise when the caller has to wait before sending more. */
  send(): Promise<void> | undefined
  close(): Promise<void>
}

/** A process beside the two ends that a contender cannot do without. */
export interface Service {
  readonly address: string
  readonly pid: number
  stop(): Promise<void>
}

export interface Contender {
  readonly name: string
  /** Starts what it needs beside the two ends. */
  readonly serve?: () => Promise<Service>
  /** `service` is the address of that, or empty. */
  receive(task: Task, sink: Sink, service: string): Promise<Receiver>
  /** Resolves when all peers are connected. `onReply` is called with the length of every message that comes back. */
  connect(task: Task, address: string, onReply: (bytes: number) => void): Promise<Sender>
}

/** The message of a task, for contenders that send bytes. */
export function payloadOf(task: Task): Buffer {
  return Buffer.alloc(task.bytes, 0x61)
}
