/**
 * IPv4 addresses as numbers: to compare and to keep them without the text.
 */

/** The 32 bits of an address in its usual spelling; −1 for every other text. */
export function ipv4Number(text: string): number {
  let address = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) {
      if (octet < 0) return -1
      address = address * 256 + octet
      octet = -1
      dots++
    } else {
      // A second spelling of the same address (a leading zero) is none.
      if (code < 0x30 || code > 0x39 || octet === 0) return -1
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet >= 0 ? address * 256 + octet : -1
}
