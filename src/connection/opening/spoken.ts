/**
 * Finds out whether a client speaks at all before its server does, and what it speaks. It looks at the first bytes and takes
 * none of them.
 */
import { DialogueOver } from '../../io/dialogue.js'
import type { Answer } from '../../peek/answer.js'
import type { KnownClient } from './known-client.js'

/**
 * The cluster for clients that send nothing, once this client has sent nothing for long enough. Undefined: it sends
 * something, or nothing is said about silent clients.
 */
export async function clusterOfSilent(client: KnownClient): Promise<string | undefined> {
  const { dialogue, policy } = client
  const { onSilent } = policy.config
  if (onSilent === undefined) return undefined
  const begunAt = performance.now()
  dialogue.allow(onSilent.afterMs)
  try {
    await dialogue.look(anyByte, 1)
  } catch (error) {
    client.isSilent = isOutOfTime(error) && hasSaidNothing(client)
    if (client.isSilent) return onSilent.cluster
    if (!isOutOfTime(error)) throw error
  }
  const restMs = policy.firstBytesMs - (performance.now() - begunAt)
  dialogue.allow(policy.firstBytesMs === 0 ? 0 : Math.max(1, restMs))
  return undefined
}

/**
 * Waits until the bytes tell what the client speaks. If no more of them come in time, those that came decide. Throws
 * DialogueOver if that would be no decision.
 */
export async function learnWhatItSpeaks(client: KnownClient): Promise<void> {
  const { dialogue, policy } = client
  const { detection, firstBytesMs, looksAtHello, mayLackHello } = policy
  if (detection === undefined) return
  try {
    const { value } = await dialogue.look((bytes) => detection.answer(bytes), detection.mostBytes)
    client.spoken = value
  } catch (error) {
    if (!sendsNoMore(error, client)) throw error
    client.spoken = detection.matches(dialogue.socket.peek(detection.mostBytes))
    client.isSilent = hasSaidNothing(client)
    // Where TLS is needed, a part of a ClientHello is no reason to do without it.
    if (client.spoken.length === 0 && looksAtHello && !mayLackHello) throw error
    client.unfinished = error
    dialogue.allow(firstBytesMs)
  }
}

/** The deadline has passed, or the client has sent FIN after its bytes. */
function sendsNoMore(error: unknown, client: KnownClient): error is DialogueOver {
  return (
    isOutOfTime(error) || (error instanceof DialogueOver && error.why === 'ended' && !hasSaidNothing(client))
  )
}

const anyByte = (bytes: Buffer): Answer<undefined> =>
  bytes.length > 0 ? { kind: 'match', value: undefined, bytes: 0 } : { kind: 'need-more' }

const isOutOfTime = (error: unknown): error is DialogueOver =>
  error instanceof DialogueOver && error.why === 'timed-out'

const hasSaidNothing = ({ dialogue }: KnownClient): boolean => dialogue.socket.peek(1).length === 0
