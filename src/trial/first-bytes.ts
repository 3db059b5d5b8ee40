/** The first bytes of the client of a test, inside TLS if it speaks TLS. Pure. */
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import type { TestConfig } from '../config/schemas/tests-schema.js'
import { encodeLocalHeader } from '../proxy-protocol/encode.js'

type Listening = Pick<ListenerConfig, 'protocol' | 'startTls'>

const NOTHING = Buffer.alloc(0)
/** Version 3.0, as in a StartupMessage (PostgreSQL documentation, "Message Formats"). */
const STARTUP_VERSION = 0x0003_0000
/** The key of the example in RFC 6455 section 1.3. */
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Short messages that begin each protocol. TLS is not here, because Node makes its ClientHello. */
export const SAMPLES: Readonly<Record<string, Buffer>> = {
  http: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  ssh: Buffer.from('SSH-2.0-client\r\n'),
  postgres: startUp('postgres', undefined),
  // TPKT, and an X.224 connection request without a cookie ([MS-RDPBCGR] section 2.2.1.1).
  rdp: Buffer.from([3, 0, 0, 11, 6, 0xe0, 0, 0, 0, 0, 0]),
  redis: Buffer.from('*1\r\n$4\r\nPING\r\n'),
  proxy: encodeLocalHeader(2),
}

export function firstBytesOf(test: TestConfig, { protocol, startTls }: Listening): Buffer {
  const { speaks, user, database } = test
  if (speaks === 'nothing') return NOTHING
  if (speaks?.startsWith('hex:') === true) return Buffer.from(speaks.slice('hex:'.length), 'hex')
  if (speaks !== undefined) return SAMPLES[speaks] ?? NOTHING
  if (protocol === 'http') return request(test)
  return startTls === undefined ? NOTHING : startUp(user ?? 'postgres', database)
}

function request({ host, sni, path, fields, websocket }: TestConfig): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host ?? sni ?? 'localhost'}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    ...(websocket ? WEBSOCKET : []),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function startUp(user: string, database: string | undefined): Buffer {
  const parameters = [['user', user], ...(database === undefined ? [] : [['database', database]])]
  const body = Buffer.from(
    `${parameters
      .flat()
      .map((text) => `${text}\0`)
      .join('')}\0`,
  )
  const header = Buffer.alloc(8)
  header.writeUInt32BE(header.length + body.length, 0)
  header.writeUInt32BE(STARTUP_VERSION, 4)
  return Buffer.concat([header, body])
}
