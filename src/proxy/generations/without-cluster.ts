/**
 * Where clients go whose route function returns a backend, if they have no cluster: the settings of the config alone. Nothing of it is
 * in the config or in a status, so it has no name.
 */

import type { ClusterConfig, Config } from '../../config/schema.js'
import type { HealthConfig } from '../../config/schemas/health-schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import { connectionTimeouts } from '../../config/timeouts.js'
import { withTimeouts } from '../../connection/destinations.js'
import type { Destination } from '../../connection/service.js'
import { DEFAULTS } from '../../defaults.js'
import { createDestination, type DestinationParts } from './destination.js'

const NO_NAME = ''

/** Its backends are known for a moment only. Nothing about them is remembered. */
const NOT_JUDGED: HealthConfig = {
  answerMs: 0,
  eject: false,
  flapping: false,
  onDown: 'keep',
  onRecovered: 'keep',
  failback: 'auto',
  whenAllDown: undefined,
  check: undefined,
  agent: undefined,
}

export function settingsWithoutCluster({ keepalive, timeouts, socket }: Config): ClusterConfig {
  return {
    balance: 'first',
    hash: undefined,
    slowStartMs: 0,
    health: NOT_JUDGED,
    backends: [],
    dial: undefined,
    via: undefined,
    expansions: [],
    halfClose: DEFAULTS.halfClose,
    sendProxy: undefined,
    tls: undefined,
    liveness: { keepalive, deadPeerMs: timeouts.deadPeerMs },
    timeouts: {},
    socket,
    startTls: undefined,
    limits: undefined,
  }
}

/** The same with the timeouts of this listener. */
export function ownWithoutCluster(
  { timeouts }: ListenerConfig,
  config: Config,
  common: Destination,
): Destination {
  return withTimeouts(common, connectionTimeouts(config.timeouts, timeouts))
}

/** All generations have the same cluster there, because it knows the backends in use. */
export function createWithoutCluster(
  config: Config,
  before: { readonly withoutCluster: Destination } | undefined,
  shared: DestinationParts,
): Destination {
  const known = before?.withoutCluster.cluster
  const parts = { ...shared, knownCluster: () => known }
  return createDestination(NO_NAME, config, parts, settingsWithoutCluster(config))
}
