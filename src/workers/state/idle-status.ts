/**
 * The status of a proxy that has this config and serves no clients yet: everything that exists, with nothing
 * counted. It stands for things that no worker has.
 */
import { Backend } from '../../cluster/backend.js'
import { Health, NOTHING_JUDGED } from '../../cluster/health/health.js'
import type { Config } from '../../config/schema.js'
import type { Engine } from '../../io/engine.js'
import type { ProxyStatus } from '../../observe/status.js'
import { createPipeCounters } from '../../pipe/options.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'
import type { BackendEntry } from '../../proxy/catalogue/catalogue-backends.js'
import { ownFacts } from '../../proxy/reporting/process-status.js'
import { ProxyCounters } from '../../proxy/reporting/proxy-counters.js'
import { RECORDS } from '../../status/data-path.js'
import { countersOf } from '../../status/fields.js'

export function idleStatus(
  config: Config,
  catalogue: Catalogue,
  engine: Pick<Engine, 'kind' | 'notSplicing' | 'unavailable' | 'counts'>,
): Omit<ProxyStatus, 'config'> {
  return {
    ...ownFacts(config, engine),
    workers: 0,
    state: 'new',
    startedAt: undefined,
    cpuSeconds: 0,
    eventLoopDelaySeconds: undefined,
    logLevel: config.log.level,
    logFile: undefined,
    drains: [],
    ...nothingCounted(config, catalogue),
    pipes: createPipeCounters(),
    records: countersOf(RECORDS),
    processes: [],
  }
}

function nothingCounted(config: Config, catalogue: Catalogue): ReturnType<ProxyCounters['report']> {
  const closed = config.listeners.map(({ address }) => [{ address, isListening: false }, undefined] as const)
  const present = Array.from(catalogue.clusters.given, ({ name }) => ({
    name,
    servingTier: undefined,
    backends: Array.from(catalogue.backends(name)!.given, (each) =>
      undialled(each, config.clusters[name]?.dial !== undefined),
    ),
    left: [],
  }))
  const clusters = { present, left: [] }
  const counters = new ProxyCounters()
  counters.takeUp({ config, services: new Map(closed) }, catalogue, clusters)
  return counters.report([], catalogue, clusters)
}

/** `isNamed`: clients name its servers, so there is no name to resolve. */
function undialled({ address, weight, tier, setTo }: BackendEntry, isNamed: boolean): Backend {
  const backend = new Backend(address, weight, new Health(NOTHING_JUDGED))
  backend.endpoints.leave(isNamed)
  backend.set(weight, setTo)
  backend.tier = tier
  return backend
}
