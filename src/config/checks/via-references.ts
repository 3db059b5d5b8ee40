/** What cannot stand beside `via`: whatever would get to a backend on another way. Works on unchecked input, as `references.ts` does. */
import type { Finding, Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

export function checkVia(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  if (valueAt(cluster, 'via') === undefined) return []
  return [...probes(cluster, name), ...networksOfNames(cluster, name), ...unixBackends(cluster, name)]
}

/** millrace itself cannot reach the backends. */
function probes(cluster: unknown, name: string): Finding[] {
  const health = valueAt(cluster, 'health')
  return ['check', 'agent'].flatMap((key): Finding[] => {
    if (valueAt(health, key) === undefined) return []
    const message =
      'cannot stand beside "via", because it does not go through the forward proxy: remove this key. Failed connects still count'
    return [{ path: ['clusters', name, 'health', key], message, about: 'key' }]
  })
}

/** Only the forward proxy learns which addresses a name has. */
function networksOfNames(cluster: unknown, name: string): Finding[] {
  return itemsOf(valueAt(valueAt(cluster, 'dial'), 'allow')).flatMap((each, index): Finding[] => {
    if (valueAt(each, 'networks') === undefined) return []
    const message = 'has no effect beside "via", because the forward proxy resolves the name: remove this key'
    return [{ path: ['clusters', name, 'dial', 'allow', index, 'networks'], message, about: 'key' }]
  })
}

function unixBackends(cluster: unknown, name: string): Finding[] {
  return itemsOf(valueAt(cluster, 'backends')).flatMap((backend, index): Finding[] => {
    const isText = typeof backend === 'string'
    const address = isText ? backend : valueAt(backend, 'address')
    if (typeof address !== 'string' || !address.startsWith('unix:')) return []
    const path: Path = ['clusters', name, 'backends', index]
    return [
      {
        path: isText ? path : [...path, 'address'],
        message: 'a unix socket is not behind the forward proxy of "via": write HOST:PORT, or remove "via"',
        about: 'value',
      },
    ]
  })
}
