/**
 * The first request of a client that speaks HTTP. It is read strictly. It is either an upgrade to WebSocket or an ordinary
 * request. It is taken whole, unless it passes through. What follows its head stays where it is.
 */
import type { Dialogue } from '../../io/dialogue.js'
import { MOST_HEAD_BYTES } from '../../websocket/heads/head.js'
import { type RequestHead, readRequestHead } from '../../websocket/heads/request-head.js'
import { upgradeOf } from '../../websocket/upgrade.js'
import { type Refusal, refuse } from '../refusal.js'

export interface FirstRequest {
  readonly head: RequestHead
  /** The bytes of the head, as they came. */
  readonly original: Buffer
  /** The key of an upgrade. Undefined for an ordinary request. */
  readonly key: string | undefined
  /** Why millrace cannot serve it. It does not keep the request from passing through. */
  readonly wrong?: Refusal | undefined
}

/**
 * Reads a request, and takes its head. If it may pass through, nothing is taken and only its head is judged. Throws a
 * Refusal if it may not be served.
 */
export async function readFirstRequest(client: Dialogue, mayPass: boolean): Promise<FirstRequest> {
  const answer = await client.look(readRequestHead, MOST_HEAD_BYTES)
  if (answer.kind === 'no-match') throw refuse(`bad-request: ${answer.reason}`, answer.status)
  const { value: head, bytes } = answer
  const upgrade = upgradeOf(head)
  const wrong = upgrade.kind === 'bad' ? refuse(`bad-request: ${upgrade.reason}`, upgrade.status) : undefined
  if (wrong !== undefined && !mayPass) throw wrong
  const original = Buffer.from(mayPass ? client.socket.peek(bytes) : client.socket.read(bytes))
  return { head, original, key: upgrade.kind === 'websocket' ? upgrade.key : undefined, wrong }
}

/** Takes the head of a request that might have passed. Throws a Refusal if it may not be served. */
export function takeRequest(client: Dialogue, { original, wrong }: FirstRequest): void {
  if (wrong !== undefined) throw wrong
  client.socket.read(original.length)
}
