/** The tests in a config: what is said of bad ones. What a good one does is in test/trial/. */
import { expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { MillraceError } from '../../src/errors.js'

function problemsOf(...tests: readonly object[]): string[] {
  const web = { name: 'web', address: '127.0.0.1:1', cluster: 'a' }
  const input = {
    listeners: [
      web,
      { address: '127.0.0.1:2', cluster: 'a', protocol: 'http', acceptProxy: { from: ['unix'] } },
    ],
    clusters: { a: { backends: ['127.0.0.1:3'] } },
    tests,
  }
  try {
    validateConfig(input)
    return []
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

it('a test of a config names a listener and a cluster that exist', () => {
  expect(
    problemsOf(
      { listener: 'wbe', expect: { cluster: 'b' } },
      { expect: 'rejected' },
      { listener: '127.0.0.1:2', expect: { cluster: 'a' } },
    ),
  ).toEqual([
    'tests[0].listener: there is no listener "wbe": write one of "web", "127.0.0.1:2"',
    'tests[0].expect.cluster: there is no cluster "b"; did you mean "a"?',
    'tests[1].listener: is missing: expected the name of a listener: write one of "web", "127.0.0.1:2"',
  ])
})

it('a key of a test that does nothing at its listener is an error', () => {
  const client = { host: 'a', user: 'app', proxyHeader: '192.0.2.1', speaks: 'ssh', expect: 'waits' }
  expect(problemsOf({ ...client, listener: 'web' }, { ...client, listener: '127.0.0.1:2' })).toEqual([
    'tests[0].host: works only with "protocol: http" on the listener: remove this key',
    'tests[0].user: works only with "startTls: postgres" on the listener: remove this key',
    'tests[0].proxyHeader: works only with "acceptProxy" on the listener: remove this key',
    'tests[1].user: works only with "startTls: postgres" on the listener: remove this key',
    'tests[1].speaks: works only with "protocol: tcp" on the listener: remove this key',
  ])
})

it.each([
  [
    { expect: 'waiting' },
    'expect: expected "rejected", "waits", or a map: { cluster } or { rejected }, found "waiting"',
  ],
  [
    { expect: { cluster: 'a', rejected: 'no-route' } },
    'expect: write exactly one of "cluster" and "rejected"',
  ],
  [{ expect: 'waits', nth: 10_001 }, 'nth: expected a whole number from 1 to 10000, found 10001'],
  [{ expect: 'waits', from: '10.0.0.0/8' }, 'from: "10.0.0.0/8": expected an IP address, or "unix"'],
  [
    { expect: 'waits', speaks: 'ssj' },
    'speaks: "ssj": this is no protocol that millrace knows, and no bytes such as hex:160301; did you mean "ssh"?',
  ],
])('a bad value in the test %j is an error', (test, problem) => {
  expect(problemsOf({ listener: 'web', ...test })).toEqual([`tests[0].${problem}`])
})

it('a line break in a field of a test is an error: it would be another field', () => {
  const test = { listener: '127.0.0.1:2', fields: { a: 'b\r\nc: d', 'e f': 'g' }, expect: 'rejected' }
  expect(problemsOf(test)).toEqual([
    'tests[0].fields.a: "a": expected visible ASCII characters, found "b\\r\\nc: d"',
    'tests[0].fields["e f"]: "e f": expected the name of a field, found "e f"',
  ])
})
