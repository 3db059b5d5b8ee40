/** TLS towards backends that are in no config: what is wrong with a certificate or a key is told before a connect. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { BackendTlsConfig } from '../../src/config/schemas/tls-schema.js'
import { Originations } from '../../src/tls/originations.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'

const folder = temporaryFolder()
const NOTHING: BackendTlsConfig = {
  serverName: undefined,
  ca: undefined,
  verify: true,
  alpn: [],
  cert: undefined,
  key: undefined,
}
const BROKEN = '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----'
const pairs: { cert: string; key: string }[] = []

beforeAll(async () => {
  for (const prefix of ['a-', 'b-']) {
    const { cert, key } = await selfSigned(folder, { prefix })
    pairs.push({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') })
  }
})

it.each<[string, () => Partial<BackendTlsConfig>, string]>([
  [
    'a broken certificate authority',
    () => ({ ca: BROKEN }),
    'route: backend.tls.ca: the certificate cannot be read',
  ],
  [
    'a second certificate authority that is broken',
    () => ({ ca: pairs[0]!.cert + BROKEN }),
    'route: backend.tls.ca: certificate 2 of the certificate cannot be read',
  ],
  [
    'a broken certificate',
    () => ({ cert: BROKEN, key: pairs[0]!.key }),
    'route: backend.tls.cert: the certificate cannot be read',
  ],
  [
    'a broken key',
    () => ({
      cert: pairs[0]!.cert,
      key: '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
    }),
    'route: backend.tls.key: the key cannot be read',
  ],
  [
    'the key of another certificate',
    () => ({ cert: pairs[0]!.cert, key: pairs[1]!.key }),
    'route: backend.tls.key: the key is not the key of the certificate',
  ],
])('%s is an error that names it and shows no key', (_, settings, message) => {
  const create = () => new Originations().of({ ...NOTHING, ...settings() })
  expect(create).toThrow(TypeError)
  expect(create).toThrow(message)
  expect(create).not.toThrow(/hunter2/)
})

it('connections with the same settings share what was made of them', () => {
  const originations = new Originations()
  const settings = { ...NOTHING, ca: pairs[0]!.cert, ...pairs[1]! }
  expect(originations.of(settings)).toBe(originations.of({ ...settings }))
  expect(originations.of({ ...settings, verify: false })).not.toBe(originations.of(settings))
})
