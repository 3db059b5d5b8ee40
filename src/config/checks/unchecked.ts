/**
 * Walks through unchecked input. Pure. It passes over a value of the wrong kind.
 */

export function valueAt(map: unknown, key: string): unknown {
  return isMap(map) && Object.hasOwn(map, key) ? map[key] : undefined
}

export function itemsOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : []
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a switch is on. The schema takes the texts `true` and `false`, too: environment variables are texts. */
export const isOn = (value: unknown): boolean => value !== undefined && value !== false && value !== 'false'
