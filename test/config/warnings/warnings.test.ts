/** What `millrace check` says of a good config in which something is surely meant otherwise. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkConfigFile } from '../../../src/config/load.js'
import { findWarnings } from '../../../src/config/warnings/warnings.js'
import { selfSigned } from '../../support/certificate.js'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing } from '../../support/programs.js'

const directory = temporaryFolder()
const file = join(directory, 'millrace.yaml')

/** Every warning as `path: message`. */
function warningsOf(config: object): string[] {
  writeFileSync(file, JSON.stringify(config))
  const { input, problemsOf } = checkConfigFile(file, {})
  return problemsOf(findWarnings(input)).map(({ path, message }) => `${path}: ${message}`)
}

const web = { address: '127.0.0.1:1', cluster: 'web' }
const clusters = { web: { backends: ['192.0.2.1:80'] } }
const route = (conditions: object) => ({ cluster: 'web', ...conditions })

it('a config in which nothing is strange has no warnings', () => {
  const listeners = [
    { ...web, limits: { allow: ['10.0.0.0/8', '10.0.0.1', '10.0.0.1/32', 'fd00::/8', '0.0.0.0/0'] } },
    {
      address: '127.0.0.1:2',
      cluster: 'web',
      routes: [route({ sni: 'a.example' }), route({ sni: 'b.example' })],
    },
  ]
  const timeouts = { idleMs: '500ms', connectMs: 5000, lifetimeMs: 0 }
  expect(warningsOf({ listeners, clusters, timeouts, log: { file: `${directory}/log` } })).toEqual([])
})

it.each([
  ['idleMs', 10, '10 without a unit is 10 milliseconds: write 10s for seconds, or 10ms'],
  ['connectMs', '30', '30 without a unit is 30 milliseconds: write 30s for seconds, or 30ms'],
])('a time without a unit is told if it would be seconds elsewhere: %s of %j', (key, value, message) => {
  expect(warningsOf({ listeners: [web], clusters, timeouts: { [key]: value } })).toEqual([
    `timeouts.${key}: ${message}`,
  ])
})

it.each([
  ['the same name', { sni: 'a.example' }, { sni: ['a.example'] }],
  [
    'the same names in another order',
    { sni: ['a.example', 'b.example'] },
    { sni: ['b.example', 'a.example'] },
  ],
  ['the same source', { source: '10.0.0.0/8' }, { source: '10.0.0.0/8', reject: true, cluster: undefined }],
])('a route with %s as an earlier one is never used', (_, first, second) => {
  const routes = [route(first), route({ alpn: 'h2' }), route(second)]
  expect(warningsOf({ listeners: [{ ...web, routes }], clusters })).toEqual([
    'listeners[0].routes[2]: is never used, because listeners[0].routes[0] has the same conditions and comes first: remove one',
  ])
})

it('a cluster that no listener names is told, unless a map in a file may name it', () => {
  const more = { ...clusters, spare: { backends: ['192.0.2.2:80'] } }
  expect(warningsOf({ listeners: [web], clusters: more })).toEqual([
    'clusters.spare: no listener sends clients here: name it in a listener, or remove it',
  ])
  writeFileSync(`${directory}/tenants`, 'a.example web\n')
  const routes = [{ map: { file: `${directory}/tenants`, by: 'sni' } }]
  expect(warningsOf({ listeners: [{ ...web, routes }], clusters: more })).toEqual([])
})

it.each([
  ['10.0.0.1/8', '10.0.0.0/8', '10.0.0.1'],
  ['192.0.2.77/28', '192.0.2.64/28', '192.0.2.77'],
  ['fd00::1/64', 'fd00::/64', 'fd00::1'],
])('a network that is written as an address is told: %s', (text, network, address) => {
  const limits = { deny: [text] }
  expect(warningsOf({ listeners: [{ ...web, limits }], clusters })).toEqual([
    `listeners[0].limits.deny[0]: ${text} means ${network}: write that, or ${address} for one address`,
  ])
})

it.skipIf(areMissing('openssl'))('a certificate that expires within a week is told', async () => {
  const tls = await selfSigned(directory, { days: 6 })
  expect(warningsOf({ listeners: [{ ...web, tls }], clusters })).toEqual([
    expect.stringMatching(
      /^listeners\[0\]\.tls\.cert: .*cert\.pem expires in (?:5d 23h|6d 0h) \(.*\): renew it$/,
    ),
  ])
})

it('a log and a socket that cannot be made are told', () => {
  const nowhere = `${directory}/nowhere`
  const listeners = [web, { address: `unix:${nowhere}/web.sock`, cluster: 'web' }]
  const why = `millrace cannot make a file in "${nowhere}": ENOENT. Make the folder writable for its user before it starts`
  expect(
    warningsOf({ listeners, clusters, admin: `unix:${nowhere}/admin.sock`, log: { file: `${nowhere}/log` } }),
  ).toEqual([`listeners[1].address: ${why}`, `admin: ${why}`, `log.file: ${why}`])
})

it('a loop that a route may lead out of is told', () => {
  const listeners = [{ ...web, routes: [route({ sni: 'a.example' })] }]
  const own = { web: { backends: ['localhost:1', '192.0.2.1:80'] } }
  expect(warningsOf({ listeners, clusters: own })).toEqual([
    'clusters.web.backends[0]: leads back to listeners[0], so millrace would be its own client without end: write another address',
  ])
})
