/**
 * What takes several values to judge of active checks and agents: two kinds of check at once, and a port for a backend that
 * has none. Works on unchecked input, as `references.ts` does.
 */
import { parseBackendAddress } from '../values/addresses.js'
import type { Finding } from './path.js'
import { isOn, itemsOf, valueAt } from './unchecked.js'

export function checkHealth(clusters: unknown, name: string): Finding[] {
  const cluster = valueAt(clusters, name)
  const health = valueAt(cluster, 'health')
  const check = valueAt(health, 'check')
  const path = ['clusters', name, 'health']
  const findings: Finding[] = []
  if (isOn(valueAt(check, 'http')) && valueAt(check, 'script') !== undefined) {
    const message = 'a check cannot have both "http" and "script": remove one'
    findings.push({ path: [...path, 'check'], message, about: 'value' })
  }
  const portless = itemsOf(valueAt(cluster, 'backends')).findIndex((each) => portOf(each) === 0)
  if (portless !== -1 && isOn(check) && valueAt(check, 'port') === undefined) {
    const message = `needs "port", because backends[${portless}] has none: add it here, or a port there`
    findings.push({ path: [...path, 'check'], message, about: 'value' })
  }
  const index = itemsOf(valueAt(cluster, 'backends')).findIndex((each) => portOf(each) === 'unix')
  if (index === -1) return findings
  const message = `backends[${index}] is a unix socket and has no port: remove this key, or use another cluster for it`
  if (valueAt(check, 'port') !== undefined)
    findings.push({ path: [...path, 'check', 'port'], message, about: 'key' })
  if (valueAt(health, 'agent') !== undefined)
    findings.push({ path: [...path, 'agent'], message, about: 'key' })
  return findings
}

/** 0: the backend has none of its own. Undefined: nobody knows it from the config. */
function portOf(backend: unknown): number | 'unix' | undefined {
  const text = typeof backend === 'string' ? backend : valueAt(backend, 'address')
  const address = typeof text === 'string' ? parseBackendAddress(text) : undefined
  if (typeof address !== 'object') return undefined
  return address.kind === 'unix' ? 'unix' : address.port
}
