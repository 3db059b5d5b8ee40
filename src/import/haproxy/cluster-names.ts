/** What the cluster of each backend is called. HAProxy allows names that millrace does not, and two of them can become one. Pure. */
import { freeName, safeName } from '../names.js'

/** By the name in HAProxy. Names that millrace takes as they are stay, wherever they stand in the file. */
export function clusterNames(backends: readonly string[]): ReadonlyMap<string, string> {
  const ours = new Map<string, string>()
  const taken = new Set<string>()
  const unchanged = backends.filter((name) => safeName(name) === name)
  for (const backend of [...unchanged, ...backends]) {
    if (ours.has(backend)) continue
    const name = freeName(backend, taken)
    taken.add(name)
    ours.set(backend, name)
  }
  return ours
}
