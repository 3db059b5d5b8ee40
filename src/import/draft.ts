/** A config in the making, as plain data that becomes YAML. It never checks a value. */

/** A map of our config. */
export type Fields = { [key: string]: unknown }

export interface Draft {
  readonly general: Fields
  readonly listeners: Fields[]
  /** By name. */
  readonly clusters: Map<string, Fields>
}

export const createDraft = (): Draft => ({ general: {}, listeners: [], clusters: new Map() })

/** Sets the value at a path such as `limits.maxConnections`. */
export function put(fields: Fields, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop()!
  let map = fields
  for (const key of keys) {
    const inner = map[key]
    const next: Fields = isFields(inner) ? inner : {}
    map[key] = next
    map = next
  }
  map[last] = value
}

/** The value at a path. Undefined: there is none. */
export function valueAt(fields: Fields, path: string): unknown {
  let value: unknown = fields
  for (const key of path.split('.')) value = isFields(value) ? value[key] : undefined
  return value
}

/** Removes the value at a path, and maps that are empty then. */
export function remove(fields: Fields, path: string): void {
  const keys = path.split('.')
  const [first] = keys
  if (keys.length === 1) {
    delete fields[first!]
    return
  }
  const inner = fields[first!]
  if (!isFields(inner)) return
  remove(inner, keys.slice(1).join('.'))
  if (Object.keys(inner).length === 0) delete fields[first!]
}

/** Adds to the list at a path. A text that is there already is not added. */
export function append(fields: Fields, path: string, ...values: readonly unknown[]): void {
  const list = valueAt(fields, path)
  put(fields, path, [...new Set([...(Array.isArray(list) ? list : []), ...values])])
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const HOISTED = ['connectMs', 'idleMs', 'halfClosedMs', 'firstBytesMs']

/** What most clusters, or all listeners, say alike moves to the general part. The others keep their own. */
export function hoist({ general, listeners, clusters }: Draft): void {
  for (const group of [[...clusters.values()], listeners]) {
    for (const path of HOISTED.map((key) => `timeouts.${key}`)) {
      const values = group.map((fields) => valueAt(fields, path))
      const common = mostCommon(values)
      if (values.includes(undefined) || common === undefined || valueAt(general, path) !== undefined) continue
      put(general, path, common)
      for (const fields of group) if (valueAt(fields, path) === common) remove(fields, path)
    }
  }
}

function mostCommon(values: readonly unknown[]): unknown {
  const counts = new Map<unknown, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}
