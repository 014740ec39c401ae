/**
 * Names of mDNS and DNS-SD, as text with dots between the labels: what is announced, what it is called, and which
 * names of strangers can be used at all.
 *
 * The codec (`multicast-dns`) cannot tell a dot in a label from one between labels. So a dot in a node's name
 * becomes a dash in its label, and a stranger's label with a dot is understood only where nothing has to be asked.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.ts'
import type { PeerId } from '../../base/peer-id.ts'

/** RFC 6763 §7: the service, and the domain of RFC 6762. */
export const SERVICE_NAME = '_zre._tcp.local'
/** RFC 6763 §9: who asks for it is told the types of services that there are. */
export const SERVICE_TYPES_NAME = '_services._dns-sd._udp.local'

/** RFC 1035 §2.3.4, in bytes. */
const LABEL_BYTES_MAX = 63
const NAME_BYTES_MAX = 254
const HOST_DIGITS = 12
/** Control characters and ends of lines (U+2028, U+2029): the codec takes a dot beside one for an end of the name. */
const UNUSABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** RFC 6762 §16: names are equal whatever the case of their ASCII letters, and of no others. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/**
 * The label of a node's instance (RFC 6763 §4.1.1: any text of up to 63 bytes of UTF-8, without control characters).
 * From the second attempt on it is numbered, as in RFC 6763 appendix D: `kitchen (2)`.
 */
export function instanceLabel(name: string, attempt: number): string {
  const suffix = attempt === 1 ? '' : ` (${attempt})`
  // There and back again: what is no Unicode (half of a surrogate pair) becomes U+FFFD.
  const text = utf8Decode(utf8Encode(name)).normalize('NFC')
  const plain = text.replace(new RegExp(UNUSABLE, 'gu'), '').replaceAll('.', '-').trim()
  return cut(plain || 'earshot', LABEL_BYTES_MAX - suffix.length).trim() + suffix
}

/** As many characters as fit into so many bytes. */
function cut(text: string, bytesMax: number): string {
  let fitting = ''
  let bytes = 0
  for (const character of text) {
    bytes += utf8Encode(character).length
    if (bytes > bytesMax) break
    fitting += character
  }
  return fitting
}

export function instanceName(label: string): string {
  return `${label}.${SERVICE_NAME}`
}

/** Whether it is the name of an instance of our service. */
export function isInstanceName(name: string): boolean {
  return foldName(name).endsWith(`.${SERVICE_NAME}`)
}

/** A name for the node's addresses that no other node has, nor the host's own mDNS responder. */
export function hostName(id: PeerId): string {
  return `earshot-${id.slice(0, HOST_DIGITS).toLowerCase()}.local`
}

/** Whether a stranger's name can be sent again as it is: labels of 1 to 63 bytes of text, on one line. */
export function isUsableName(name: string): boolean {
  if (name.length > NAME_BYTES_MAX || UNUSABLE.test(name)) return false
  let bytes = 1
  for (const label of name.split('.')) {
    const { length } = utf8Encode(label)
    if (length === 0 || length > LABEL_BYTES_MAX) return false
    bytes += length + 1
  }
  return bytes <= NAME_BYTES_MAX
}
