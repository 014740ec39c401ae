/** The options of a node's log and of collectors: what the application may say, checked before anything comes of it. */
import { badOption, withDefaults } from '../runtime/options.ts'
import type { CollectOptions } from './entries.ts'
import { FIELDS_MAX, readFilter, TEXT_LENGTH_MAX } from './filter.ts'
import type { Logger } from './logger.ts'
import { isAmount, isWhole } from './numbers.ts'
import { LEVELS, type LevelName } from './record.ts'
import { DEFAULT_RING, type RingLimits } from './ring.ts'

export interface MeshLogOptions {
  /** What the library logs goes through it as well: pino, or a logger of its shape. */
  readonly logger?: Logger
  /** The least level of the library's own records. Default `debug`. */
  readonly level?: LevelName
  /** Bounds of the ring of recent records. Default 20,000 records, 4 MiB. */
  readonly ring?: Partial<RingLimits>
  /** Traces each so many-th message of the application's. Default 0: those sent with the option `trace`. */
  readonly traceEvery?: number
  /** Reports to peers of other implementations that announce a ZRE/LOG collector (RFC 20). Default true. */
  readonly zreLog?: boolean
  /**
   * False: its time does not travel, and nothing of the log does until somebody collects. Records of several nodes are
   * then in order only as far as their clocks are right. For a simulator, which watches and knows the time; a later
   * call of `meshLog` without it has the time travel after all. Default true.
   */
  readonly marks?: boolean
}

/** With a shorter window what could not be sent would be tried again all the time; a longer one is no live log. */
const WINDOW_MS_MIN = 50
const WINDOW_MS_MAX = 60_000

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkMeshLogOptions({ level, ring, traceEvery }: MeshLogOptions): void {
  if (level !== undefined && !Object.hasOwn(LEVELS, level)) {
    throw badOption('log.level', `one of ${Object.keys(LEVELS).join(', ')}`)
  }
  if (traceEvery !== undefined && !isWhole(traceEvery)) {
    throw badOption('log.traceEvery', 'a whole number that is not negative')
  }
  ringOf(ring)
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function ringOf(given: Partial<RingLimits> | undefined): RingLimits {
  return withDefaults('log.ring', given, DEFAULT_RING)
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkCollectOptions(options: CollectOptions): void {
  const { windowMs = WINDOW_MS_MIN, sinceMs = 0, nodes } = options
  if (!(isAmount(windowMs) && windowMs >= WINDOW_MS_MIN && windowMs <= WINDOW_MS_MAX)) {
    throw badOption('windowMs', `${WINDOW_MS_MIN} to ${WINDOW_MS_MAX} ms`)
  }
  if (!isAmount(sinceMs)) throw badOption('sinceMs', 'a number that is not negative')
  if (nodes !== undefined && typeof nodes !== 'function') throw badOption('nodes', 'a function')
  const { level, group, fields } = options
  // The same as of a stranger: sources would not answer to another one.
  if (readFilter({ level }) === undefined) throw badOption('level', 'a number from 0 to 1,000')
  if (readFilter({ group }) === undefined) {
    throw badOption('group', `a text of at most ${TEXT_LENGTH_MAX} characters`)
  }
  if (readFilter({ fields }) === undefined) {
    const values = `texts of at most ${TEXT_LENGTH_MAX} characters, numbers or booleans`
    throw badOption('fields', `at most ${FIELDS_MAX} fields, whose names and values are ${values}`)
  }
}
