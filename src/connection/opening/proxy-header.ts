/**
 * Takes the PROXY header off the first bytes of a client.
 */
import type { Dialogue } from '../../io/dialogue.js'
import { decodeProxyHeader, MOST_HEADER_BYTES, mayBeProxyHeader } from '../../proxy-protocol/decode.js'
import type { ProxyHeader } from '../../proxy-protocol/header.js'
import { refuse } from '../refusal.js'

/** Undefined: there is none, and none is required. Throws Refusal and DialogueOver. */
export async function takeProxyHeader(
  dialogue: Dialogue,
  required: boolean,
): Promise<ProxyHeader | undefined> {
  const isMissing = (bytes: Buffer): boolean => !required && !mayBeProxyHeader(bytes)
  const answer = await dialogue.look(
    (bytes) => (isMissing(bytes) ? { kind: 'match', value: undefined, bytes: 0 } : decodeProxyHeader(bytes)),
    MOST_HEADER_BYTES,
  )
  if (answer.kind === 'no-match') throw refuse(`proxy-header: ${answer.reason}`)
  dialogue.socket.read(answer.bytes)
  return answer.value
}
