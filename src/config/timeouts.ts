/**
 * Every timeout: its default, and where it may stand. The schema, the checks and docs/config.md are made of this table. `input.ts`
 * says what each one means. A worker loads this file, so it has no schema.
 */
import { DEFAULTS } from '../defaults.js'

/** Whose time it is. `process`: of millrace itself. `socket`: of the sockets to one kind of peer, which the kernel watches. */
type TimeoutOf = 'process' | 'opening' | 'connection' | 'socket'

/** A place besides the `timeouts` of the config. `decision`: what a route function returns. */
export type TimeoutLevel = 'listener' | 'cluster' | 'decision'

/** A later level goes before an earlier one. */
export const LEVELS_OF = {
  process: [],
  // The cluster of a client is not known yet.
  opening: ['listener'],
  connection: ['listener', 'cluster', 'decision'],
  // A listener has the sockets to its clients, a cluster those to its backends.
  socket: ['listener', 'cluster'],
} as const satisfies Record<TimeoutOf, readonly TimeoutLevel[]>

/** `usualMs`: the default. */
export const TIMEOUTS = {
  firstBytesMs: { of: 'opening', usualMs: 5000 },
  routeMs: { of: 'opening', usualMs: 5000 },
  connectMs: { of: 'connection', usualMs: 5000 },
  responseMs: { of: 'connection', usualMs: 30_000 },
  idleMs: { of: 'connection', usualMs: DEFAULTS.idleMs },
  halfClosedMs: { of: 'connection', usualMs: DEFAULTS.halfClosedMs },
  lifetimeMs: { of: 'connection', usualMs: DEFAULTS.lifetimeMs },
  drainMs: { of: 'process', usualMs: 30_000 },
  graceMs: { of: 'process', usualMs: 0 },
  deadPeerMs: { of: 'socket', usualMs: 0 },
} as const satisfies Record<string, { readonly of: TimeoutOf; readonly usualMs: number }>

type Timeouts = typeof TIMEOUTS
export type TimeoutName = keyof Timeouts
/** The names of the timeouts that may stand at this level. */
export type TimeoutAt<Level extends TimeoutLevel> = {
  [Name in TimeoutName]: Level extends (typeof LEVELS_OF)[Timeouts[Name]['of']][number] ? Name : never
}[TimeoutName]

/** In ms. 0: no limit. */
export type TimeoutsConfig = Readonly<Record<TimeoutName, number>>
/** What one level says, in ms. Undefined: the level before it decides. */
export type OwnTimeouts = { readonly [Name in TimeoutName]?: number | undefined }
/** The timeouts of a connection from its dial to its end, in ms. */
export type ConnectionTimeouts = Pick<TimeoutsConfig, TimeoutAt<'decision'>>

export const TIMEOUT_NAMES = Object.keys(TIMEOUTS) as readonly TimeoutName[]

export function isTimeoutAt<Level extends TimeoutLevel>(
  level: Level,
  name: TimeoutName,
): name is TimeoutAt<Level> {
  const levels: readonly TimeoutLevel[] = LEVELS_OF[TIMEOUTS[name].of]
  return levels.includes(level)
}

export function timeoutsAt<Level extends TimeoutLevel>(level: Level): readonly TimeoutAt<Level>[] {
  return TIMEOUT_NAMES.filter((name) => isTimeoutAt(level, name))
}

const OF_CONNECTION = timeoutsAt('decision')

/** The timeouts of a connection. `levels`: what each level says, the one that goes before the others last. */
export function connectionTimeouts(
  common: ConnectionTimeouts,
  ...levels: readonly (OwnTimeouts | undefined)[]
): ConnectionTimeouts {
  const said = (name: TimeoutAt<'decision'>): number =>
    levels.reduce((ms, level) => level?.[name] ?? ms, common[name])
  return Object.fromEntries(OF_CONNECTION.map((name) => [name, said(name)])) as unknown as ConnectionTimeouts
}
