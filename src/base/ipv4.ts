/**
 * IPv4 addresses as numbers: to compare, to reckon with and to keep them without the text.
 */

/** The 32 bits of an address in its four-part decimal spelling, or `undefined` for every other text. */
export function parseIpv4(text: string): number | undefined {
  const address = ipv4Number(text)
  return address < 0 ? undefined : address
}

export function formatIpv4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')
}

/** What `parseIpv4` reads, for tables of numbers: −1 for every other text. */
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
      // A leading zero means octal to some programs: such a spelling has no one meaning.
      if (code < 0x30 || code > 0x39 || octet === 0) return -1
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet >= 0 ? address * 256 + octet : -1
}
