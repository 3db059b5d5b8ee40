/**
 * Whether bytes begin the Remote Desktop Protocol: an X.224 connection request in a TPKT packet ([MS-RDPBCGR] section
 * 2.2.1.1; RFC 1006 section 6 for TPKT). The cookie and the negotiation behind it are not looked at. Pure, without memory
 * between calls.
 */
import type { Detected } from './beginning.js'

/** TPKT header and connection request. Every request has so many bytes, whatever follows in it. */
export const RDP_HEADER_BYTES = 11
/** TPKT counts its own 4 bytes, and the length indicator does not count itself. */
const MORE_THAN_INDICATED = 5
const LENGTH_AT = 2
const INDICATOR_AT = 4
/** A longer connection request would not fit the length indicator of one byte. 255 is reserved. */
const MOST_INDICATED = 254

/** The bytes that are always the same: TPKT version 3, CR, no destination, class 0. */
const FIXED: readonly (readonly [at: number, value: number])[] = [
  [0, 3],
  [1, 0],
  [5, 0xe0],
  [6, 0],
  [7, 0],
  [10, 0],
]

export function beginsRdp(bytes: Buffer): Detected {
  if (FIXED.some(([at, value]) => at < bytes.length && bytes[at] !== value)) return 'no-match'
  if (bytes.length > INDICATOR_AT) {
    const indicated = bytes[INDICATOR_AT]!
    const isWhole = bytes.readUInt16BE(LENGTH_AT) === indicated + MORE_THAN_INDICATED
    const fits = indicated >= RDP_HEADER_BYTES - MORE_THAN_INDICATED && indicated <= MOST_INDICATED
    if (!isWhole || !fits) return 'no-match'
  }
  return bytes.length < RDP_HEADER_BYTES ? 'need-more' : 'match'
}
