/** Every bound of gossip, each with its reason. */

export interface GossipLimits {
  /** Connections that the hub takes. */
  readonly clients: number
  /** Of these, from one address. */
  readonly clientsPerAddress: number
  /** Entries held, those remembered as gone included. */
  readonly entries: number
  /** Entries that the clients of one address brought. */
  readonly entriesPerAddress: number
  /** Messages of one connection that are read per second, sustained. */
  readonly messagesPerSecond: number
  /** Messages that may come at once. */
  readonly messagesAtOnce: number
  /** Bytes given to a stream in one go: what waits beyond is a set of keys. */
  readonly outputBytes: number
  /** Milliseconds after which a client that takes nothing is dropped. */
  readonly stalledMs: number
  /** Milliseconds that a connection may take for its handshake. */
  readonly handshakeMs: number
}

export const DEFAULT_GOSSIP_LIMITS: GossipLimits = {
  // A node has one connection per hub, and a full mesh suits 100 to 200 nodes. One that reads nothing costs up to 64 KiB
  // of output and 4,096 references to keys.
  clients: 512,
  // One host, or one address translator, may stand for many nodes, but must not fill the table.
  clientsPerAddress: 128,
  // As many as the engine knows peers; 1.4 KiB each at the worst.
  entries: 4_096,
  entriesPerAddress: 1_024,
  // A refresh of 4,096 entries in 30 s is 137 a second.
  messagesPerSecond: 500,
  // All that a hub knows comes at once, and twice: its tale, and the echo of ours.
  messagesAtOnce: 8_192,
  outputBytes: 64 * 1_024,
  // A stressed WiFi shows latencies of this length.
  stalledMs: 30_000,
  handshakeMs: 5_000,
}
