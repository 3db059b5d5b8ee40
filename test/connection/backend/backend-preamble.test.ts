/** What a backend is told of clients that came one way or another, by a dialogue that only notes it. */
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

it('has no more than responseMs', async () => {
  expect(await tell({}, {})).toEqual({ allowed: [RESPONSE_MS], said: [] })
})

it('says the PROXY header in its version before everything else', async () => {
  const sendProxy = { version: 'v1', tlvs: [] } as const
  const { said } = await tell({}, { sendProxy, origination })
  expect(said).toEqual(['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'handshake'])
  const [header] = (await tell({}, { sendProxy: { version: 'v2', tlvs: [] } })).said
  expect(header).toContain('\r\n\r\n\0\r\nQUIT\n')
})

it.each([
  ['their own goes on', { ...postgres, hello: HELLO }, {}, ['TLS?']],
  [
    'their own goes on, and only the cluster speaks Postgres',
    { hello: HELLO },
    { startTls: 'postgres' },
    ['TLS?'],
  ],
  ['their own goes on, where ours would begin', { ...postgres, hello: HELLO }, { origination }, ['TLS?']],
  ['theirs ended here', { ...postgres, hello: HELLO, tls: TLS }, { startTls: 'postgres' }, []],
  ['they have none', postgres, { startTls: 'postgres' }, []],
  ['they have none, and ours begins', postgres, { startTls: 'postgres', origination }, ['TLS?', 'handshake']],
  ['nobody speaks Postgres', { hello: HELLO }, {}, []],
  ['nobody speaks Postgres, and ours begins', { hello: HELLO }, { origination }, ['handshake']],
] as const)('of clients with TLS: %s', async (_, client, preamble, said) => {
  expect((await tell(client, preamble)).said).toEqual(said)
})
