/** The doors of the servers: their options, and what the functions of their users return. */
import { explainNetwork } from '../address-set.js'
import { type Door, type Kind, milliseconds, type Read, readOptions } from '../arguments.js'
import { PIPE_SETTINGS, SETTINGS_ALSO_CALLED } from '../pipe/arguments.js'
import type { Allowance, ForwardServerOptions } from './options.js'

const MOST_NETWORKS = 1000

const fn = <Function extends (...args: never[]) => unknown>(wanted: string): Kind<Function> => ({
  wanted,
  accepts: (value): value is Function => typeof value === 'function',
})

const networks: Kind<readonly string[]> = {
  wanted: `1 to ${MOST_NETWORKS} networks such as "10.0.0.0/8"`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) && value.length > 0 && value.length <= MOST_NETWORKS && value.every(isNetwork),
  hint: (value) => (isNetwork(value) ? `write ["${value}"]` : undefined),
}

const FIELDS: Door<ForwardServerOptions>['fields'] = {
  ...PIPE_SETTINGS,
  allow: fn(
    'a function that says which connections clients get, such as ({ host }) => host === "a.example.com"',
  ),
  authenticate: fn('a function such as ({ user, password }) => true'),
  onRecord: fn('a function that gets the record of each request'),
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
        auth: 'authenticate',
        routeMs: 'functionTimeoutMs',
        connectMs: 'connectTimeoutMs',
        headersTimeout: 'requestTimeoutMs',
      },
    },
    given,
  )

/** What `allow` returned, if that is an object. @throws MillraceError `bad-argument` */
export const readAllowance = (returned: unknown): Read<Allowance> =>
  readOptions({ name: 'allow', argument: 'returned', fields: { networks }, required: ['networks'] }, returned)

function isNetwork(value: unknown): value is string {
  return typeof value === 'string' && explainNetwork(value) === undefined
}
