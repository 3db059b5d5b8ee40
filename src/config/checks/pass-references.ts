/**
 * What cannot stand beside `http: pass`: whatever would have to look at, or change, each request. Works on unchecked input,
 * as `references.ts` does.
 */
import type { Finding, Path } from './path.js'
import { isOn, valueAt } from './unchecked.js'

const WHY = 'because millrace sees only the first request of a connection'

export function checkPass(
  listener: Readonly<Record<string, unknown>>,
  routes: readonly unknown[],
  path: Path,
): Finding[] {
  const passes = [listener, ...routes].some((each) => valueAt(each, 'http') === 'pass')
  if (!passes) return []
  const refuse = (where: Path, what: string, remedy: string): Finding => ({
    path: where,
    message: `${what} cannot stand beside "http: pass", ${WHY}: ${remedy}`,
    about: 'key',
  })
  const { xForwarded, clientFrom } = listener
  const onlyPasses = waysOf(listener, routes).every((http) => http === 'pass')
  const findings = routes.flatMap((route, index) =>
    valueAt(route, 'path') === undefined
      ? []
      : [
          refuse(
            [...path, 'routes', index, 'path'],
            'a route by path',
            'remove this key, or write "http: forward"',
          ),
        ],
  )
  if (xForwarded !== undefined && xForwarded !== 'off' && onlyPasses)
    findings.push(
      refuse(
        [...path, 'xForwarded'],
        'xForwarded',
        'remove this key, and use "sendProxy" on the cluster instead',
      ),
    )
  if (clientFrom !== undefined)
    findings.push(
      refuse([...path, 'clientFrom'], 'clientFrom', 'remove this key, and use "acceptProxy" instead'),
    )
  return findings
}

/** What happens to requests, for each way that they can go. Those of other ways than `pass` get the fields of `xForwarded`. */
function waysOf(listener: Readonly<Record<string, unknown>>, routes: readonly unknown[]): unknown[] {
  const served = routes.filter((route) => !isOn(valueAt(route, 'reject')))
  const ways = served.map((route) => valueAt(route, 'http') ?? listener.http)
  return listener.cluster === undefined && listener.route === undefined ? ways : [...ways, listener.http]
}
