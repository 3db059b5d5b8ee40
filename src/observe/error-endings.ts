/**
 * The endings that are somebody's failure, where they can come about. They are counted from 0 on, because an alert on
 * a rate never sees the first of a series that is born with it. `isError` (access.ts) is the rule; this is the list.
 */
import type { RecordEnding } from './record.js'

export interface Ending {
  readonly by: RecordEnding['by']
  readonly phase: RecordEnding['phase']
  /** Without what follows a colon. */
  readonly cause: string
}

/** Before a client has a cluster, where its first bytes are looked at. */
export const OPENING_ERRORS: readonly Ending[] = [
  { by: 'client', phase: 'opening', cause: 'first-bytes-timeout' },
  ...['proxy-header', 'bad-hello', 'no-sni', 'tls-handshake', 'bad-request', 'bad-start-up'].map(turnedAway),
  ...['no-route', 'rejected', 'route-failed', 'first-bytes-timeout'].map(turnedAway),
]

/** On the way to a backend, and from then on. */
export const JOINING_ERRORS: readonly Ending[] = [
  { by: 'backend', phase: 'connect', cause: 'no-backend' },
  { by: 'backend', phase: 'connect', cause: 'connect-timeout' },
  { by: 'proxy', phase: 'connect', cause: 'out-of-resources' },
  { by: 'backend', phase: 'data', cause: 'reset' },
  { by: 'proxy', phase: 'data', cause: 'infinite-loop' },
]

/** Besides, where a backend is told something before its client's first byte, or the client speaks HTTP. */
export const MEETING_ERRORS: readonly Ending[] = [
  { by: 'backend', phase: 'response', cause: 'backend-tls' },
  { by: 'backend', phase: 'response', cause: 'backend-gone' },
  { by: 'backend', phase: 'response', cause: 'response-timeout' },
  { by: 'proxy', phase: 'response', cause: 'internal-error' },
]

/** Besides, where the client speaks HTTP. */
export const HTTP_ERRORS: readonly Ending[] = [
  turnedAway('upgrade-required'),
  { by: 'backend', phase: 'response', cause: 'bad-response' },
  { by: 'backend', phase: 'data', cause: 'bad-response' },
  { by: 'client', phase: 'data', cause: 'bad-request' },
]

function turnedAway(cause: string): Ending {
  return { by: 'proxy', phase: 'opening', cause }
}
