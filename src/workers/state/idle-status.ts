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
import { limitsOf } from '../../proxy/limit-plans.js'
import { limitsReport } from '../../proxy/reporting/limit-report.js'
import { ownFacts } from '../../proxy/reporting/process-status.js'
import { ProxyCounters } from '../../proxy/reporting/proxy-counters.js'
import { RECORDS } from '../../status/data-path.js'
import { countersOf } from '../../status/fields.js'
import { nameOfForwardProxy } from '../../via/forward-proxy.js'

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
    bans: { active: 0, ordered: 0, found: 0 },
    topBans: [],
    names: [],
    lists: [],
    certificates: [],
    rates: [],
    ...nothingCounted(config, catalogue),
    limits: limitsReport(limitsOf(config), () => 0),
    limitRefusals: [],
    pipes: createPipeCounters(),
    records: countersOf(RECORDS),
    syslog: undefined,
    processes: [],
  }
}

function nothingCounted(config: Config, catalogue: Catalogue): ReturnType<ProxyCounters['report']> {
  const closed = config.listeners.map(
    ({ address }) => [{ address, isListening: false, shortage: undefined }, undefined] as const,
  )
  const present = Array.from(catalogue.clusters.given, ({ name }) => {
    const { via, dial } = config.clusters[name] ?? {}
    const isLeft = via !== undefined || dial !== undefined
    return {
      name,
      via: via && nameOfForwardProxy(via),
      servingTier: undefined,
      backends: Array.from(catalogue.backends(name)!.given, (each) => undialled(each, isLeft)),
      left: [],
    }
  })
  const clusters = { present, left: [] }
  const counters = new ProxyCounters()
  counters.takeUp({ config, services: new Map(closed) }, catalogue, clusters)
  return counters.report([], catalogue, clusters)
}

/** `isLeft`: the names of its backends are not resolved here, because they stand for what clients ask for, or a forward proxy resolves them. */
function undialled({ address, weight, tier, setTo }: BackendEntry, isLeft: boolean): Backend {
  const backend = new Backend(address, weight, new Health(NOTHING_JUDGED))
  backend.set(weight, setTo)
  backend.tier = tier
  backend.endpoints.leave(isLeft)
  return backend
}
