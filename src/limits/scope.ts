/**
 * Scopes: where a limit holds, as a name. Only this file makes these names and reads them. Clients that wait have keys of
 * their own in the table of counts. Pure.
 */
import type { Limits } from './policy.js'

/** The first word of a scope. */
export type ScopeKind = 'process' | 'listener' | 'cluster'

/** A scope, and what the config says about it. */
export type LimitedScope<Policy extends Limits = Limits> = readonly [
  scope: string,
  policy: Policy | undefined,
]

/** What a config says, as far as limits depend on it. */
export interface LimitedConfig {
  readonly limits?: Limits | undefined
  readonly listeners: readonly { readonly name: string; readonly limits?: Limits | undefined }[]
  readonly clusters: Readonly<Record<string, { readonly limits?: Limits | undefined }>>
}

/** The scope of the whole proxy. */
export const PROCESS = 'process'
export const scopeOfListener = (name: string): string => `listener/${name}`
export const scopeOfCluster = (name: string): string => `cluster/${name}`
/** Only the table of counts has it. The backend has a name of its cluster. */
export const scopeOfBackend = (cluster: string, backend: string): string => `backend/${cluster}/${backend}`

/** All scopes of a config: the process, then listeners, then clusters. */
export function scopesOf({ limits, listeners, clusters }: LimitedConfig): LimitedScope[] {
  return [
    [PROCESS, limits],
    ...listeners.map((each): LimitedScope => [scopeOfListener(each.name), each.limits]),
    ...Object.entries(clusters).map(([name, each]): LimitedScope => [scopeOfCluster(name), each.limits]),
  ]
}

/** `name` undefined: it is the whole proxy. A name may have a slash. */
export function readScope(scope: string): { readonly kind: ScopeKind; readonly name: string | undefined } {
  const slash = scope.indexOf('/')
  if (slash === -1) return { kind: PROCESS, name: undefined }
  return { kind: scope.slice(0, slash) as ScopeKind, name: scope.slice(slash + 1) }
}

/** The name of the listener. Undefined: the scope is no listener. */
export function listenerOf(scope: string): string | undefined {
  const { kind, name } = readScope(scope)
  return kind === 'listener' ? name : undefined
}

/** For people: `the proxy`, `listener ssh`. */
export function formatScope(scope: string): string {
  const { kind, name } = readScope(scope)
  return name === undefined ? 'the proxy' : `${kind} ${name}`
}
