/**
 * The fields of an open connection. Pure.
 */
import { LIMITS, NOBODY, PHASES } from './common.js'
import {
  choice,
  count,
  earliest,
  finding,
  gauge,
  key,
  numberKey,
  optional,
  part,
  setting,
  texts,
} from './kinds.js'

/** One direction of the connection. */
export const DIRECTION = {
  bytes: count('bytes'),
  splicedBytes: count('bytes'),
  /** The rate since the last look, which was at least a second ago. At the first look: since the accept. */
  bytesPerSecond: gauge('bytes per second'),
  /** The rate of the connection itself. Undefined: it has none. */
  mostBytesPerSecond: optional(gauge('bytes per second')),
  /** The limit that makes it wait now: `connection`, `source`, `listener`, `cluster` or `process`. Undefined: none. */
  waitsFor: optional(finding()),
  /** Undefined: there is no pipe yet. */
  carrier: optional(choice(['kernel', 'copy', 'stream'])),
  /** Why the direction does not splice now. Undefined: it splices, or there is no pipe yet. */
  notSplicing: optional(finding()),
}

/** The shares of the time since the last look, 0 to 1, by what limited it. Undefined: below 0.01. */
const LIMITED_SHARES = {
  client: optional(gauge('share')),
  'client-network': optional(gauge('share')),
  backend: optional(gauge('share')),
  'backend-network': optional(gauge('share')),
  'our-limit': optional(gauge('share')),
} satisfies Record<(typeof LIMITS)[number], unknown>

export const CONNECTION = {
  /** The same id as in the record. */
  id: key(),
  /** The process id of the predecessor that still has it. Undefined: this process has it. */
  predecessor: optional(numberKey()),
  listener: setting(),
  protocol: setting(),
  client: setting(),
  /** Undefined: none was chosen yet. */
  cluster: optional(setting()),
  backend: optional(setting()),
  backendAddress: optional(setting()),
  /** The forward proxy of the connection, without credentials. Undefined: none. */
  via: optional(setting()),
  sni: optional(setting()),
  /** Each as `KEY=VALUE`. Undefined: none. */
  tags: optional(texts()),
  /** As in the record. */
  phase: choice(PHASES),
  startedAt: earliest(),
  ageMs: gauge('ms'),
  /** Since a byte last moved, or since the present phase began. */
  idleMs: gauge('ms'),
  /** As in the record, but since the last look at this connection, which was 1 to 15 s ago. Without such a look: since the accept. Undefined: the kernel does not tell of both sides. */
  limitedBy: optional(choice([...LIMITS, NOBODY])),
  limitedShares: optional(part(LIMITED_SHARES)),
  up: part(DIRECTION),
  down: part(DIRECTION),
}
