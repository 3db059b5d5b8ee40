/**
 * The opening of a connection. It learns from the client's first bytes who the client is and what it asks
 * for, until its cluster is known. None of the bytes that belong to the backend is lost. Every step either
 * goes on or throws a Refusal.
 */

import { DialogueOver } from '../../io/dialogue.js'
import { ALPN_POSTGRESQL } from '../../names.js'
import type { ClientHello } from '../../peek/client-hello.js'
import { refuse } from '../refusal.js'
import { secured } from '../secured.js'
import { agreeOnTls, readPacket } from '../start-tls.js'
import { admitRequester, admitSender } from './admit.js'
import { type Choice, REJECT, routeOf } from './choice.js'
import { readFirstRequest } from './first-request.js'
import { clientByField } from './forwarding.js'
import { type KnownClient, maySpeakTls } from './known-client.js'
import { takeProxyHeader } from './proxy-header.js'
import { clusterOfSilent, learnWhatItSpeaks } from './spoken.js'

/**
 * Writes what it learns to `client`. Undefined if the client only wants to cancel. Throws Refusal,
 * DialogueOver, and what a route function throws.
 */
export async function chooseCluster(client: KnownClient): Promise<Choice | undefined> {
  const { dialogue, policy } = client
  const { config, firstBytesMs, termination } = policy
  await identify(client)
  admitSender(client)
  dialogue.allow(firstBytesMs)
  const silent = await clusterOfSilent(client)
  if (silent !== undefined) return choiceForSilent(client, silent)
  await learnWhatItSpeaks(client)
  const isHelloExpected = await expectsHello(client)
  if (isHelloExpected) {
    const instead = await lookAtHello(client)
    if (instead !== undefined) return { cluster: instead, http: 'reject' }
  }
  if (termination !== undefined && isHelloExpected) await terminate(client)
  const passesThrough = isHelloExpected && client.tls === undefined
  if (config.startTls !== undefined && !passesThrough) await readStartUp(client)
  if (client.cancelRequest !== undefined) return undefined
  if (config.protocol === 'http') {
    client.request = await readFirstRequest(dialogue, policy.mayPass)
    client.fieldClient = clientByField(client, client.request)
    admitRequester(client)
  }
  return routeOf(client)
}

/** A client that a route rejects, whatever it says, is also rejected if it says nothing. */
function choiceForSilent(client: KnownClient, cluster: string): Choice {
  const rule = client.policy.routes.find({ client: client.address, spoken: [] })
  client.decidedBy = rule !== undefined && rule.cluster === undefined ? rule.index : 'onSilent'
  if (rule !== undefined && rule.cluster === undefined) throw refuse('rejected')
  return { cluster, http: 'reject' }
}

/** Reads the PROXY header, if the sender may send one. */
async function identify(client: KnownClient): Promise<void> {
  const { dialogue, policy } = client
  const { acceptProxy } = policy.config
  if (acceptProxy === undefined) return
  const { required, timeoutMs } = acceptProxy
  if (!policy.proxySenders.has(client.peer)) {
    // The record's `client` names the sender, if records may name clients.
    if (required) throw refuse('proxy-header: not from a trusted sender')
    return
  }
  dialogue.allow(timeoutMs)
  try {
    client.proxyHeader = await takeProxyHeader(dialogue, required)
  } catch (error) {
    if (!(error instanceof DialogueOver) || error.why !== 'timed-out') throw error
    // A client that waits for the server to speak sends nothing. If no header is required, it may do without.
    if (required || dialogue.socket.peek(1).length > 0) throw refuse('proxy-header: too slow')
  }
}

/** Whether to look at a ClientHello. With Postgres, the client's first packet decides. */
async function expectsHello(client: KnownClient): Promise<boolean> {
  const { config, looksAtHello } = client.policy
  if (config.startTls === undefined) return looksAtHello && maySpeakTls(client)
  const how = await agreeOnTls(client.dialogue)
  if (how === 'none') return false
  const hello = await client.readHello()
  // Otherwise a hello meant for another protocol could be brought here (ALPACA). Servers insist on this, too.
  if (how === 'at-once' && typeof hello !== 'string' && !hello.alpn.includes(ALPN_POSTGRESQL))
    throw refuse(`bad-hello: no ALPN "${ALPN_POSTGRESQL}"`)
  return true
}

/** The cluster, if the hello or its missing name decides alone. */
async function lookAtHello(client: KnownClient): Promise<string | undefined> {
  const { config, termination, mayLackHello } = client.policy
  const { onBadHello, onNoSni } = config
  const hello = await helloOrSilence(client)
  if (typeof hello === 'string') {
    if (mayLackHello) return undefined
    client.decidedBy = 'onBadHello'
    if (onBadHello === REJECT) throw refuse(`bad-hello: ${hello}`)
    return onBadHello
  }
  if (hello.serverName !== undefined || onNoSni === undefined) return undefined
  client.decidedBy = 'onNoSni'
  if (onNoSni === REJECT) throw refuse('no-sni')
  // With our own certificate, the handshake still comes first.
  return termination === undefined ? onNoSni : undefined
}

/** A client that waits for the server to speak first sends no hello. If it may lack one, it goes on without. */
async function helloOrSilence(client: KnownClient): Promise<ClientHello | string> {
  const { dialogue, policy } = client
  try {
    return await client.readHello()
  } catch (error) {
    const isSilent =
      error instanceof DialogueOver && error.why === 'timed-out' && dialogue.socket.peek(1).length === 0
    if (!policy.mayLackHello || !isSilent) throw error
    dialogue.allow(policy.firstBytesMs)
    return 'no bytes'
  }
}

/** The client goes to the server that its ClientHello names. Nothing may have needed the ClientHello before. */
export async function learnServerName(client: KnownClient): Promise<void> {
  const { policy } = client
  // With `protocol: http` it came before the request, or there is none.
  if (client.hello !== undefined || policy.config.protocol === 'http') return
  const hello = await client.readHello()
  if (typeof hello === 'string') throw refuse(`bad-hello: ${hello}`)
}

async function terminate(client: KnownClient): Promise<void> {
  const { dialogue, hello, policy } = client
  client.tls = await secured(
    dialogue,
    (raw) => policy.termination!.accept(raw, hello?.serverName),
    policy.firstBytesMs,
    (reason) => refuse(`tls-handshake: ${reason}`),
  )
}

async function readStartUp(client: KnownClient): Promise<void> {
  const { packet, taken } = await readPacket(client.dialogue)
  if (packet.kind === 'cancel') client.cancelRequest = { session: packet.session, bytes: taken }
  else client.startUp = { user: packet.user, database: packet.database }
}
