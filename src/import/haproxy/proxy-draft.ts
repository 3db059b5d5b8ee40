/** One `frontend`, `backend` or `listen` while it is read. Plain data: the tables write it, and `proxies.ts` reads it. */
import type { Fields } from '../draft.js'
import type { Line } from '../place.js'
import type { Condition, Fact } from './conditions.js'
import type { Section } from './sections.js'

export interface Rule {
  readonly line: Line
  readonly action: 'accept' | 'reject'
  readonly condition: Condition
}

export interface RouteRule {
  readonly line: Line
  readonly condition: Condition
  /** Where clients go, by its name in HAProxy. Undefined: the map says it. */
  readonly backend: string | undefined
  /** A file that names the cluster of each server name. */
  readonly map: string | undefined
}

export interface Bind {
  readonly line: Line
  readonly addresses: readonly string[]
  /** Keys of the listener that only this line gives. */
  readonly fields: Fields
}

/** What one `server` line says about its cluster as a whole. */
export interface ServerSays {
  readonly line: Line
  readonly backend: Fields
  readonly cluster: Fields
  readonly isChecked: boolean
}

export interface ProxyDraft {
  readonly section: Section
  mode: string
  readonly binds: Bind[]
  readonly acls: Map<string, (Fact | string)[]>
  readonly connectionRules: Rule[]
  readonly contentRules: Rule[]
  readonly routes: RouteRule[]
  /** By its name in HAProxy. */
  defaultBackend: string | undefined
  readonly servers: ServerSays[]
  /** Parameters of `default-server`, which come before those of each server. */
  defaultServer: readonly string[]
  /** Keys of each listener of it, and of its cluster. */
  readonly listener: Fields
  readonly cluster: Fields
  /** The check that its options ask for. It needs a server with `check`. */
  readonly check: Fields
  readonly timeouts: Map<string, number>
  /** Seconds of the rates that its stick-table stores. */
  rateSeconds: number
  hasAllBackups: boolean
}

export function createProxyDraft(section: Section): ProxyDraft {
  return {
    section,
    mode: 'tcp',
    binds: [],
    acls: new Map(),
    connectionRules: [],
    contentRules: [],
    routes: [],
    defaultBackend: undefined,
    servers: [],
    defaultServer: [],
    listener: {},
    cluster: {},
    check: {},
    timeouts: new Map(),
    rateSeconds: 1,
    hasAllBackups: false,
  }
}
