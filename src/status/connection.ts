/**
 * What is told of a connection that is not over yet. Pure.
 */
import { PHASES } from './common.js'
import { choice, count, earliest, finding, gauge, key, optional, part, setting } from './kinds.js'

/** One of its directions. */
export const DIRECTION = {
  bytes: count('bytes'),
  splicedBytes: count('bytes'),
  /** Since somebody last looked, at least a second ago; the first time: since it was accepted. */
  bytesPerSecond: gauge('bytes per second'),
  /** Undefined before there is a pipe. */
  carrier: optional(choice(['kernel', 'copy', 'stream'])),
  /** Why it does not splice at this moment; undefined where it does, and before there is a pipe. */
  notSplicing: optional(finding()),
}

export const CONNECTION = {
  /** Of its record, too. */
  id: key(),
  listener: setting(),
  protocol: setting(),
  client: setting(),
  /** Undefined where none was chosen yet. */
  cluster: optional(setting()),
  backend: optional(setting()),
  backendAddress: optional(setting()),
  sni: optional(setting()),
  /** As in the record. */
  phase: choice(PHASES),
  startedAt: earliest(),
  ageMs: gauge('ms'),
  /** Since a byte last moved, or since the present phase began. */
  idleMs: gauge('ms'),
  up: part(DIRECTION),
  down: part(DIRECTION),
}
