/**
 * Reads a PROXY protocol header from the first bytes of a connection. This file finds the version.
 * decode-v1.ts and decode-v2.ts read the rest. Pure, without memory between calls. It must never guess
 * whether a header was meant: then anybody could claim any address. The caller knows from its config that
 * there must be one.
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

/** The longest header that millrace reads. */
export const MOST_HEADER_BYTES = V2_FIXED_BYTES + V2_MAX_LENGTH_BYTES

/**
 * Reads the header at the start of `bytes`, of either version. It never says `need-more` to more than 106
 * bytes of version 1 or 4111 of version 2. Nothing in a match shares memory with `bytes`.
 */
export function decodeProxyHeader(bytes: Buffer): Answer<ProxyHeader> {
  if (canBegin(bytes, V2_SIGNATURE)) return decodeV2(bytes)
  if (canBegin(bytes, V1_SIGNATURE)) return decodeV1(bytes)
  return { kind: 'no-match', reason: 'not a PROXY protocol header' }
}

/** `beginsProxyHeader` has an answer when it sees so many bytes. */
export const SIGNATURE_BYTES = V2_SIGNATURE.length

/** Whether `bytes` begin with the signature of either version. */
export function beginsProxyHeader(bytes: Buffer): Answer<unknown>['kind'] {
  if (!mayBeProxyHeader(bytes)) return 'no-match'
  const signature = canBegin(bytes, V2_SIGNATURE) ? V2_SIGNATURE : V1_SIGNATURE
  return bytes.length < signature.length ? 'need-more' : 'match'
}

/** Whether `bytes` may be the beginning of a header. True for no bytes at all. */
export function mayBeProxyHeader(bytes: Buffer): boolean {
  return canBegin(bytes, V2_SIGNATURE) || canBegin(bytes, V1_SIGNATURE)
}

function canBegin(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, length, 0, length) === 0
}
