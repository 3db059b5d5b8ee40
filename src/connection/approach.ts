/**
 * What a backend is told before the first byte of its client: who the client is, by a PROXY header in the clear, and
 * then, where the cluster says so, a TLS handshake.
 */
import type { Backend } from '../cluster/backend.js'
import type { SendProxyConfig } from '../config/schema.js'
import { Dialogue, DialogueOver } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import { StreamSocket } from '../io/stream-socket.js'
import { encodeProxyHeader, type ProxyHeaderOptions } from '../proxy-protocol/encode.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Origination } from '../tls/origination.js'
import { chosenFacts } from './proxy-facts.js'
import { badTls } from './refusal.js'
import { askForTls } from './start-tls.js'

/** What a cluster's backends are to be told. */
export interface Manners {
  readonly sendProxy: SendProxyConfig | undefined
  readonly origination: Origination | undefined
  /** The backends are to be asked for TLS before it begins. */
  readonly startTls: 'postgres' | undefined
  /** In ms; 0: never. */
  readonly responseMs: number
  readonly idleMs: number
}

/** The backend's end as it is to be joined. */
export interface Approached {
  /** Another one than before where TLS was spoken. */
  readonly backend: Dialogue
  readonly tls: TlsFacts | undefined
}

/**
 * Tells `backend` what it is to be told. `isPassingOn`: the client's own TLS follows, which the backend is asked for, and
 * none of ours. Throws Refusal and DialogueOver.
 */
export async function approach(
  backend: Dialogue,
  to: Backend,
  manners: Manners,
  facts: ProxyHeaderOptions,
  engine: Engine,
  isPassingOn: boolean,
): Promise<Approached> {
  const { sendProxy, startTls, responseMs } = manners
  const origination = isPassingOn ? undefined : manners.origination
  backend.allow(responseMs)
  if (sendProxy !== undefined) {
    const version = sendProxy.version === 'v1' ? 1 : 2
    await backend.say(encodeProxyHeader(version, chosenFacts(facts, sendProxy)))
  }
  if (isPassingOn || (origination !== undefined && startTls !== undefined)) await askForTls(backend)
  if (origination === undefined) return { backend, tls: undefined }
  const raw = backend.socket.release()
  if (raw === undefined) throw badTls('the connection is closed')
  const handshake = origination.begin(raw, to, facts.authority)
  try {
    const { stream, facts: tls } = await backend.during(handshake.done)
    const socket = new StreamSocket(stream, engine.turns, 'not-a-plain-socket')
    socket.below = raw
    const secured = new Dialogue(socket, engine.turns, engine.sweep)
    secured.allow(responseMs)
    if (backend.isCalledOff) secured.callOff()
    backend.end()
    return { backend: secured, tls }
  } catch (error) {
    handshake.cancel()
    if (error instanceof DialogueOver) throw error
    throw badTls(error instanceof Error ? error.message : String(error))
  }
}
