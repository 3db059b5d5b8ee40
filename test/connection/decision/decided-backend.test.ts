/** The backend, the limits and the tags that a route function returns: what is read, and how a mistake is told. */
import { describe, expect, it } from 'vitest'
import { readBackend } from '../../../src/connection/decision/decided-backend.js'
import { readLimits } from '../../../src/connection/decision/decided-limits.js'
import { readTags } from '../../../src/connection/decision/decided-tags.js'
import { readDecision } from '../../../src/connection/decision/read-decision.js'

const ADDRESS = '10.0.0.5:5432'
const address = { kind: 'tcp', host: '10.0.0.5', port: 5432 }
const PEM = '-----BEGIN CERTIFICATE-----'

describe('a backend that a route function returns', () => {
  const read = (value: unknown) => readBackend(value, 'backend')
  const tls = {
    serverName: undefined,
    ca: undefined,
    verify: true,
    alpn: [],
    cert: undefined,
    key: undefined,
  }
  const tlvs = ['ssl', 'authority', 'alpn', 'uniqueId']

  it.each<[unknown, object]>([
    [ADDRESS, { address }],
    [{ address: ADDRESS, tls: undefined }, { address }],
    ['[2001:db8::1]:80', { address: { kind: 'tcp', host: '2001:db8::1', port: 80 } }],
    ['unix:/run/app', { address: { kind: 'unix', path: '/run/app' } }],
    [
      { address: ADDRESS, tls: {} },
      { address, tls },
    ],
    [
      {
        address: ADDRESS,
        tls: { serverName: 'DB.test.', ca: PEM, verify: false, alpn: ['h2'], cert: PEM, key: PEM },
      },
      { address, tls: { serverName: 'db.test', ca: PEM, verify: false, alpn: ['h2'], cert: PEM, key: PEM } },
    ],
    [
      { address: ADDRESS, startTls: 'postgres' },
      { address, startTls: 'postgres' },
    ],
    [
      { address: ADDRESS, startTls: 'postgres', tls: {} },
      { address, startTls: 'postgres', tls: { ...tls, alpn: ['postgresql'] } },
    ],
    [
      { address: ADDRESS, sendProxy: 'v2' },
      { address, sendProxy: { version: 'v2', tlvs } },
    ],
    [
      { address: ADDRESS, sendProxy: { version: 'v2', tlvs: ['fromClient'] } },
      { address, sendProxy: { version: 'v2', tlvs: ['fromClient'] } },
    ],
    [
      { address: ADDRESS, via: 'socks5://a:b%40@10.0.0.9:1080' },
      {
        address,
        via: {
          protocol: 'socks5',
          address: { kind: 'tcp', host: '10.0.0.9', port: 1080 },
          credentials: { user: 'a', password: 'b@' },
        },
      },
    ],
    [
      { address: ADDRESS, via: { http: 'proxy.test:3128' } },
      {
        address,
        via: {
          protocol: 'http',
          address: { kind: 'tcp', host: 'proxy.test', port: 3128 },
          credentials: undefined,
        },
      },
    ],
  ])('%j is read', (value, parts) => {
    expect(read(value)).toEqual(parts)
  })

  it.each<[unknown, string]>([
    [5, 'route: backend: expected an address, or a map such as { address: "10.0.0.5:5432" }, not 5'],
    [{}, 'route: backend.address is missing: return an address, or a map'],
    ['10.0.0.5', 'route: backend: a port is missing: write 10.0.0.5:PORT'],
    ['10.0.0.5:0', 'route: backend: expected a port from 1 to 65535'],
    [{ adress: ADDRESS }, 'route: "backend.adress" is an unknown key; did you mean "address"?'],
    [{ address: ADDRESS, tls: true }, 'route: backend.tls: expected a map, {} for the defaults, not true'],
    [
      { address: ADDRESS, tls: { verfy: true } },
      '"backend.tls.verfy" is an unknown key; did you mean "verify"?',
    ],
    [{ address: ADDRESS, tls: { verify: 1 } }, 'route: backend.tls.verify: expected true or false, not 1'],
    [
      { address: ADDRESS, tls: { ca: '/etc/ca.pem' } },
      'backend.tls.ca: expected PEM, and not the path of a file',
    ],
    [{ address: ADDRESS, tls: { cert: PEM } }, 'backend.tls: cert and key belong together'],
    [{ address: ADDRESS, tls: { alpn: 'h2' } }, 'backend.tls.alpn: expected a list of protocols'],
    [{ address: ADDRESS, tls: { serverName: '1.2' } }, 'backend.tls.serverName: this is neither'],
    [{ address: ADDRESS, startTls: 'smtp' }, 'backend.startTls: expected "postgres", not "smtp"'],
    [{ address: ADDRESS, sendProxy: 'v3' }, 'backend.sendProxy: expected "v1" or "v2", not "v3"'],
    [{ address: ADDRESS, sendProxy: {} }, 'backend.sendProxy.version: expected "v1" or "v2", not undefined'],
    [
      { address: ADDRESS, sendProxy: { version: 'v2', tlvs: ['x'] } },
      'backend.sendProxy.tlvs: expected a list of some',
    ],
    [{ address: ADDRESS, via: 'https://x:1' }, 'backend.via: TLS to a forward proxy is not supported'],
    [{ address: ADDRESS, via: {} }, 'backend.via: expected socks5 or http'],
    [
      { address: ADDRESS, via: { socks5: 'x:1', passwordFile: '/x' } },
      '"backend.via.passwordFile" is an unknown key',
    ],
    [{ address: ADDRESS, via: { socks5: 'x:1', user: '' } }, 'backend.via.user: expected 1 to 255 bytes'],
    [
      { address: 'unix:/run/app', via: 'socks5://x:1' },
      'backend.via: a forward proxy cannot reach a unix socket',
    ],
  ])('%j is a mistake, and the error says what to return', (value, message) => {
    expect(() => read(value)).toThrow(message)
  })

  it('no error about a forward proxy shows its password', () => {
    const ways = [
      'socks5://user:hunter2@',
      { socks5: 'a:1', user: 'u', password: 'hunter2\n' },
      { socks5: 'a:1:u:hunter2' },
    ]
    for (const via of ways) {
      const refused = (): unknown => read({ address: ADDRESS, via })
      expect(refused).toThrow(TypeError)
      expect(refused).not.toThrow(/hunter2/)
    }
  })
})

describe('limits that a route function returns', () => {
  it.each<[unknown, object]>([
    [{ maxConnections: 5 }, { maxConnections: 5 }],
    [{ bytesPerSecond: '1MiB' }, { bytesPerSecond: { up: 1_048_576, down: 1_048_576 } }],
    [{ bytesPerSecond: { down: 0 } }, { bytesPerSecond: { up: 0, down: 0 } }],
    [{ maxBytes: 0 }, { maxBytes: 0 }],
  ])('%j is read', (value, limits) => {
    expect(readLimits(value, 'limits')).toEqual(limits)
  })

  it.each<[unknown, string]>([
    [5, 'route: limits: expected a map such as { bytesPerSecond: "1MiB" }, not 5'],
    [
      { maxConnections: 0 },
      'limits.maxConnections: expected a whole number from 1 to 10000000, or no such key, not 0',
    ],
    [{ bytesPerSecond: 'fast' }, 'limits.bytesPerSecond: "fast" is not a size'],
    [
      { bytesPerSecond: { up: 5 } },
      'limits.bytesPerSecond.up: expected a size from 1KiB to 1TiB, or 0, not 5',
    ],
    [{ bytesPerSecond: null }, 'limits.bytesPerSecond: expected a size such as 1MiB, or a map'],
    [{ maxBytes: Number.NaN }, 'limits.maxBytes: expected a size from 1KiB to 1024TiB, or 0, not NaN'],
    [{ maxbytes: 5 }, '"limits.maxbytes" is an unknown key; did you mean "maxBytes"?'],
  ])('%j is a mistake, and the error says what to return', (value, message) => {
    expect(() => readLimits(value, 'limits')).toThrow(message)
  })

  it('a limit of connections without a backend is a mistake', () => {
    const limits = { maxConnections: 1 }
    expect(() => readDecision({ cluster: 'app', limits })).toThrow(
      'limits.maxConnections is about the backend',
    )
    expect(readDecision({ backend: ADDRESS, limits })).toEqual({ backend: { address }, limits })
  })
})

describe('tags that a route function returns', () => {
  it('tags are read as a copy', () => {
    const given = { tenant: 'a', none: undefined }
    const tags = readTags(given, 'tags')
    given.tenant = 'b'
    expect(tags).toEqual({ tenant: 'a' })
  })

  it.each<[unknown, string]>([
    ['a', 'route: tags: expected a map of texts, not "a"'],
    [{ tenant: 5 }, 'route: tags.tenant: expected a text of at most 256 characters, not 5'],
    [{ tenant: 'x'.repeat(257) }, 'route: tags.tenant: expected a text of at most 256 characters'],
    [{ 'a\nb': 'x' }, 'keys of 1 to 63 characters without control characters'],
    [JSON.parse('{"__proto__":"x"}'), 'keys of 1 to 63'],
    [Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, 'x'])), 'at most 16 tags, not 17'],
  ])('%j is a mistake, and the error says what to return', (value, message) => {
    expect(() => readTags(value, 'tags')).toThrow(message)
  })
})
