import { expect, it } from 'vitest'
import { crc32c } from '../../src/proxy-protocol/crc32c.js'

/** The values of RFC 3720 appendix B.4, and the usual check value of CRC-32C. */
it.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 ascending', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 descending', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('the CRC-32C checksum of %s is the published one', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})
