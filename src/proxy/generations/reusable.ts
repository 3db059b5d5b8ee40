/**
 * What a generation takes over from the one before if only some clusters differ between their configs. So adding a backend costs
 * little beside thousands of other clusters. What is taken over is what would be made anew. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { differOnlyInClusters } from '../../config/changes/differences.js'
import type { Config } from '../../config/schema.js'
import { needsOf } from '../../connection/listener-policy.js'
import type { Destination } from '../../connection/service.js'
import type { Listener } from '../../listener/listener.js'

/** The part of a generation that another one can take over from. */
interface Before {
  readonly config: Config
  readonly destinations: ReadonlyMap<string, Destination>
  readonly services: ReadonlyMap<Listener, unknown>
  readonly lists: { readonly isEmpty: boolean }
}

export interface Reusable {
  /** In the order of the config. */
  readonly listeners: readonly Listener[]
  /** Policies know what their clusters need of a client. Whether that has stayed as it was. */
  readonly keepsPolicies: boolean
  /** Undefined: this cluster differs. */
  destinationOf(cluster: string): Destination | undefined
}

/** Undefined: more than clusters differs. Lists are read anew for each generation, so policies with lists are made anew. */
export function reusable(before: Before | undefined, config: Config): Reusable | undefined {
  if (before === undefined || !before.lists.isEmpty || !differOnlyInClusters(before.config, config))
    return undefined
  const known = before.config.clusters
  return {
    listeners: [...before.services.keys()],
    keepsPolicies: Object.entries(config.clusters).every(
      ([name, cluster]) =>
        known[name] === cluster ||
        !Object.hasOwn(known, name) ||
        isDeepStrictEqual(needsOf(known[name]!), needsOf(cluster)),
    ),
    destinationOf: (name) =>
      known[name] === config.clusters[name] ? before.destinations.get(name) : undefined,
  }
}
