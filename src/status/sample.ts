/**
 * The fields of a status that the admin server keeps for some minutes, so that the status page can show how counts grew before
 * somebody opened it. Pure.
 */
import { BACKEND, CLUSTER } from './cluster.js'
import { CONNECTIONS, TRAFFIC } from './common.js'
import type { Fields } from './fields.js'
import { gauge, part, running } from './kinds.js'
import { ENDING, LISTENER } from './listener.js'
import { STATUS } from './status.js'

const SAMPLE = {
  /** Its age. A time would be wrong in a browser whose clock differs. */
  agoMs: gauge('ms'),
  startedAt: STATUS.startedAt,
}

export const TRAFFIC_SAMPLE = {
  ...SAMPLE,
  connections: part({ ...TRAFFIC, active: CONNECTIONS.active }),
  listeners: running({
    name: LISTENER.name,
    active: LISTENER.active,
    accepted: LISTENER.accepted,
    traffic: LISTENER.traffic,
  }),
  /** Those that are errors. */
  endings: running(ENDING),
} satisfies Fields

export const COUNTS_SAMPLE = {
  ...SAMPLE,
  /** Those that happened at least once. */
  endings: running(ENDING),
  clusters: running({
    name: CLUSTER.name,
    backends: running({
      address: BACKEND.address,
      failures: BACKEND.failures,
      connectSeconds: BACKEND.connectSeconds,
      firstByteSeconds: BACKEND.firstByteSeconds,
    }),
  }),
} satisfies Fields
