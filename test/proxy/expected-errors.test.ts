/** Which errors a listener's connections can end with, and for which cluster they are counted. */
import { describe, expect, it } from 'vitest'
import type { Service } from '../../src/connection/service.js'
import { ERRORS, type ErrorScope } from '../../src/observe/endings.js'
import { expectedErrors } from '../../src/proxy/expected-errors.js'

/** A listener in front of one cluster; with `config` it looks at the first bytes. */
function serviceOf(config: object | undefined, preamble: object = {}): Service {
  const destination = { cluster: { name: 'back' }, preamble }
  return {
    policy: config && { config: { cluster: 'back', routes: [], ...config } },
    destination,
    destinations: new Map([['back', destination]]),
  } as unknown as Service
}

const errorsOf = (cluster: string, scopes: readonly ErrorScope[]) =>
  scopes.flatMap((scope) => ERRORS[scope].map((ending) => [cluster, ending]))

describe('the errors to expect of a listener', () => {
  it.each<[string, Service, ErrorScope[], ErrorScope[]]>([
    ['that joins its clients unseen', serviceOf(undefined), [], ['cluster']],
    [
      'whose backends are sent a PROXY header',
      serviceOf(undefined, { sendProxy: {} }),
      [],
      ['cluster', 'preamble'],
    ],
    ['that looks at first bytes', serviceOf({}), ['first-bytes'], ['cluster']],
    [
      'whose backends speak TLS',
      serviceOf({}, { origination: {} }),
      ['first-bytes'],
      ['cluster', 'preamble'],
    ],
    ['of Postgres', serviceOf({ startTls: 'postgres' }), ['first-bytes'], ['cluster', 'preamble']],
    [
      'of HTTP',
      serviceOf({ protocol: 'http' }),
      ['first-bytes', 'request'],
      ['cluster', 'preamble', 'http', 'request'],
    ],
  ])('%s', (_, service, before, behind) => {
    expect([...expectedErrors(service)]).toEqual([...errorsOf('', before), ...errorsOf('back', behind)])
  })
})
