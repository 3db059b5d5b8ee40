/**
 * What cannot stand beside `http: pass`: whatever would have to look at, or change, each request. Works on unchecked input,
 * as `references.ts` does.
 */
import type { Finding, Path } from './path.js'
import { valueAt } from './unchecked.js'

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
  if (xForwarded !== undefined && xForwarded !== 'off')
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
