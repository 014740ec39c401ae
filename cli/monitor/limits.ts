/** Limits of those who ask the whole mesh. */

/** Nodes allow five questions in a second. */
export const ROUND_MS_MIN = 250
/** How long one answer may take. */
export const ANSWER_MS = 2_000
/** Who is asked gets a PING and a question: in a mesh that is not too large, all have answered then, or never will. */
export const ALL_ANSWERS_MS: number = 2 * ANSWER_MS
export const ASKED_AT_ONCE = 64
/** How long those who have left are still shown. */
export const GONE_MS = 10_000
