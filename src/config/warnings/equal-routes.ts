/** The first route that matches decides. So a later one with the same conditions is never used. */
import { conditionsOf } from '../changes/change.js'
import { type Finding, formatPath } from '../checks/path.js'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'

export function equalRoutes(input: unknown): Finding[] {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    const firsts = new Map<string, number>()
    return itemsOf(valueAt(listener, 'routes')).flatMap((route, at): Finding[] => {
      if (!isMap(route)) return []
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
