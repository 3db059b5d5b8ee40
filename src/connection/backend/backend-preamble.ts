/**
 * What a backend is told before the first byte of its client. A PROXY header in the clear tells who the
 * client is. If the cluster says so, a TLS handshake follows.
 */
import type { SendProxyConfig } from '../../config/schema.js'
import type { Dialogue } from '../../io/dialogue.js'
import { encodeProxyHeader } from '../../proxy-protocol/encode.js'
import type { TlsFacts } from '../../route/visitor.js'
import type { TlsBackend, TlsOrigination } from '../../tls/tls-origination.js'
import type { KnownClient } from '../opening/known-client.js'
import { badTls } from '../refusal.js'
import { secured } from '../secured.js'
import { askForTls } from '../start-tls.js'
import { chosenFacts, proxyFacts } from './proxy-facts.js'

/** What the backends of a cluster are told, and how long they may take. */
export interface BackendPreamble {
  readonly sendProxy: SendProxyConfig | undefined
  readonly origination: TlsOrigination | undefined
  /** How the backends must be asked for TLS before it begins. */
  readonly startTls: 'postgres' | undefined
  /** How long they may take to answer, in ms. 0: for ever. */
  readonly responseMs: number
  readonly idleMs: number
}

/**
 * Tells `backend`, a connection to `to`, about `client`. `id` is that of the record. Returns what was agreed
 * in our own TLS. Undefined if there is none. Throws Refusal and DialogueOver.
 */
export async function sendPreamble(
  backend: Dialogue,
  to: TlsBackend,
  preamble: BackendPreamble,
  client: KnownClient,
  id: string,
): Promise<TlsFacts | undefined> {
  const { sendProxy, startTls, responseMs } = preamble
  const facts = proxyFacts(client, id)
  const passesTlsOn = isPassingTlsOn(client, startTls)
  const origination = passesTlsOn ? undefined : preamble.origination
  backend.allow(responseMs)
  if (sendProxy !== undefined) {
    const version = sendProxy.version === 'v1' ? 1 : 2
    await backend.say(encodeProxyHeader(version, chosenFacts(facts, sendProxy)))
  }
  if (passesTlsOn || (origination !== undefined && startTls !== undefined)) await askForTls(backend)
  if (origination === undefined) return undefined
  return secured(backend, (raw) => origination.begin(raw, to, facts.authority), responseMs, badTls)
}

/** Whether the client's own TLS passes on to a backend that must be asked for TLS first. */
function isPassingTlsOn({ hello, tls, policy }: KnownClient, startTls: BackendPreamble['startTls']): boolean {
  const isStarted = policy.config.startTls !== undefined || startTls !== undefined
  return isStarted && hello !== undefined && tls === undefined
}
