/**
 * A config as the supervisor tells it to a worker: whole, or only the clusters that differ from the present config of the worker. A
 * config can have thousands of clusters, and each worker would have to read all of them. Pure.
 */
import { differOnlyInClusters } from '../config/changes/differences.js'
import type { ClusterConfig, Config } from '../config/schema.js'

export type ToldConfig =
  | { readonly kind: 'whole'; readonly config: Config }
  | { readonly kind: 'clusters'; readonly clusters: ChangedClusters }

interface ChangedClusters {
  readonly changed: Readonly<Record<string, ClusterConfig>>
  readonly removed: readonly string[]
}

/** `before`: what the workers have now. Undefined: more than clusters differs, so a worker needs all of it. */
export function changedClusters(before: Config, after: Config): ChangedClusters | undefined {
  if (!differOnlyInClusters(before, after)) return undefined
  const changed = Object.entries(after.clusters).filter(([name, each]) => before.clusters[name] !== each)
  const removed = Object.keys(before.clusters).filter((name) => !Object.hasOwn(after.clusters, name))
  return { changed: Object.fromEntries(changed), removed }
}

/** Clusters that stay are the same objects. */
export function heardConfig(told: ToldConfig, present: Config): Config {
  if (told.kind === 'whole') return told.config
  const clusters = { ...present.clusters, ...told.clusters.changed }
  for (const name of told.clusters.removed) delete clusters[name]
  return { ...present, clusters }
}
