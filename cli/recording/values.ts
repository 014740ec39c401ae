/** Values of a file that anybody may have written: each is what it should be, or `undefined`. */
import type { PeerId } from '../../src/index.ts'
import { parsePeerId } from '../../src/index.ts'

export type Json = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The fields of an object. */
export function fieldsOf(value: unknown): Json | undefined {
  return isJsonObject(value) ? value : undefined
}

/** Of a node that only ZRE/LOG knows: it numbers nodes, in 16 bits. */
const ZRE_LOG_NODE = /^ZRELOG-[0-9a-f]{4}$/

/** The id of a node, in any spelling. */
export function nodeId(value: unknown): PeerId | undefined {
  const id = text(value) ?? ''
  return ZRE_LOG_NODE.test(id) ? id : parsePeerId(id)
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A whole number, 0 or more. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

/** An ISO time, in milliseconds since 1970. */
export function moment(value: unknown): number | undefined {
  return typeof value === 'string' ? number(Date.parse(value)) : undefined
}
