/**
 * Tells a client that gets no backend so, in its own language (docs/limits.md, "Saying no"). It takes bytes of the client only
 * to find out what the client speaks. The answer is short, and so is the time: whoever does not show a language in it is
 * reset. No byte of such a client reaches a backend.
 */
import type { PeerAddress } from '../address.js'
import { unpackPeer } from '../address.js'
import { type Dialogue, DialogueOver } from '../io/dialogue.js'
import type { PartingLimits } from '../io/parting.js'
import type { RefuseAs } from '../limits/policy.js'
import { kindOf } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import { BY_FIRST_BYTES, BY_NAME, type Detectable, detectableOf, FIRST_BYTES } from '../refusals/languages.js'
import type { Refused } from '../refusals/refused.js'
import { retryAfterSeconds } from '../refusals/retry-after.js'
import type { ErrorStatus } from '../websocket/error-answer.js'
import type { ListenerPolicy } from './listener-policy.js'
import type { KnownClient } from './opening/known-client.js'
import { takeProxyHeader } from './opening/proxy-header.js'
import { Refusal, statusOf } from './refusal.js'
import type { Service } from './service.js'
import { agreeOnTls, readPacket } from './start-tls.js'

/** How long a client may take to show what it speaks (ms). */
export const SHOW_MS = 1000
/** An answer fits into one packet, so a client needs little time for it. */
export const AFTER_ANSWER: PartingLimits = {
  goodbyeMs: 3000,
  isExtended: false,
  lullMs: 1000,
  mostBytes: 256 * 1024,
}
const NOTHING = Buffer.alloc(0)

/** How to tell one client no: in a language, or with these bytes. */
export type TellOrder =
  | { readonly as: Exclude<RefuseAs, 'reset'>; readonly refused: Refused; readonly answer?: never }
  | { readonly answer: Uint8Array }

/** What the client may do before it shows its language. */
export interface TellState {
  /** It may send a PROXY header first. */
  readonly mayHaveHeader: boolean
  /** millrace ends its TLS, and has not done so yet. */
  readonly isTlsAhead: boolean
  /** Its request for TLS is answered with yes. */
  readonly agreesToTls: boolean
}

/** What decides how a client is told no. */
interface Told {
  readonly service: Pick<Service, 'refuseAs' | 'destinations'>
  readonly cluster: string | undefined
  readonly knownClient?: { readonly answer: Uint8Array | undefined } | undefined
}

/** Undefined: the client is reset. `status` replaces the usual one of the cause. */
export function tellOrderOf(
  ending: RecordEnding,
  { service: { refuseAs, destinations }, cluster, knownClient }: Told,
  status: ErrorStatus | undefined = statusOf(ending),
): TellOrder | undefined {
  const { answer } = knownClient ?? {}
  if (answer !== undefined) return { answer }
  const { told } = kindOf(ending)
  if (told === undefined) return undefined
  const ofCluster = ending.phase === 'opening' ? undefined : destinations.get(cluster ?? '')?.refuseAs
  const as = ofCluster ?? refuseAs
  if (as === 'reset') return undefined
  return {
    as,
    refused: {
      reason: told,
      // A client without a server name speaks TLS, which knows no status.
      status: status ?? 404,
      retryAfterSeconds: retryAfterSeconds(ending.cause, Date.now()),
    },
  }
}

/** The state of a client of which nothing was read yet. */
export function untouched({ policy }: Service, from: PeerAddress): TellState {
  if (policy === undefined) return { mayHaveHeader: false, isTlsAhead: false, agreesToTls: false }
  const peer = from === undefined ? undefined : unpackPeer(from)
  const mayHaveHeader = policy.config.acceptProxy !== undefined && policy.proxySenders.has(peer)
  return { mayHaveHeader, ...tlsOf(policy) }
}

/** The state of a client whose opening has begun. */
export function stateOf({ policy, tls }: KnownClient): TellState {
  const ofTls = tls === undefined ? tlsOf(policy) : { isTlsAhead: false, agreesToTls: false }
  return { mayHaveHeader: false, ...ofTls }
}

function tlsOf({ termination, config }: ListenerPolicy): Omit<TellState, 'mayHaveHeader'> {
  const agreesToTls = config.startTls !== undefined
  return { isTlsAhead: termination !== undefined && !agreesToTls, agreesToTls }
}

/** Tells it, and closes. Rejects only because of a bug. */
export async function tellNo(dialogue: Dialogue, order: TellOrder, state: TellState): Promise<void> {
  const words = await wordsFor(dialogue, order, state)
  if (words === undefined) dialogue.reset()
  else await dialogue.sayGoodbye(words, AFTER_ANSWER)
}

/** Undefined: the client shows no language that millrace knows. */
async function wordsFor(
  dialogue: Dialogue,
  order: TellOrder,
  { mayHaveHeader, isTlsAhead, agreesToTls }: TellState,
): Promise<Buffer | undefined> {
  if (order.answer !== undefined) return Buffer.from(order.answer)
  const { as, refused } = order
  if (as === 'close') return NOTHING
  if (as !== 'auto' && !isTlsAhead) return BY_NAME[as].bytes(refused)
  dialogue.allow(SHOW_MS)
  try {
    if (mayHaveHeader) await takeProxyHeader(dialogue, false)
    const language = await languageOf(dialogue, agreesToTls)
    return language === 'none' ? NOTHING : language && BY_FIRST_BYTES[language].bytes(refused)
  } catch (error) {
    if (error instanceof DialogueOver || error instanceof Refusal) return undefined
    throw error
  }
}

/** `none`: the client wants no answer. Undefined: its language is unknown. */
async function languageOf(
  dialogue: Dialogue,
  agreesToTls: boolean,
): Promise<Detectable | 'none' | undefined> {
  const language = await detect(dialogue)
  if (language !== 'postgres') return language
  const how = await agreeOnTls(dialogue, agreesToTls)
  if (how === 'asked' && agreesToTls) return detect(dialogue)
  if (how === 'at-once') return 'tls'
  const { packet } = await readPacket(dialogue)
  // Postgres does the same: a client that cancels learns nothing.
  return packet.kind === 'cancel' ? 'none' : 'postgres'
}

async function detect(dialogue: Dialogue): Promise<Detectable | undefined> {
  const { value } = await dialogue.look((bytes) => FIRST_BYTES.answer(bytes), FIRST_BYTES.mostBytes)
  return detectableOf(value)
}
