/** How requests of forward servers end: one table, which says what clients are told. Pure. */
import { SHORTAGES } from '../errors.js'

interface Told {
  /** Of HTTP (RFC 9110). */
  readonly status: number
  /** Of SOCKS5 (RFC 1928 section 6). */
  readonly reply: number
}

const OUTCOMES = {
  /** The client got its connection. `pipe` of the record says how that ended. */
  served: { status: 200, reply: 0 },
  /** The bytes are no request, or it names no host and port. */
  'bad-request': { status: 400, reply: 1 },
  /** A request that this server does not serve, such as GET, or BIND of SOCKS. */
  'not-served': { status: 405, reply: 7 },
  /** The request did not come in time. */
  'request-timeout': { status: 408, reply: 1 },
  /** No user and password, or wrong ones. */
  'wrong-credentials': { status: 407, reply: 1 },
  /** `allow` said no, or the host has no address that is allowed. */
  'not-allowed': { status: 403, reply: 2 },
  /** A function of the user threw, rejected, or returned something else than it may. */
  'function-failed': { status: 500, reply: 1 },
  'function-timeout': { status: 503, reply: 1 },
  /** The name of the host has no address, or nobody could say. */
  'not-resolved': { status: 502, reply: 4 },
  'connect-failed': { status: 502, reply: 5 },
  'connect-timeout': { status: 504, reply: 4 },
  /** The client left before it had its answer. */
  /** The backend of an upgrade answered with something else than 101, and the client got that. */
  answered: { status: 200, reply: 1 },
  /** The answer of the backend is no HTTP, or no right 101. */
  'bad-answer': { status: 502, reply: 1 },
  'answer-timeout': { status: 504, reply: 1 },
  'client-gone': { status: 400, reply: 1 },
} as const satisfies Record<string, Told>

export type Outcome = keyof typeof OUTCOMES

export const UNKNOWN_ADDRESS_TYPE = 'unknown type of address'

/** RFC 1928 section 6 has replies of their own for these reasons. */
const REPLY_OF_REASON: ReadonlyMap<string | undefined, number> = new Map([
  ['ENETUNREACH', 3],
  ['EHOSTUNREACH', 4],
  ['EHOSTDOWN', 4],
  [UNKNOWN_ADDRESS_TYPE, 8],
])

/** Why a client does not get what it asks for. */
export class Refused extends Error {
  readonly outcome: Outcome
  /** A few words for the record, such as an errno. The client does not get them. */
  readonly reason: string | undefined

  readonly #status: number | undefined

  /** `status`: what an HTTP client gets in place of what the table says. */
  constructor(outcome: Outcome, reason?: string, cause?: unknown, status?: number) {
    super(reason ?? outcome, cause === undefined ? undefined : { cause })
    this.name = 'Refused'
    this.outcome = outcome
    this.reason = reason
    this.#status = status
  }

  get status(): number {
    if (this.#status !== undefined) return this.#status
    const isShortage = this.outcome === 'connect-failed' && SHORTAGES.has(this.reason ?? '')
    return isShortage ? 503 : OUTCOMES[this.outcome].status
  }

  get reply(): number {
    return REPLY_OF_REASON.get(this.reason) ?? OUTCOMES[this.outcome].reply
  }
}

/** A function of the user threw, or returned something else than it may. */
export const mistake = (error: unknown): Refused => new Refused('function-failed', undefined, error)

/** What anything that was thrown means. */
export const toRefused = (error: unknown): Refused => (error instanceof Refused ? error : mistake(error))
