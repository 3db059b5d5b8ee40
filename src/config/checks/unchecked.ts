/**
 * Walks through input that nobody has checked yet. Pure. What is not of the expected kind is passed over.
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
