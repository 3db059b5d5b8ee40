/**
 * What the status tells of several things in the same way. Pure.
 */
import { choice, count, gauge } from './kinds.js'

/** The two that a connection joins, and all whose doing its end can be. */
export const SIDES = ['client', 'backend'] as const
export const PARTIES = [...SIDES, 'proxy'] as const

/** What a connection is waiting for, in the order of its life; src/observe/endings.ts says what each means. */
export const PHASES = ['opening', 'connect', 'response', 'data'] as const

/** Bytes so far, those of running connections included. Up is client to backend. */
export const TRAFFIC = {
  bytesUp: count('bytes'),
  bytesDown: count('bytes'),
  /** Of these, bytes that never entered this process. */
  splicedUp: count('bytes'),
  splicedDown: count('bytes'),
  /** Bytes taken from clients, from backends. What exceeds the bytes that way is under way, or was lost. */
  receivedUp: count('bytes'),
  receivedDown: count('bytes'),
}

export const CONNECTIONS = {
  /** Connections that are not over yet. */
  active: gauge('connections'),
  ended: count('connections'),
}

/** Whether no config names it any more. */
export const IS_LEAVING = choice([false, true], {
  whenGone: true,
  about: 'in no config any more; here for the connections it has',
})
