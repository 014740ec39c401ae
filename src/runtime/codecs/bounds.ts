/**
 * The bounds of one decoded value. `json()` and `msgpack()` check them on the bytes, before anything
 * is built from them; a sender is held to the same bounds as a receiver.
 */
import { EarshotError } from '../../base/errors.ts'

export interface BoundsOptions {
  /** Bytes of one encoded value; 1 to 1 GiB, default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Arrays and maps inside one another; 0 (scalars only) to 512, default 64. `[1]` has depth 1. */
  readonly maxDepth?: number | undefined
  /**
   * Values in all: every array element, every map key and every map value, and the outermost value
   * itself; 1 to 2³⁰, default 262,144.
   */
  readonly maxItems?: number | undefined
}

export interface Bounds {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxItems: number
}

export const DEFAULT_BOUNDS: Bounds = {
  // The largest message the library carries by default (`limits.messageBytes`).
  maxBytes: 16 * 1024 * 1024,
  // No sensible payload comes near it, and it is far from the end of any engine's stack.
  maxDepth: 64,
  // One byte can announce an empty map, which costs some 64 bytes of heap: 64 B × 262,144 = 16 MiB, no
  // more than `maxBytes` admits anyway. Longer series of numbers belong into a byte array.
  maxItems: 262_144,
}

// Offsets and counts stay within 31 bits.
const LIMIT_BYTES = 2 ** 30
// Parsers below us may recurse once per level.
const LIMIT_DEPTH = 512

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION for a bound outside its range. */
export function resolveBounds(options: BoundsOptions): Bounds {
  return {
    maxBytes: inRange('maxBytes', options.maxBytes ?? DEFAULT_BOUNDS.maxBytes, 1, LIMIT_BYTES),
    maxDepth: inRange('maxDepth', options.maxDepth ?? DEFAULT_BOUNDS.maxDepth, 0, LIMIT_DEPTH),
    maxItems: inRange('maxItems', options.maxItems ?? DEFAULT_BOUNDS.maxItems, 1, LIMIT_BYTES),
  }
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new EarshotError(
    'ERR_EARSHOT_BAD_OPTION',
    `${name} must be a whole number from ${min} to ${max}, not ${String(value)}`,
  )
}
