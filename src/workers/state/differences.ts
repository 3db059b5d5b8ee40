/**
 * What is not the same in all workers, although every order goes to all. If one of them missed an order, the
 * operator must see it. Pure.
 */
import type { ProxyStatus } from '../../observe/status.js'

/** Names such as `listeners.web`, `backends.db/10.0.0.5:5432` or `logLevel`. */
export function differences(statuses: readonly ProxyStatus[]): string[] {
  const settings = new Map<string, Set<string>>()
  for (const status of statuses) {
    for (const [name, setting] of settingsOf(status)) {
      settings.set(name, (settings.get(name) ?? new Set()).add(setting))
    }
  }
  return [...settings].filter(([, different]) => different.size > 1).map(([name]) => name)
}

/** A listener may be there twice, once on its way out. */
function settingsOf({ logLevel, listeners, clusters }: ProxyStatus): Map<string, string> {
  const settings = new Map([['logLevel', logLevel]])
  for (const { name, isListening } of listeners) {
    const isThere = isListening || settings.get(`listeners.${name}`) === 'true'
    settings.set(`listeners.${name}`, String(isThere))
  }
  for (const { name, backends } of clusters) {
    for (const { address, setTo, weight } of backends) {
      settings.set(`backends.${name}/${address}`, `${setTo} ${weight}`)
    }
  }
  return settings
}
