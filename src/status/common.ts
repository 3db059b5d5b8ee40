/**
 * Fields that the status has for several things alike. Pure.
 */
import { choice, count, gauge } from './kinds.js'

/** The two sides of a connection, and all parties that can end it. */
export const SIDES = ['client', 'backend'] as const
export const PARTIES = [...SIDES, 'proxy'] as const

/** What can limit a connection. src/observe/records/limited-by.ts says what each word means. */
export const LIMITS = ['client', 'client-network', 'backend', 'backend-network', 'our-limit'] as const
/** The value if nothing of that limits it. */
export const NOBODY = 'nobody' as const

/**
 * What a connection waits for, in the order of its life. src/observe/endings.ts says what each phase means.
 */
export const PHASES = ['opening', 'queue', 'connect', 'response', 'data'] as const

/**
 * What an end means for the client. `error`: it was not served, or a backend cut it off. `denied`: it was turned away on
 * purpose. The worst one comes first.
 */
export const OUTCOMES = ['error', 'denied', 'ordinary'] as const

/** Bytes so far, with those of running connections. Up is client to backend. */
export const TRAFFIC = {
  bytesUp: count('bytes'),
  bytesDown: count('bytes'),
  /** The part of these bytes that never entered this process. */
  splicedUp: count('bytes'),
  splicedDown: count('bytes'),
  /**
   * Bytes taken from clients, and from backends. Bytes that were received but not forwarded are inside
   * millrace, or were lost.
   */
  receivedUp: count('bytes'),
  receivedDown: count('bytes'),
}

export const CONNECTIONS = {
  /** Connections that have not ended. */
  active: gauge('connections'),
  ended: count('connections'),
}

/** Whether no config names the thing any more. */
export const IS_LEAVING = choice([false, true], {
  whenGone: true,
  about: 'no longer in the config; stays for the connections that it has',
})
