/** The kinds of events and the flags of an end of a connection. */

// Events of the handshake: of a `TcpOpening`.
export const SYN = 1
export const SYN_RETRY = 2
export const SYN_ACK = 3
export const REFUSED = 4
export const NO_ANSWER = 5

// Events of an end.
export const OPENED = 6
export const ACCEPTED = 7
export const ARRIVAL = 8
export const ACK = 9
export const READ = 10
export const DRAINED = 11
export const ENDED = 12
export const CLOSE_IDLE = 13

// Flags: bits instead of fields, because a large simulation has millions of ends.
export const ESTABLISHED = 1
export const PAUSED = 2
/** The listening process has not accepted it yet. */
export const UNACCEPTED = 4
export const DRAIN_OWED = 8
export const TURN_PLANNED = 16
export const FIN_SENT = 32
export const FIN_RECEIVED = 64
export const RST_RECEIVED = 128
export const ARRIVAL_PLANNED = 256
export const ACK_PLANNED = 512
export const READ_PLANNED = 1_024
/** This side gave the connection up: nothing of it is sent again. */
export const ABORTED = 2_048
