/** The preamble that a backend gets for different clients. A mock dialogue notes what it is told. */
import { expect, it } from 'vitest'
import type { Backend } from '../../../src/cluster/backend.js'
import { type BackendPreamble, sendPreamble } from '../../../src/connection/backend/backend-preamble.js'
import type { KnownClient } from '../../../src/connection/opening/known-client.js'
import type { Dialogue } from '../../../src/io/dialogue.js'
import { TLS_REQUEST } from '../../../src/postgres/first-packet.js'
import type { TlsOrigination } from '../../../src/tls/tls-origination.js'

const RESPONSE_MS = 1234
const HELLO = { serverName: undefined, alpn: [] }
const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }

class HandshakeBegan extends Error {}

const origination = {
  begin: () => {
    throw new HandshakeBegan()
  },
} as unknown as TlsOrigination

type Told = { allowed: number[]; said: string[] }

async function tell(client: object, preamble: Partial<BackendPreamble>): Promise<Told> {
  const told: Told = { allowed: [], said: [] }
  const backend = {
    allow: (ms: number) => told.allowed.push(ms),
    say: async (bytes: Buffer) => void told.said.push(bytes.equals(TLS_REQUEST) ? 'TLS?' : `${bytes}`),
    look: async () => ({ kind: 'match', value: true, bytes: 1 }),
    socket: { read: () => Buffer.alloc(1), release: () => ({}) },
  } as unknown as Dialogue
  const known = {
    policy: { config: { startTls: undefined } },
    hello: undefined,
    tls: undefined,
    address: { kind: 'tcp', host: '192.0.2.1', port: 1 },
    localAddress: { kind: 'tcp', host: '192.0.2.2', port: 2 },
    ...client,
  } as unknown as KnownClient
  const nothing = { sendProxy: undefined, origination: undefined, startTls: undefined, idleMs: 0 }
  const all = { ...nothing, responseMs: RESPONSE_MS, ...preamble }
  await sendPreamble(backend, {} as Backend, all, known, 'id').catch((error) => {
    if (!(error instanceof HandshakeBegan)) throw error
    told.said.push('handshake')
  })
  return told
}

const postgres = { policy: { config: { startTls: 'postgres' } } }

it('a preamble must end within responseMs', async () => {
  expect(await tell({}, {})).toEqual({ allowed: [RESPONSE_MS], said: [] })
})

it('a preamble sends the PROXY header in the configured version before everything else', async () => {
  const sendProxy = { version: 'v1', tlvs: [] } as const
  const { said } = await tell({}, { sendProxy, origination })
  expect(said).toEqual(['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'handshake'])
  const [header] = (await tell({}, { sendProxy: { version: 'v2', tlvs: [] } })).said
  expect(header).toContain('\r\n\r\n\0\r\nQUIT\n')
})

it.each([
  ['its TLS passes through', { ...postgres, hello: HELLO }, {}, ['TLS?']],
  [
    'its TLS passes through, and only the cluster speaks Postgres',
    { hello: HELLO },
    { startTls: 'postgres' },
    ['TLS?'],
  ],
  [
    'its TLS passes through to a cluster that has TLS of its own',
    { ...postgres, hello: HELLO },
    { origination },
    ['TLS?'],
  ],
  ['its TLS ended at millrace', { ...postgres, hello: HELLO, tls: TLS }, { startTls: 'postgres' }, []],
  ['it has no TLS', postgres, { startTls: 'postgres' }, []],
  [
    'it has no TLS, and the cluster has',
    postgres,
    { startTls: 'postgres', origination },
    ['TLS?', 'handshake'],
  ],
  ['its TLS passes through, and neither side speaks Postgres', { hello: HELLO }, {}, []],
  ['neither side speaks Postgres, and the cluster has TLS', { hello: HELLO }, { origination }, ['handshake']],
] as const)(
  'a preamble asks the backend for TLS only where it must: %s',
  async (_, client, preamble, said) => {
    expect((await tell(client, preamble)).said).toEqual(said)
  },
)
