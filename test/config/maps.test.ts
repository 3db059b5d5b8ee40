/** `routes[].map`, `limits.allow` and `limits.deny` in a config: what is accepted, and what the errors say. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { temporaryFolder } from '../support/folder.js'
import { problemsIn } from './config-file.js'

const folder = temporaryFolder()
/** A file that is there. */
const FILE = new URL(import.meta.url).pathname

const configOf = (listener: object, more: object = {}) =>
  validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', ...listener }],
    clusters: { web: { backends: ['127.0.0.1:2'] } },
    ...more,
  })

const problemsOf = (listener: object, more: object = {}): string[] =>
  problemsIn(() => configOf(listener, more))

const withMap = (by: unknown, route: object = {}) => ({ routes: [{ map: { file: FILE, by }, ...route }] })
const AT = 'listeners[0].routes[0]'

describe('routes[].map', () => {
  it.each([
    ['sni', {}],
    ['host', { protocol: 'http' }],
    ['user', { startTls: 'postgres' }],
    ['database', { startTls: 'postgres' }],
  ])('a route can have a map by %s', (by, listener) => {
    expect(problemsOf({ ...withMap(by), ...listener })).toEqual([])
  })

  it.each<[string, object, string]>([
    ['a cluster', withMap('sni', { cluster: 'web' }), `${AT}.cluster: cannot stand beside "map"`],
    [
      'reject',
      withMap('sni', { reject: true }),
      `${AT}.reject: cannot stand beside "map": write "reject" after the names`,
    ],
    ['the wrong protocol for host', withMap('host'), `${AT}.map.by: works only with "protocol: http"`],
    ['the wrong protocol for user', withMap('user'), `${AT}.map.by: works only with "startTls: postgres"`],
    ['plain HTTP', { ...withMap('sni'), protocol: 'http' }, `${AT}.map.by: works only with "tls"`],
    ['speaks: ssh', withMap('sni', { speaks: 'ssh' }), `${AT}.map.by: only TLS has "sni"`],
    [
      'an unknown key',
      withMap('path'),
      `${AT}.map.by: expected one of "sni", "host", "user", "database", found "path"`,
    ],
  ])('a map beside %s is refused with what to write instead', (_, listener, message) => {
    const [problem, ...others] = problemsOf(listener)
    expect(others).toEqual([])
    expect(problem).toContain(message)
  })

  it('a map makes millrace look for server names, so onBadHello and onSilent have a meaning', () => {
    const onSilent = { afterMs: '2s', cluster: 'web' }
    expect(problemsOf({ ...withMap('sni'), onBadHello: 'web', onSilent })).toEqual([])
    expect(problemsOf({ ...withMap('user'), startTls: 'postgres', onBadHello: 'web' })).toHaveLength(1)
  })
})

describe('files of lists', () => {
  it('a file that is missing or a folder is an error at its place in the config', () => {
    const missing = join(folder, 'missing.txt')
    const message = `cannot read the file ${JSON.stringify(missing)}: ENOENT. Write the path of a file that millrace can read`
    const problems = problemsOf(
      {
        routes: [{ map: { file: missing, by: 'sni' } }],
        limits: { allow: ['10.0.0.0/8', { file: missing }] },
      },
      { limits: { deny: [{ file: folder }] } },
    )
    expect(problems.sort()).toEqual([
      `limits.deny[0].file: cannot read the file ${JSON.stringify(folder)}: it is not a regular file. Write the path of a file that millrace can read`,
      `listeners[0].limits.allow[1].file: ${message}`,
      `${AT}.map.file: ${message}`,
    ])
  })

  it('an entry can be an exception, and a bad entry is refused', () => {
    const deny = ['10.0.0.0/8', '!10.1.0.0/16', { file: FILE }]
    expect(configOf({ cluster: 'web', limits: { deny } }).listeners[0]!.limits?.deny).toEqual({
      addresses: ['10.0.0.0/8', '!10.1.0.0/16'],
      files: [FILE],
    })
    expect(problemsOf({ cluster: 'web', limits: { deny: ['!a.test'] } })).toEqual([
      'listeners[0].limits.deny[0]: "!a.test": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix',
    ])
  })
})
