/**
 * How Postgres starts TLS, on either side. A packet asks for it, one byte answers, and the handshake follows.
 * A client that has asked gets TLS or nothing: no answer and no order of packets leads back to plain bytes.
 */
import type { Dialogue } from '../io/dialogue.js'
import {
  type FirstPacket,
  MOST_PACKET_BYTES,
  readFirstPacket,
  TLS_REQUEST,
} from '../postgres/first-packet.js'
import { MOST_ANSWER_BYTES, readTlsAnswer } from '../postgres/tls-answer.js'
import { badTls, refuse } from './refusal.js'

const YES = Buffer.from('S')
const NO = Buffer.from('N')

/**
 * How a client's TLS begins: `asked` and answered, `at-once` with its first byte, or `none`. With `none`, the
 * packet that said so is still there. `isAgreed`: whether a request for TLS is answered with yes.
 */
export async function agreeOnTls(client: Dialogue, isAgreed = true): Promise<'asked' | 'at-once' | 'none'> {
  const first = await lookAtPacket(client)
  if (first.packet.kind === 'hello') return 'at-once'
  const isGss = first.packet.kind === 'gss-request'
  if (isGss) await answer(client, NO)
  const { packet } = isGss ? await lookAtPacket(client) : first
  if (packet.kind === 'tls-request') {
    await answer(client, isAgreed ? YES : NO)
    return 'asked'
  }
  if (packet.kind === 'start-up' || packet.kind === 'cancel') return 'none'
  throw refuse(`bad-start-up: unexpected ${packet.kind}`)
}

/** Reads what a client says once nothing is left to agree on. It takes a cancel request. */
export async function readPacket(
  client: Dialogue,
): Promise<{ packet: Extract<FirstPacket, { kind: 'start-up' | 'cancel' }>; taken: Buffer }> {
  const { packet, bytes } = await lookAtPacket(client)
  if (packet.kind === 'start-up') return { packet, taken: Buffer.alloc(0) }
  if (packet.kind === 'cancel') return { packet, taken: Buffer.from(client.socket.read(bytes)) }
  throw refuse(`bad-start-up: unexpected ${packet.kind}`)
}

/** Asks a backend for TLS. The handshake begins with the next byte to it. Throws Refusal and DialogueOver. */
export async function askForTls(backend: Dialogue): Promise<void> {
  await backend.say(TLS_REQUEST)
  const found = await backend.look(readTlsAnswer, MOST_ANSWER_BYTES)
  if (found.kind === 'no-match') throw badTls(found.reason)
  backend.socket.read(found.bytes)
}

async function lookAtPacket(client: Dialogue): Promise<{ packet: FirstPacket; bytes: number }> {
  // One byte more tells whether anything follows the longest packet.
  const found = await client.look(readFirstPacket, MOST_PACKET_BYTES + 1)
  if (found.kind === 'no-match') throw refuse(`bad-start-up: ${found.reason}`)
  return { packet: found.value, bytes: found.bytes }
}

/** Takes the request and answers it. Bytes that follow the request came in the clear, so they are refused. */
async function answer(client: Dialogue, byte: Buffer): Promise<void> {
  client.socket.read(TLS_REQUEST.length)
  if (client.socket.peek(1).length > 0) throw refuse('bad-start-up: bytes before the handshake')
  await client.say(byte)
}
