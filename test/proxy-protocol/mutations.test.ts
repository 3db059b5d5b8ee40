/** The decoder of PROXY headers and a million damaged ones. */
import { crc32c } from '../../src/proxy-protocol/crc32c.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { below, type Change, describeMutations, oneOf } from '../support/mutations.js'
import { hex, INET, tlv, v2, vectors } from './headers.js'

const MOST_V2_BYTES = 16 + 4096

const changes = (messages: readonly Buffer[]): readonly Change[] => [
  function splice(bytes, at, next) {
    const other = oneOf(next, messages)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(below(next, other.length))])
  },
  function changeLength(bytes, _at, next) {
    if (bytes.length >= 16)
      bytes.writeUInt16BE(oneOf(next, [bytes.length - 16, below(next, 300)]) & 0xffff, 14)
    return bytes
  },
  function mendChecksum(bytes) {
    if (bytes.length < 20) return bytes
    bytes.fill(0, bytes.length - 4)
    bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4)
    return bytes
  },
]

describeMutations({
  parser: 'decodeProxyHeader',
  read: decodeProxyHeader,
  tellingBytes: hex('000102030405 0a 0d 20 21 2030 25 2e 3a 30 31 39 61 66 6c 7f 80 e0 ff'),
  changes,
  mostChanges: 4,
  leastBytes: 15,
  mostBytes: MOST_V2_BYTES,
  // Without the longest headers, which cost much time and have few places that matter.
  messages: () => [
    ...vectors.map(({ bytes }) => bytes).filter((bytes) => bytes.length < 600),
    v2('2111', INET, tlv(4, ''), tlv(0x20, hex(`0700000000${tlv(0x22, 'a')}`)), tlv(3, hex('00000000'))),
  ],
})
