/**
 * What a config says about bans: which scopes have some, and what counts as one source there. Pure.
 */
import type { Config } from '../../config/schema.js'
import { type Network, overlap, readNetwork } from '../../limits/bans/network.js'
import type { AccessLimits, BanPolicy } from '../../limits/policy.js'
import { listenerOf, PROCESS, scopeOfListener } from '../../limits/scope.js'
import { type SourcePrefixes, USUAL_PREFIXES } from '../../source.js'

/** A config of millrace, as far as bans depend on it. */
export type BanConfig = Pick<Config, 'limits' | 'listeners'>

/** The scopes that decide about the clients of a listener. */
export const scopesFor = (listener: string): readonly string[] => [PROCESS, scopeOfListener(listener)]

export function banPolicyOf(config: BanConfig, scope: string): BanPolicy | undefined {
  return limitsOf(config, scope)?.ban
}

/** The source of a client in this scope. A listener without prefixes of its own has those of the whole proxy. */
export function prefixesOf(config: BanConfig, scope: string): SourcePrefixes {
  return limitsOf(config, scope)?.perSource ?? config.limits?.perSource ?? USUAL_PREFIXES
}

export const isDryRun = (config: BanConfig, scope: string): boolean =>
  limitsOf(config, scope)?.dryRun ?? false

export const exists = ({ listeners }: BanConfig, scope: string): boolean =>
  scope === PROCESS || listeners.some(({ name }) => scopeOfListener(name) === scope)

/** The listeners that trust a proxy whose address is in this network. */
export function trustedBy({ listeners }: BanConfig, network: Network): string[] {
  return listeners
    .filter(({ acceptProxy, clientFrom }) => {
      const trusted = [...(acceptProxy?.from ?? []), ...(clientFrom?.trusted ?? [])]
      return trusted.some((text) => {
        const its = readNetwork(text, { prefix4: 32, prefix6: 128 })
        return typeof its === 'object' && overlap(its, network)
      })
    })
    .map(({ name }) => name)
}

function limitsOf({ limits, listeners }: BanConfig, scope: string): AccessLimits | undefined {
  const listener = listenerOf(scope)
  return listener === undefined ? limits : byName(listeners).get(listener)
}

type ByName = ReadonlyMap<string, AccessLimits | undefined>

/** Each listener of a config is looked up, so each list of listeners is read once. */
const known = new WeakMap<BanConfig['listeners'], ByName>()

function byName(listeners: BanConfig['listeners']): ByName {
  const found = known.get(listeners)
  if (found !== undefined) return found
  const read = new Map(listeners.map(({ name, limits }) => [name, limits]))
  known.set(listeners, read)
  return read
}
