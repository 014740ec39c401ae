/** Addresses of strangers. (Which can be dialled is in `mdns/addresses.test.ts`.) */
import { describe, expect, it } from 'vitest'
import { strangerAt } from '../../../src/discovery/addresses.ts'

describe('a stranger', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
    ['2001:db8:0:7:aaaa:bbbb:cccc:dddd', '2001:db8:0:7::/64'],
    ['fe80::7%eth0', 'fe80::/64'],
    ['::1', '::/64'],
  ])('at %s is %s', (address, who) => expect(strangerAt(address)).toBe(who))
})
