/** The doors of the servers: their options, and what the functions of their users return. */
import { explainNetwork } from '../address-set.js'
import {
  aFunction,
  choice,
  type Door,
  type Kind,
  milliseconds,
  type Read,
  readArgument,
  readOptions,
} from '../arguments.js'
import { PIPE_SETTINGS, SETTINGS_ALSO_CALLED } from '../pipe/arguments.js'
import type { PipeOptionsOfServers } from '../pipe/options.js'
import { type Allowance, DEFAULT_TIMEOUTS, type ForwardServerOptions } from './options.js'
import type { UpgradeOptions, UpgradeRoute } from './upgrade-options.js'

const MOST_NETWORKS = 1000

const networks: Kind<readonly string[]> = {
  wanted: `1 to ${MOST_NETWORKS} networks such as "10.0.0.0/8"`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) && value.length > 0 && value.length <= MOST_NETWORKS && value.every(isNetwork),
  hint: (value) => (isNetwork(value) ? `write ["${value}"]` : undefined),
}

const ALSO_CALLED = { routeMs: 'functionTimeoutMs', connectMs: 'connectTimeoutMs' } as const

const FIELDS: Door<ForwardServerOptions>['fields'] = {
  ...PIPE_SETTINGS,
  allow: aFunction(
    'a function that says which connections clients get, such as ({ host }) => host === "a.example.com"',
  ),
  authenticate: aFunction('a function such as ({ user, password }) => true'),
  onRecord: aFunction('a function that gets the record of each request'),
  requestTimeoutMs: milliseconds,
  functionTimeoutMs: milliseconds,
  connectTimeoutMs: milliseconds,
}

/** @throws MillraceError `bad-argument` */
export const readForwardOptions = (name: string, given: unknown): Read<ForwardServerOptions> =>
  readOptions(
    {
      name,
      argument: 'options',
      fields: FIELDS,
      required: ['allow'],
      alsoCalled: {
        ...SETTINGS_ALSO_CALLED,
        ...ALSO_CALLED,
        auth: 'authenticate',
        headersTimeout: 'requestTimeoutMs',
      },
    },
    given,
  )

/** What `allow` returned, if that is an object. @throws MillraceError `bad-argument` */
export const readAllowance = (returned: unknown): Read<Allowance> =>
  readOptions({ name: 'allow', argument: 'returned', fields: { networks }, required: ['networks'] }, returned)

const UPGRADE: Door<UpgradeOptions> = {
  name: 'upgradeHandler',
  argument: 'options',
  fields: {
    ...PIPE_SETTINGS,
    xForwarded: choice(['replace', 'append', 'forwarded', 'off']),
    onRecord: aFunction('a function that gets the record of each upgrade'),
    functionTimeoutMs: milliseconds,
    connectTimeoutMs: milliseconds,
    answerTimeoutMs: milliseconds,
  },
  alsoCalled: { ...SETTINGS_ALSO_CALLED, ...ALSO_CALLED, xfwd: 'xForwarded' },
}
const ANSWER_TIMEOUT_MS = 30_000

/** The options of `upgradeHandler`, with their defaults. */
export interface UpgradeSettings
  extends Required<
    Pick<Read<UpgradeOptions>, 'xForwarded' | 'functionTimeoutMs' | 'connectTimeoutMs' | 'answerTimeoutMs'>
  > {
  readonly onRecord: UpgradeOptions['onRecord']
  readonly pipe: PipeOptionsOfServers
}

const httpServer: Kind<object> = {
  wanted: 'a server of node:http or node:https',
  accepts: (value): value is object =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, 'on') === 'function',
}
const upgradeRoute = aFunction<UpgradeRoute>('a function such as (request) => "127.0.0.1:9000"')

/** @throws MillraceError `bad-argument` */
export function readUpgradeArguments(server: unknown, route: unknown, options: unknown): UpgradeSettings {
  readArgument(UPGRADE.name, 'server', httpServer, server)
  readArgument(UPGRADE.name, 'route', upgradeRoute, route)
  const {
    xForwarded = 'replace',
    functionTimeoutMs = DEFAULT_TIMEOUTS.functionTimeoutMs,
    connectTimeoutMs = DEFAULT_TIMEOUTS.connectTimeoutMs,
    answerTimeoutMs = ANSWER_TIMEOUT_MS,
    onRecord,
    ...pipe
  } = readOptions(UPGRADE, options)
  return { xForwarded, functionTimeoutMs, connectTimeoutMs, answerTimeoutMs, onRecord, pipe }
}

function isNetwork(value: unknown): value is string {
  return typeof value === 'string' && explainNetwork(value) === undefined
}
