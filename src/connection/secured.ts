/**
 * TLS on either side of a connection. Its handshake is waited for as the peer itself; what is said afterwards is said
 * inside it.
 */
import type { Socket } from 'node:net'
import { type Dialogue, DialogueOver } from '../io/dialogue.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Handshake } from '../tls/handshake.js'
import type { Refusal } from './refusal.js'

/**
 * `begin` is given the bare connection. What is waited for after the handshake has `ms` (0: no deadline). Throws
 * DialogueOver, and what `refusal` makes of the reason why there is no TLS.
 */
export async function secured(
  dialogue: Dialogue,
  begin: (raw: Socket) => Handshake,
  ms: number,
  refusal: (reason: string) => Refusal,
): Promise<TlsFacts> {
  const raw = dialogue.socket.release()
  if (raw === undefined) throw refusal('the connection is closed')
  const handshake = begin(raw)
  try {
    const { stream, facts } = await dialogue.during(handshake.done)
    dialogue.goOnInside(stream, raw)
    dialogue.allow(ms)
    return facts
  } catch (error) {
    handshake.cancel()
    if (error instanceof DialogueOver) throw error
    throw refusal(error instanceof Error ? error.message : String(error))
  }
}
