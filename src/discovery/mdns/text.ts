/** What TXT records say: `key=value` (RFC 6763 §6). */
import { utf8Decode } from '../../base/bytes.ts'
import type { MdnsRecord } from './records.ts'

/**
 * The value of a key, which is in lower case here and in any case there; `undefined` without it. RFC 6763 §6.4: of
 * several the first counts.
 */
export function textValue(record: MdnsRecord, key: string): string | undefined {
  if (record.type !== 'TXT') return undefined
  for (const bytes of record.texts) {
    const text = utf8Decode(bytes)
    const end = text.indexOf('=')
    if (end >= 0 && text.slice(0, end).toLowerCase() === key) return text.slice(end + 1)
  }
  return undefined
}
