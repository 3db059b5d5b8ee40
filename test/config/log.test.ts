/** The key `log`: what it accepts, and what the errors say. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { failureOf, good, load, problemsOf } from './config-file.js'

const least = {
  listeners: [{ address: '127.0.0.1:80', cluster: 'pg' }],
  clusters: { pg: { backends: ['127.0.0.1:9000'] } },
}
const ALL = { sample: 1, always: [], minBytes: 0, minMs: 0, atOpen: false, everyMs: 0, redact: [] }

const logOf = (log: unknown) => validateConfig({ ...least, log }).log

const messagesOf = (log: unknown): string[] =>
  failureOf(() => logOf(log)).problems.map(({ path, message }) => `${path}: ${message}`)

describe('the key log', () => {
  it.each([
    ['udp://192.0.2.1', { kind: 'udp', host: '192.0.2.1', port: 514 }],
    ['udp://logs.example.com:5140', { kind: 'udp', host: 'logs.example.com', port: 5140 }],
    ['udp://[2001:db8::1]', { kind: 'udp', host: '2001:db8::1', port: 514 }],
    ['udp://[2001:db8::1]:5140', { kind: 'udp', host: '2001:db8::1', port: 5140 }],
  ])('log.syslog.address: %s becomes %j', (address, meant) => {
    expect(logOf({ syslog: { address } }).syslog).toEqual({ address: meant, facility: 3, maxBytes: 1452 })
  })

  it.each([
    [undefined, ALL],
    [true, ALL],
    ['true', ALL],
    [{}, ALL],
    [false, false],
    ['false', false],
    [{ sample: 0 }, { ...ALL, sample: 0 }],
    [
      { sample: '0.01', always: ['errors'], minBytes: '1', minMs: '1s', redact: ['client', 'http.path'] },
      { ...ALL, sample: 0.01, always: ['errors'], minBytes: 1, minMs: 1000, redact: ['client', 'http.path'] },
    ],
    [
      { atOpen: true, everyMs: '5m' },
      { ...ALL, atOpen: true, everyMs: 300_000 },
    ],
  ])('log.access: %j becomes %j', (access, meant) => {
    expect(logOf({ access }).access).toEqual(meant)
  })

  it('log.file has no default', () => {
    expect(logOf({}).file).toBeUndefined()
    expect(logOf({ file: 'logs/millrace.log' }).file).toBe('logs/millrace.log')
  })

  it('log.file and log.access of a config file may hold environment variables', () => {
    const text = `\nlog:\n  file: \${LOG}\n  access: { sample: "\${SAMPLE}", always: [errors] }\n`
    expect(load(good + text, { LOG: '/tmp/a.log', SAMPLE: '0.5' }).log).toMatchObject({
      file: '/tmp/a.log',
      access: { sample: 0.5, always: ['errors'] },
    })
  })

  it.each<[unknown, string]>([
    [{ file: '' }, 'log.file: expected the path of a file, found ""'],
    [{ file: 'a\0b' }, 'log.file: expected the path of a file, found "a\\u0000b"'],
    [{ file: 7 }, 'log.file: expected the path of a file, found 7; put it in quotes'],
    [{ file: ['a'] }, 'log.file: expected the path of a file, found a list'],
    [{ access: 1 }, 'log.access: expected true, false or a map: { sample, always }, found 1'],
    [{ access: null }, 'log.access: expected true, false or a map: { sample, always }, found nothing'],
    [{ access: ['errors'] }, 'log.access: expected true, false or a map: { sample, always }, found a list'],
    [{ access: { samples: 1 } }, 'log.access.samples: unknown key; did you mean "sample"?'],
    [{ access: { sample: 1.01 } }, 'log.access.sample: expected a number from 0 to 1, found 1.01'],
    [{ access: { sample: -0.1 } }, 'log.access.sample: expected a number from 0 to 1, found -0.1'],
    [{ access: { sample: Number.NaN } }, 'log.access.sample: expected a number from 0 to 1, found NaN'],
    [{ access: { sample: '1%' } }, 'log.access.sample: expected a number from 0 to 1, found "1%"'],
    [{ access: { sample: '' } }, 'log.access.sample: expected a number from 0 to 1, found ""'],
    [{ access: { always: 'errors' } }, 'log.access.always: expected a list of errors, found "errors"'],
    [
      { access: { always: ['error'] } },
      'log.access.always[0]: expected "errors", found "error"; did you mean "errors"?',
    ],
    [
      { access: { minBytes: -1 } },
      'log.access.minBytes: expected a whole number from 0 to 9007199254740991, found -1',
    ],
    [
      { access: { minMs: 'long' } },
      'log.access.minMs: "long" is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds',
    ],
    [
      { access: { everyMs: '10ms' } },
      'log.access.everyMs: expected 0 or a duration from 1s, such as 5m, found 10',
    ],
    [
      { syslog: { address: 'tcp://logs:514' } },
      'log.syslog.address: expected udp://HOST:PORT or unix:/path, found "tcp://logs:514"',
    ],
    [{ syslog: { address: 'udp://logs:0' } }, 'log.syslog.address: expected a port from 1 to 65535, found 0'],
    [
      { syslog: { address: 'udp://logs', facility: 'local8' } },
      expect.stringMatching(/^log\.syslog\.facility: expected one of "kern", .* found "local8"/),
    ],
    [
      { access: { redact: ['http.pat'] } },
      'log.access.redact[0]: expected one of "client", "sni", "http.authority", "http.path", "tls.clientName", "tags", found "http.pat"; did you mean "http.path"?',
    ],
    [
      { access: { redact: 'client' } },
      'log.access.redact: expected a list of client, sni, http.authority, http.path, tls.clientName, tags, found "client"',
    ],
  ])('the error of log: %j says what is wrong', (log, message) => {
    expect(messagesOf(log)).toEqual([message])
  })

  it('all problems of log are reported at once, each at its place in the file', () => {
    const text = '\nlog:\n  access:\n    sample: 2\n    always: [slow]\n    redact: [client, nane]\n'
    const line = (good + text).split('\n').findIndex((each) => each.includes('sample: 2')) + 1
    expect(problemsOf(good + text)).toEqual([
      `${line}:13 log.access.sample: expected a number from 0 to 1, found 2`,
      `${line + 1}:14 log.access.always[0]: expected "errors", found "slow"`,
      expect.stringContaining(`${line + 2}:22 log.access.redact[1]: expected one of "client"`),
    ])
  })
})
