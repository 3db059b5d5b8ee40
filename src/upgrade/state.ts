/** What the predecessor hands over of its proxy, and how the successor goes on with it. */
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import { faultOfChange } from '../control/faults.js'
import { MillraceError } from '../errors.js'
import { countsClock } from '../limits/counts/clock.js'
import { type CountedScope, countedIn, type OthersCount } from '../limits/counts/counts-of-another.js'
import { scopeOfBackend } from '../limits/scope.js'
import type { Catalogue } from '../proxy/catalogue/catalogue.js'
import type { BackendEntry } from '../proxy/catalogue/catalogue-backends.js'
import { limitsOf } from '../proxy/limit-plans.js'
import type { HandedBackendOrder, HandedState, Left } from './messages.js'
import type { Succession } from './succession.js'

/** Clients wait while this is made. */
export function stateOf(succession: Succession): Omit<HandedState, keyof Left> {
  const { log, config } = succession
  const configured = config.log.level
  const level = LOG_LEVELS.find((each) => each === log.level && each !== configured)
  return {
    logLevel: level && { level, configured },
    backends: [...ordersIn(succession)],
    holds: [...succession.holds()],
    verdicts: [...succession.verdicts()],
    bans: [...succession.bans()],
    ticketKeys: [...succession.ticketKeys()],
  }
}

/** What is left of the proxy in this process. */
export async function leftOf(succession: Succession): Promise<Left> {
  const status = await succession.control.status()
  return {
    counts: { ...status, processes: [] },
    connections: status.connections.active + (status.predecessor?.connections ?? 0),
  }
}

/** What limits have counted. Workers that do not count together tell nothing. */
export function countedBy(succession: Succession): readonly OthersCount[] {
  const { counts } = succession
  return counts === undefined ? [] : countedIn(counts, scopesOf(succession), countsClock().now())
}

/** Goes on with the state of the predecessor. Nothing of it can make the upgrade fail. */
export async function takeUp(state: HandedState, succession: Succession): Promise<void> {
  const { control, config, log } = succession
  const attempt = (restore: () => unknown): Promise<void> => attemptOrTell(log, restore)
  for (const verdict of state.verdicts) await attempt(() => succession.restoreVerdict(verdict))
  await attempt(() => succession.restoreBans(state.bans))
  await attempt(() => succession.takeTicketKeys(state.ticketKeys))
  const { logLevel } = state
  if (logLevel?.configured === config.log.level) await attempt(() => control.setLogLevel(logLevel.level))
  await Promise.all(state.backends.map((order) => attempt(() => restoreBackend(order, succession))))
  for (const hold of state.holds) await attempt(() => control.hold(hold))
}

async function attemptOrTell(log: Succession['log'], restore: () => unknown): Promise<void> {
  try {
    await restore()
  } catch (err) {
    tellLoss(log, err)
  }
}

async function restoreBackend(order: HandedBackendOrder, succession: Succession): Promise<void> {
  const { cluster, backend, state, weight, givenWeight } = order
  const entry = succession.catalogue.backends(cluster)?.get(backend)
  if (entry === undefined)
    succession.log.info({ cluster, backend }, 'the order for a backend ends: the new config does not have it')
  else {
    const change = { state, weight: entry.givenWeight === givenWeight ? weight : undefined }
    if (faultOfChange(change) === undefined) await succession.restoreBackend(cluster, backend, change)
  }
}

function* ordersIn({ catalogue }: Succession): Iterable<HandedBackendOrder> {
  for (const { cluster, name: backend, ordered, givenWeight } of backendsOf(catalogue)) {
    if (ordered !== undefined)
      yield { cluster, backend, state: ordered.state, weight: ordered.weight, givenWeight }
  }
}

function* backendsOf(catalogue: Catalogue): Iterable<BackendEntry & { readonly cluster: string }> {
  for (const { name: cluster } of catalogue.clusters.given)
    for (const backend of catalogue.backends(cluster)!.given) yield { ...backend, cluster }
}

/** Every scope of the table of counts that this proxy can have entries in. */
function scopesOf({ config, catalogue }: Succession): CountedScope[] {
  const ofLimits = limitsOf(config).map(({ scope, perSource }) => ({
    scope,
    isOfSources: perSource !== undefined,
  }))
  const ofBackends = Array.from(backendsOf(catalogue), ({ cluster, name }) => ({
    scope: scopeOfBackend(cluster, name),
    isOfSources: false,
  }))
  return [...ofLimits, ...ofBackends]
}

/** The new config does not have what the order was about. */
function tellLoss(log: Succession['log'], err: unknown): void {
  if (err instanceof MillraceError && err.code === 'unknown-name')
    log.info({ reason: err.message }, 'an order of an operator ends with the upgrade')
  else log.error({ err }, 'a part of the state was lost in the upgrade')
}
