/**
 * Our own HELLO. It is the same for all who are told over the same address, until we join or leave a group: so it
 * is encoded once, and copied a thousand times.
 */
import { ByteWriter, EMPTY_BYTES } from '../base/bytes.ts'
import { encodeZre, zreLength } from '../zre/encode.ts'
import { formatEndpoint } from '../zre/endpoint.ts'
import type { Hello } from '../zre/message.ts'
import { HELLO_SEQUENCE } from '../zre/sequence.ts'
import type { Mailbox, MeshContext } from './context.ts'
import type { Connection } from './peer.ts'
import { SEAM_HEADER } from './seam.ts'

export class OwnHello {
  readonly #context: MeshContext
  #bytes: Uint8Array = EMPTY_BYTES
  // What it was encoded for.
  #local: string | undefined
  #mailboxes: readonly Mailbox[] | undefined
  #groupChanges = -1

  constructor(context: MeshContext) {
    this.#context = context
  }

  /** `said`: see `seam.ts`. Not to be written to: the next caller gets the same array. */
  bytesTowards(connection: Connection, said: number | undefined): Uint8Array {
    const { mailboxes, ownGroups } = this.#context
    const local = connection.local?.address
    if (said !== undefined) return this.#encode(local, said)
    const isSame =
      this.#local === local &&
      this.#mailboxes === mailboxes &&
      this.#groupChanges === ownGroups.changes
    if (isSame) return this.#bytes
    this.#local = local
    this.#mailboxes = mailboxes
    this.#groupChanges = ownGroups.changes
    this.#bytes = this.#encode(local)
    return this.#bytes
  }

  #encode(local: string | undefined, said?: number): Uint8Array {
    const { options, ownGroups } = this.#context
    const hello: Hello = {
      kind: 'hello',
      sequence: HELLO_SEQUENCE,
      endpoint: this.#endpointAt(local),
      groups: ownGroups.names(),
      status: ownGroups.status,
      name: options.name,
      headers: said === undefined ? options.headers : this.#headersAfter(said),
    }
    const writer = new ByteWriter(new Uint8Array(zreLength(hello)))
    encodeZre(hello, writer)
    return writer.bytes
  }

  /** As many headers as a HELLO may have leave no room for one more: then it passes for a restart. */
  #headersAfter(said: number): ReadonlyMap<string, string> {
    const { headers, limits } = this.#context.options
    if (headers.size >= limits.helloHeaders) return headers
    return new Map([...headers, [SEAM_HEADER, `${said}`]])
  }

  /** The mailbox on the address that we speak from: never a wildcard, never another network's address. */
  #endpointAt(speaking: string | undefined): string {
    const { mailboxes } = this.#context
    const local = speaking ?? mailboxes[0]?.address ?? '127.0.0.1'
    const mailbox = mailboxes.find((candidate) => candidate.address === local) ?? mailboxes[0]
    return formatEndpoint(local, mailbox?.port ?? 0)
  }
}
