/**
 * What takes several keys of a cluster to judge of its queue. Clients of every cluster can wait, because an operator can hold it. Works on
 * unchecked input, as `references.ts` does.
 */
import { aboutKey, FILLING, hasAny, neverFull } from './limit-references.js'
import type { Finding, Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

export function checkQueue(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  const limits = valueAt(cluster, 'limits')
  const path: Path = ['clusters', name, 'limits']
  return [
    ...(canBeFull(cluster) ? [] : withoutFull(limits, path)),
    ...besideDial(cluster, path),
    ...besideDryRun(limits, path),
  ]
}

/** An agent can say how many connections its backend may have. */
function canBeFull(cluster: unknown): boolean {
  const limits = valueAt(cluster, 'limits')
  const ofBackends = [valueAt(limits, 'perBackend'), ...itemsOf(valueAt(cluster, 'backends'))]
  if (valueAt(valueAt(cluster, 'health'), 'agent') !== undefined) return true
  return hasAny(limits, FILLING) || ofBackends.some((each) => valueAt(each, 'maxConnections') !== undefined)
}

function withoutFull(limits: unknown, path: Path): Finding[] {
  if (valueAt(limits, 'whenFull') === undefined) return []
  return [aboutKey([...path, 'whenFull'], neverFull([...FILLING, 'perBackend']))]
}

function besideDial(cluster: unknown, path: Path): Finding[] {
  if (valueAt(cluster, 'dial') === undefined) return []
  if (valueAt(valueAt(cluster, 'limits'), 'perBackend') === undefined) return []
  const message =
    'cannot stand beside "dial", because there is no list of backends: write "maxConnections" instead'
  return [aboutKey([...path, 'perBackend'], message)]
}

/** millrace cannot say what would have happened: a client that goes to a full backend does not go to another one. */
function besideDryRun(limits: unknown, path: Path): Finding[] {
  if (valueAt(limits, 'dryRun') !== true || valueAt(limits, 'perBackend') === undefined) return []
  const message =
    'cannot stand beside "dryRun", because a full backend is never picked: remove one of the two'
  return [aboutKey([...path, 'perBackend'], message)]
}
