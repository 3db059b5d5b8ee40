/**
 * Walks through unchecked input. Pure. It passes over a value of the wrong kind.
 */
import type { Path } from './path.js'

export function valueAt(map: unknown, key: string): unknown {
  return isMap(map) && Object.hasOwn(map, key) ? map[key] : undefined
}

export function itemsOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : []
}

/** The value at a path of keys and list indices. Undefined: there is none. */
export function valueWithin(value: unknown, path: Path): unknown {
  return path.reduce(
    (inner, key) => (typeof key === 'number' ? itemsOf(inner)[key] : valueAt(inner, String(key))),
    value,
  )
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a switch is on. The schema takes the texts `true` and `false`, too: environment variables are texts. */
export const isOn = (value: unknown): boolean => value !== undefined && value !== false && value !== 'false'
