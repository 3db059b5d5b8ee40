/**
 * One value where the config takes a list counts as a list with this value, as in HAProxy and nginx a directive may stand once or
 * several times. Pure. Other lists of texts and numbers do the same in their own types.
 */
import { isMap } from './checks/unchecked.js'

/** Where lists stand whose items may be maps. `*`: any key, or any item. */
export const LISTS: readonly (readonly string[])[] = [
  ['listeners'],
  ['listeners', '*', 'routes'],
  ['listeners', '*', 'tls', 'certificates'],
  ['listeners', '*', 'limits', 'allow'],
  ['listeners', '*', 'limits', 'deny'],
  ['clusters', '*', 'backends'],
  ['clusters', '*', 'dial', 'allow'],
  ['clusters', '*', 'health', 'check', 'script'],
  ['limits', 'allow'],
  ['limits', 'deny'],
  ['tests'],
]

export function withLists(input: unknown): unknown {
  return LISTS.reduce<unknown>(wrapAt, input)
}

function wrapAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return isMap(value) || typeof value === 'string' ? [value] : value
  if (Array.isArray(value))
    return key === '*'
      ? changed(
          value,
          value.map((item) => wrapAt(item, rest)),
        )
      : value
  if (!isMap(value)) return value
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : []
  const entries = keys.map((each) => [each, value[each], wrapAt(value[each], rest)] as const)
  if (entries.every(([, before, after]) => before === after)) return value
  const copy: Record<string, unknown> = Object.assign(Object.create(null), value)
  for (const [each, , after] of entries) copy[each] = after
  return copy
}

/** The same list if no item has changed. */
function changed(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return after.every((item, index) => item === before[index]) ? before : after
}
