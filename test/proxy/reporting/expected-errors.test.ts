/** Which errors a listener's connections can end with, and for which cluster they are counted. */
import { describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../../src/config/input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { type CountedEnding, ERRORS, type ErrorScope } from '../../../src/observe/endings.js'
import { expectedErrors } from '../../../src/proxy/reporting/expected-errors.js'

/** The errors of a listener in front of one cluster. */
function expectedOf(listener: object, cluster: object): unknown[] {
  const { listeners, ...rest } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'], ...cluster } },
  } as ProxyConfig)
  return [...expectedErrors(listeners[0]!, rest)]
}

const errorsOf = (cluster: string, scopes: readonly ErrorScope[]) =>
  scopes
    .flatMap((scope) => ERRORS[scope])
    .filter(({ phase }) => phase !== 'queue')
    .map((ending) => [cluster, ending])

describe('expectedErrors', () => {
  it.each<[string, object, object, ErrorScope[], ErrorScope[]]>([
    ['that does not look at first bytes', {}, {}, [], ['cluster']],
    [
      'whose backends are sent a PROXY header',
      {},
      { sendProxy: 'v2' },
      ['first-bytes'],
      ['cluster', 'preamble'],
    ],
    ['that looks at first bytes', { onNoSni: 'back' }, {}, ['first-bytes'], ['cluster']],
    [
      'whose backends speak TLS',
      {},
      { tls: { serverName: 'a.example' } },
      ['first-bytes'],
      ['cluster', 'preamble'],
    ],
    ['for Postgres', { startTls: 'postgres' }, {}, ['first-bytes'], ['cluster', 'preamble']],
    [
      'for HTTP',
      { protocol: 'http' },
      {},
      ['first-bytes', 'request'],
      ['cluster', 'preamble', 'http', 'request'],
    ],
  ])('expectedErrors has the errors of a listener %s', (_, listener, cluster, before, behind) => {
    expect(expectedOf(listener, cluster)).toEqual([...errorsOf('', before), ...errorsOf('back', behind)])
  })

  it('expectedErrors has errors for each cluster that a listener may choose, in the order of the config', () => {
    const there = { backends: ['127.0.0.1:2'] }
    const { listeners, ...rest } = validateConfig({
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:1',
          cluster: 'c',
          routes: [{ sni: ['x.example'], cluster: 'a' }],
          onSilent: { afterMs: 1, cluster: 'd' },
        },
      ],
      clusters: { a: there, b: there, c: there, d: there },
    })
    const found = [...expectedErrors(listeners[0]!, rest)].map(([cluster]) => cluster)
    expect([...new Set(found)]).toEqual(['', 'a', 'c', 'd'])
  })

  it.each<[string, object, object, string[]]>([
    ['that cannot be full', { limits: { maxConnections: 5 } }, {}, []],
    [
      'that refuses clients when it is full',
      { limits: { maxConnections: 5, whenFull: 'refuse' } },
      {},
      [' opening limit'],
    ],
    [
      'whose cluster refuses',
      {},
      { limits: { maxConnections: 5, whenFull: 'refuse' } },
      ['back connect limit'],
    ],
    [
      'whose cluster has a queue',
      {},
      { limits: { maxConnections: 5 } },
      ['queue no-backend', 'queue backends-down', 'queue queue-timeout', 'queue queue-full'].map(
        (each) => `back ${each}`,
      ),
    ],
  ])('expectedErrors has the errors of limits of a listener %s', (_, listener, cluster, expected) => {
    const found = (expectedOf(listener, cluster) as [string, CountedEnding][])
      .filter(([, { phase, cause }]) => phase === 'queue' || cause === 'limit')
      .map(([cluster, { phase, cause }]) => `${cluster} ${phase} ${cause}`)
    expect(found).toEqual(expected)
  })
})
