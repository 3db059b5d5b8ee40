/**
 * The first request of a client that speaks HTTP. It is read strictly and taken whole. It is either an
 * upgrade to WebSocket or an ordinary request. What follows its head stays where it is.
 */
import type { Dialogue } from '../../io/dialogue.js'
import { MOST_HEAD_BYTES } from '../../websocket/heads/head.js'
import { type RequestHead, readRequestHead } from '../../websocket/heads/request-head.js'
import { upgradeOf } from '../../websocket/upgrade.js'
import { refuse } from '../refusal.js'

export interface FirstRequest {
  readonly head: RequestHead
  /** The bytes of the head, as they came. */
  readonly original: Buffer
  /** The key of an upgrade. Undefined for an ordinary request. */
  readonly key: string | undefined
}

/** Throws a Refusal if the request may not be served. */
export async function readFirstRequest(client: Dialogue): Promise<FirstRequest> {
  const answer = await client.look(readRequestHead, MOST_HEAD_BYTES)
  if (answer.kind === 'no-match') throw refuse(`bad-request: ${answer.reason}`, answer.status)
  const { value: head, bytes } = answer
  const upgrade = upgradeOf(head)
  if (upgrade.kind === 'bad') throw refuse(`bad-request: ${upgrade.reason}`, upgrade.status)
  const original = Buffer.from(client.socket.read(bytes))
  return { head, original, key: upgrade.kind === 'websocket' ? upgrade.key : undefined }
}
