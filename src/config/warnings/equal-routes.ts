/** The first route that matches decides. So a later one with the same conditions is never used. */
import { type Finding, formatPath } from '../checks/path.js'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'

/** What a route does. Everything else is a condition. */
const ACTIONS: ReadonlySet<string> = new Set(['cluster', 'reject', 'http'])

export function equalRoutes(input: unknown): Finding[] {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    const firsts = new Map<string, number>()
    return itemsOf(valueAt(listener, 'routes')).flatMap((route, at): Finding[] => {
      const conditions = conditionsOf(route)
      const first = firsts.get(conditions)
      if (first === undefined) firsts.set(conditions, at)
      if (first === undefined) return []
      const earlier = formatPath(['listeners', index, 'routes', first])
      const message = `is never used, because ${earlier} has the same conditions and comes first: remove one`
      return [{ path: ['listeners', index, 'routes', at], message, about: 'value' }]
    })
  })
}

/** One text and a list with this text are the same condition. So are lists in another order. */
function conditionsOf(route: unknown): string {
  if (!isMap(route)) return JSON.stringify(route)
  const conditions = Object.entries(route).filter(([key]) => !ACTIONS.has(key))
  const plain = conditions.map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : [JSON.stringify(value)],
  ])
  return JSON.stringify(plain.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}
