/** What the predecessor hands over of its proxy, and how the successor goes on with it. */
import { formatAddress } from '../address.js'
import type { Config } from '../config/schema.js'
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import { MillraceError } from '../errors.js'
import { placesIn } from '../limits/counts/places-of-another.js'
import type { HandedBackendOrder, HandedState, Left } from './messages.js'
import type { Succession } from './succession.js'

/** Clients wait while this is made. */
export async function stateOf(succession: Succession): Promise<HandedState> {
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
    ...(await leftOf(succession)),
  }
}

/** What is left of the proxy in this process. */
export async function leftOf({ control, counts, config }: Succession): Promise<Left> {
  const status = await control.status()
  return {
    counts: { ...status, processes: [] },
    connections: status.connections.active + (status.predecessor?.connections ?? 0),
    places: counts === undefined ? [] : placesIn(counts, scopesOf(config)),
  }
}

/** Goes on with the state of the predecessor. Nothing of it can make the upgrade fail. */
export async function takeUp(state: HandedState, succession: Succession): Promise<void> {
  const { control, config, catalogue, log } = succession
  for (const verdict of state.verdicts) succession.restoreVerdict(verdict)
  succession.restoreBans(state.bans)
  succession.takeTicketKeys(state.ticketKeys)
  const { logLevel } = state
  if (logLevel?.configured === config.log.level) await control.setLogLevel(logLevel.level)
  for (const { cluster, backend, state: setTo, weight, givenWeight } of state.backends) {
    const isAsBefore = catalogue.backends(cluster)?.get(backend)?.givenWeight === givenWeight
    const change = { state: setTo, weight: isAsBefore ? weight : undefined }
    if (change.state === undefined && change.weight === undefined) continue
    await control.changeBackend(cluster, backend, change).catch((err: unknown) => tellLoss(log, err))
  }
  for (const hold of state.holds) await control.hold(hold).catch((err: unknown) => tellLoss(log, err))
}

function* ordersIn({ catalogue }: Succession): Iterable<HandedBackendOrder> {
  for (const { name: cluster } of catalogue.clusters.given) {
    for (const { name: backend, ordered, givenWeight } of catalogue.backends(cluster)!.given) {
      if (ordered !== undefined)
        yield { cluster, backend, state: ordered.state, weight: ordered.weight, givenWeight }
    }
  }
}

/** Every scope of the table of counts that this config can have places in. */
function scopesOf({ listeners, clusters }: Config): string[] {
  return [
    'process',
    ...listeners.map(({ name }) => `listener/${name}`),
    ...Object.keys(clusters).map((name) => `cluster/${name}`),
    ...Object.entries(clusters).flatMap(([name, { backends }]) =>
      backends.map(({ address }) => `backend/${name}/${formatAddress(address)}`),
    ),
  ]
}

/** The new config does not have what the order was about. */
function tellLoss(log: Succession['log'], err: unknown): void {
  if (err instanceof MillraceError && err.code === 'unknown-name')
    log.info({ reason: err.message }, 'an order of an operator ends with the upgrade')
  else log.error({ err }, 'an order of an operator was lost in the upgrade')
}
