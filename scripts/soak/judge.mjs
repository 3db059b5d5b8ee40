// Whose fault a failed connection is.
//
// A connection is lost if it failed although a backend could have served it:
// - The client got a reset, a refusal, an end or a timeout.
// - Nothing had been done to at least one backend of the service, from SETTLE_MS before the connection began until
//   it failed.
// - millrace had not joined it to a backend that then failed, or that an operator then took out of service.
//
// millrace must notice a backend that hangs within DETECT_MS. A connection that it joins to such a backend later is
// lost, too.

/** So long after the last fault millrace may take to use a backend again. */
export const SETTLE_MS = 6_000
export const DETECT_MS = 6_000
/** Clocks and events of several processes. */
const SLACK_MS = 500
/** Faults that end or block connections that are there. */
const ENDS_JOINED = new Set(['kill', 'hang', 'maint', 'flap'])

/**
 * - `corrupt`: the client got other bytes than those that it had to get
 * - `lost`: a backend could have served it, and it got no byte
 * - `cut`: the same, but some bytes had come
 * - `joined`: its backend failed, hung or was taken away while it was connected
 * - `nobody`: no backend could have served it
 */
export const VERDICTS = ['corrupt', 'lost', 'cut', 'joined', 'nobody']
export const BAD_VERDICTS = ['corrupt', 'lost', 'cut']

/**
 * @param failure what the client tells: when it began and failed, how, and how many bytes had come
 * @param record the record of millrace about it, or undefined if there is none
 * @param addresses the backends of its service
 */
export function judge({ failure, record, addresses, timeline }) {
  const { beganAt, failedAt, how, receivedBytes } = failure
  if (how === 'corrupt') return 'corrupt'
  if (isJoinedToFailed(failure, record, timeline)) return 'joined'
  if (!timeline.couldServe(addresses, beganAt - SETTLE_MS, failedAt)) return 'nobody'
  return receivedBytes === 0 ? 'lost' : 'cut'
}

function isJoinedToFailed({ beganAt, failedAt }, record, timeline) {
  if (record?.backendAddress === undefined) return false
  const { waitMs = 0, connectMs = 0 } = record.timings
  const joinedAt = beganAt + waitMs + connectMs
  return timeline
    .faultsOf(record.backend, joinedAt - SLACK_MS, failedAt + SLACK_MS)
    .some(({ kind, from }) => ENDS_JOINED.has(kind) && joinedAt <= from + mostDelayOf(kind))
}

/** How long after the begin of a fault millrace may still join connections to the backend. A port that flaps is open at times. */
const mostDelayOf = (kind) => ({ hang: DETECT_MS, flap: Number.POSITIVE_INFINITY })[kind] ?? SLACK_MS
