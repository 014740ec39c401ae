/** Every bound of gossip, each with its reason. */

export interface GossipLimits {
  /** Connections that the hub takes: sockets, those that are about to end included. */
  readonly clients: number
  /** Of these, from one address; with IPv6, from one /64. */
  readonly clientsPerAddress: number
  /** Entries held, those remembered as gone included. */
  readonly entries: number
  /** Entries that the clients of one address brought. */
  readonly entriesPerAddress: number
  /** Messages that are read per second, sustained, of all clients of one address together, or of one hub. */
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
  // A refresh of 4,096 entries in 30 s is 137 a second. Of a mesh of 200 nodes it is 7, and an address translator may
  // stand for 128 clients that all pass on what they hear of a second hub.
  messagesPerSecond: 2_000,
  // All that a hub knows comes at once, and twice: its tale, and the echo of ours. Of 128 clients that find a hub again,
  // each tells the 200 nodes that it knows.
  messagesAtOnce: 32_768,
  outputBytes: 64 * 1_024,
  // A stressed WiFi shows latencies of this length.
  stalledMs: 30_000,
  handshakeMs: 5_000,
}
