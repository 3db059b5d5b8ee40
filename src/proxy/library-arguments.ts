/** The doors of a library proxy: what each of its functions may be given. What an order does is checked where it is carried out. */
import type { Abortable } from '../abort.js'
import {
  aFunction,
  badArgument,
  carryOut,
  choice,
  type Door,
  flag,
  type Kind,
  number,
  onlyTrue,
  readArgument,
  readOptions,
  signal,
  text,
  whole,
} from '../arguments.js'
import type { ProxyConfig } from '../config/input.js'
import { validateConfig } from '../config/validate.js'
import {
  type BanOrder,
  type BanQuery,
  type HoldOrder,
  MOST_LISTED,
  type RateOrder,
  SOURCE_SORTS,
  type SourceQuery,
  type UnbanOrder,
} from '../control/orders.js'
import type { Logger } from '../observe/log/borrowed-log.js'
import type { ProxyEventName, RecordsOptions } from './events/event-types.js'
import { PROXY_EVENTS } from './events/proxy-events.js'
import { MOST_WAITING_RECORDS } from './events/record-readers.js'
import { copyOf, type GivenConfig, givenConfig } from './library-config.js'
import type { RemoveOptions } from './library-handles.js'
import { LIMIT } from './live-arguments.js'
import type { LibraryDrainOrder, ProxyOptions } from './proxy.js'

const listener = text('the name of a listener')
const cluster = text('the name of a cluster')
const client = text('an address or a network')
const ms = number('a number of ms')
const count = whole(1, MOST_LISTED)

const logger: Kind<Logger> = {
  wanted: 'a logger with the methods info, warn and error, such as one of pino, or console',
  accepts: isLogger,
  hint: (value) =>
    value === null || value === false || value === 'silent'
      ? 'for no log, leave log out and write log: { level: "silent" } into the config'
      : undefined,
}

const CREATE: Door<ProxyOptions> = {
  name: 'createProxy',
  argument: 'options',
  fields: { log: logger, sharePorts: flag },
  alsoCalled: { logger: 'log', reusePort: 'sharePorts' },
}

const START: Door<Abortable> = { name: 'start', argument: 'options', fields: { signal } }

const RELOAD: Door<Abortable> = { name: 'reload', argument: 'options', fields: { signal } }

const SOURCES: Door<SourceQuery> = {
  name: 'sources',
  argument: 'query',
  fields: { scope: text('process, listener/NAME or cluster/NAME'), sort: choice(SOURCE_SORTS), limit: count },
  selects: ['scope'],
}

const DRAIN: Door<LibraryDrainOrder> = {
  name: 'drain',
  argument: 'order',
  fields: {
    listener,
    cluster,
    backend: text('the address of a backend'),
    deadlineMs: ms,
    spreadMs: ms,
    signal,
  },
  selects: ['listener', 'cluster', 'backend'],
  alsoCalled: { drainMs: 'deadlineMs', timeout: 'deadlineMs' },
}

const HOLD: Door<HoldOrder> = {
  name: 'hold',
  argument: 'order',
  fields: { cluster, maxMs: ms, end: flag },
  required: ['cluster', 'maxMs'],
  alsoCalled: { deadlineMs: 'maxMs', forMs: 'maxMs' },
}

const BAN: Door<BanOrder> = {
  name: 'ban',
  argument: 'order',
  fields: { client, forMs: ms, why: { ...text('a text'), accepts: isText }, end: onlyTrue, all: onlyTrue },
  required: ['client', 'forMs'],
  alsoCalled: { address: 'client', reason: 'why', kill: 'end' },
}

const UNBAN: Door<UnbanOrder> = { name: 'unban', argument: 'order', fields: { client }, selects: ['client'] }

const RECORDS: Door<RecordsOptions> = {
  name: 'records',
  argument: 'options',
  fields: { most: whole(1, MOST_WAITING_RECORDS) },
}

const REMOVE: Door<RemoveOptions> = { name: 'remove', argument: 'options', fields: { end: flag } }

const BANS: Door<BanQuery> = {
  name: 'bans',
  argument: 'query',
  fields: { client, limit: count },
  selects: ['client'],
}

/** All throw MillraceError `bad-argument`. */
export const readProxyOptions = (given: unknown): ProxyOptions => readOptions(CREATE, given)
export const readSources = (given: unknown): SourceQuery => readOptions(SOURCES, given)
export const readStart = (given: unknown): Abortable => readOptions(START, given)
export const readReload = (given: unknown): Abortable => readOptions(RELOAD, given)
export const readDrain = (given: unknown): LibraryDrainOrder => readOptions(DRAIN, given)
export const readHold = (given: unknown): HoldOrder => readOptions(HOLD, given)
export const readLimit = (given: unknown): RateOrder => readOptions(LIMIT, given)
export const readRemove = (given: unknown): RemoveOptions => readOptions(REMOVE, given)
export const readBackend = (given: unknown): string =>
  readArgument('remove', 'address', text('the address of a backend'), given)
export const readRecords = (given: unknown): RecordsOptions => readOptions(RECORDS, given)
export const readEvent = <Name extends ProxyEventName>(name: string, given: Name): Name =>
  readArgument<ProxyEventName>(name, 'name', choice(PROXY_EVENTS), given) as Name
export const readEventListener = <Listener extends (...args: never[]) => unknown>(
  name: string,
  given: Listener,
): Listener => readArgument(name, 'listener', aFunction<Listener>(), given)
export const readBan = (given: unknown): BanOrder => readOptions(BAN, given)
export const readUnban = (given: unknown): UnbanOrder => readOptions(UNBAN, given)
export const readBans = (given: unknown): BanQuery => readOptions(BANS, given)
export const readConnection = (given: unknown): string =>
  readArgument('limit', 'id', text('the id of a connection'), given)
export const readListener = (name: string, given: unknown): string =>
  readArgument(name, 'listener', listener, given)
export const readCluster = (name: string, given: unknown): string =>
  readArgument(name, 'cluster', cluster, given)

const ORDERS = { drain: DRAIN, hold: HOLD, ban: BAN, unban: UNBAN, bans: BANS, limit: LIMIT }

/** What is wrong with the order is told with the names of the function and of the argument. */
export const ordered = <Result>(name: keyof typeof ORDERS, order: () => Result): Result =>
  carryOut<never, Result>(ORDERS[name] as Door<never>, order)

/** @throws MillraceError `config-invalid`, and `bad-argument` if the config cannot even be read */
export function readConfig(name: string, given: ProxyConfig): GivenConfig {
  const copy = readSpec(name, 'config', given)
  return givenConfig(copy, validateConfig(copy))
}

/** A copy of a part of a config, which is checked later. @throws MillraceError `bad-argument` if it cannot even be read */
export function readSpec(name: string, argument: string, given: unknown): unknown {
  try {
    return copyOf(given)
  } catch (error) {
    throw badArgument(name, argument, 'cannot be read, because it throws', error)
  }
}

function isLogger(value: unknown): value is Logger {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const isMethod = (name: string): boolean => typeof Reflect.get(value, name) === 'function'
  const isMethodOrNone = (name: string): boolean => Reflect.get(value, name) === undefined || isMethod(name)
  return ['info', 'warn', 'error'].every(isMethod) && ['debug', 'trace'].every(isMethodOrNone)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
