/**
 * TLS on either side of a connection. Waiting for its handshake is like waiting for the peer. What is sent
 * afterwards is sent inside it.
 */
import type { Socket } from 'node:net'
import { type Dialogue, DialogueOver } from '../io/dialogue.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Handshake } from '../tls/handshake.js'
import type { Refusal } from './refusal.js'

/**
 * Does a handshake on the bare connection, which `begin` gets. All waits after it have `ms` together (0: no
 * deadline). Throws DialogueOver. If there is no TLS, throws what `refusal` makes of the reason.
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
