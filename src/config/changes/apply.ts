/**
 * Applies a change to the input of a config. It copies only what it changes, and leaves the given input as it is. Whether the
 * result makes sense is decided by the schema and the checks of every config. Pure.
 */
import type { Path } from '../checks/path.js'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'
import { backendName, type Change, conditionsOf, isSameSpec, listenerName, type Spec } from './change.js'

/** What a change has come to. */
export type Applied =
  /** `at`: what it has added, or the list or map that it has removed something from. */
  | { readonly kind: 'done'; readonly input: unknown; readonly at: Path }
  /** What it would add is there. `isSame`: with the same values. */
  | { readonly kind: 'present'; readonly isSame: boolean }
  /** There is nothing of this name. `isTarget`: it is what the change would remove. */
  | {
      readonly kind: 'missing'
      readonly what: 'listener' | 'cluster' | 'backend' | 'route'
      readonly name: string
      readonly known: readonly string[]
      readonly isTarget: boolean
    }

type Missing = Extract<Applied, { kind: 'missing' }>
type Map = Readonly<Record<string, unknown>>

export function applyChange(input: unknown, change: Change): Applied {
  switch (change.do) {
    case 'add-cluster':
      return addCluster(input, change.cluster, change.spec)
    case 'remove-cluster':
      return removeCluster(input, change.cluster)
    case 'add-backend':
      return inCluster(input, change.cluster, (cluster) =>
        addTo(cluster, 'backends', change.spec, backendName),
      )
    case 'remove-backend':
      return inCluster(input, change.cluster, (cluster) =>
        removeFrom(cluster, 'backends', 'backend', backendName(change.backend), backendName),
      )
    case 'add-listener':
      return addTo(input, 'listeners', change.spec, listenerName)
    case 'remove-listener':
      return removeFrom(input, 'listeners', 'listener', change.listener, listenerName)
    case 'add-route':
      return inListener(input, change.listener, (listener) =>
        addTo(listener, 'routes', change.spec, conditionsOf, change.at),
      )
    case 'remove-route':
      return inListener(input, change.listener, (listener) =>
        removeFrom(listener, 'routes', 'route', conditionsOf(change.spec), conditionsOf),
      )
  }
}

function addCluster(input: unknown, name: string, spec: Spec): Applied {
  const clusters = mapAt(input, 'clusters')
  if (Object.hasOwn(clusters, name)) return { kind: 'present', isSame: isSameSpec(clusters[name], spec) }
  return done(withValue(input, 'clusters', withValue(clusters, name, spec)), ['clusters', name])
}

function removeCluster(input: unknown, name: string): Applied {
  const clusters = mapAt(input, 'clusters')
  if (!Object.hasOwn(clusters, name)) return missing('cluster', name, Object.keys(clusters), true)
  return done(withValue(input, 'clusters', withValue(clusters, name, undefined)), ['clusters', name])
}

/** A backend, a listener or a route that is added to the list of its kind. */
function addTo(
  owner: unknown,
  key: string,
  spec: Spec,
  nameOf: (spec: Spec) => string,
  at?: number,
): Applied {
  const list = itemsOf(valueAt(owner, key))
  const name = nameOf(spec)
  const known = list.find((each) => nameOf(each) === name)
  if (known !== undefined) return { kind: 'present', isSame: isSameSpec(known, spec) }
  const index = Math.min(at ?? list.length, list.length)
  return done(withValue(owner, key, list.toSpliced(index, 0, spec)), [key, index])
}

/** Routes may have equal names. A removal of only the first would let the next one have its clients. */
function removeFrom(
  owner: unknown,
  key: string,
  what: Missing['what'],
  name: string,
  nameOf: (spec: Spec) => string,
): Applied {
  const list = itemsOf(valueAt(owner, key))
  const rest = list.filter((each) => nameOf(each) !== name)
  if (rest.length === list.length) return missing(what, name, list.map(nameOf), true)
  return done(withValue(owner, key, rest.length > 0 ? rest : undefined), [key])
}

function inCluster(input: unknown, name: string, change: (cluster: unknown) => Applied): Applied {
  const clusters = mapAt(input, 'clusters')
  if (!Object.hasOwn(clusters, name)) return missing('cluster', name, Object.keys(clusters), false)
  return within(change(clusters[name]), ['clusters', name], (cluster) =>
    withValue(input, 'clusters', withValue(clusters, name, cluster)),
  )
}

function inListener(input: unknown, name: string, change: (listener: unknown) => Applied): Applied {
  const listeners = itemsOf(valueAt(input, 'listeners'))
  const index = listeners.findIndex((each) => listenerName(each) === name)
  if (index === -1) return missing('listener', name, listeners.map(listenerName), false)
  return within(change(listeners[index]), ['listeners', index], (listener) =>
    withValue(input, 'listeners', listeners.with(index, listener)),
  )
}

function within(applied: Applied, path: Path, outer: (inner: unknown) => unknown): Applied {
  return applied.kind === 'done' ? done(outer(applied.input), [...path, ...applied.at]) : applied
}

const done = (input: unknown, at: Path): Applied => ({ kind: 'done', input, at })

function missing(what: Missing['what'], name: string, known: readonly string[], isTarget: boolean): Applied {
  return { kind: 'missing', what, name, known, isTarget }
}

function mapAt(owner: unknown, key: string): Map {
  const value = valueAt(owner, key)
  return isMap(value) ? value : {}
}

/** A copy of a map with another value. Without a prototype, as maps of a config file are. Undefined removes the key. */
function withValue(map: unknown, key: string, value: unknown): Map {
  const copy: Record<string, unknown> = Object.assign(Object.create(null), map)
  if (value === undefined) delete copy[key]
  else copy[key] = value
  return copy
}
