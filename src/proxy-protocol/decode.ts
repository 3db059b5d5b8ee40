/**
 * Reads a PROXY protocol header off the first bytes of a connection: which version it is, the rest is in
 * decode-v1.ts and decode-v2.ts. Pure and without memory between calls. It must never guess whether a header was
 * meant: anybody could claim any address then. The caller knows from its config that there has to be one.
 */
import type { Answer } from '../peek/answer.js'
import { decodeV1 } from './decode-v1.js'
import { decodeV2 } from './decode-v2.js'
import {
  type ProxyHeader,
  V1_SIGNATURE,
  V2_FIXED_BYTES,
  V2_MAX_LENGTH_BYTES,
  V2_SIGNATURE,
} from './header.js'

/** The longest header that is read. */
export const MOST_HEADER_BYTES = V2_FIXED_BYTES + V2_MAX_LENGTH_BYTES

/**
 * The header that `bytes` begin with, of either version. `need-more` is never answered to more than 106 bytes of
 * version 1 or 4111 of version 2. Nothing in a match shares memory with `bytes`.
 */
export function decodeProxyHeader(bytes: Buffer): Answer<ProxyHeader> {
  if (canBegin(bytes, V2_SIGNATURE)) return decodeV2(bytes)
  if (canBegin(bytes, V1_SIGNATURE)) return decodeV1(bytes)
  return { kind: 'no-match', reason: 'not a PROXY protocol header' }
}

/** Whether `bytes` may be the beginning of a header: true of none at all, too. */
export function mayBeProxyHeader(bytes: Buffer): boolean {
  return canBegin(bytes, V2_SIGNATURE) || canBegin(bytes, V1_SIGNATURE)
}

function canBegin(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, length, 0, length) === 0
}
