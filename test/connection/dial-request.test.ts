/** What a balancer can learn of a connection when it chooses a backend. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BalanceRequest } from '../../src/cluster/balance/request.js'
import type { DialRequest } from '../../src/cluster/dial.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { Connection } from '../../src/connection/connection.js'
import type { StreamSocket } from '../../src/io/streams/stream-socket.js'
import { encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import { streamCarriage } from '../support/carriages.js'
import { helloOf } from '../support/hello.js'
import { type End, Rig } from '../support/rig.js'
import { until } from '../support/wait.js'
import { CONNECT_MS, loneConnection } from './lone-connection.js'

const FROM = { kind: 'tcp', host: '192.0.2.7', port: 50000 } as const
const TO = { kind: 'tcp', host: '198.51.100.9', port: 443 } as const
const VPCE = 0xea

let rig: Rig
let client: End
let requests: DialRequest[]
let endings: unknown[]
let connection: Connection

beforeEach(async () => {
  rig = new Rig(streamCarriage)
  client = await rig.accept()
  requests = []
  endings = []
})
afterEach(async () => {
  const [peer, socket] = client
  connection.end('ordered')
  await until(() => endings.length > 0)
  peer.socket.destroy()
  await peer.closed
  await until(() => (socket as StreamSocket).stream.closed)
  expect(await rig.finish()).toEqual([])
})

/** Starts a connection of this listener whose client says `bytes`. Returns the request to its cluster. */
async function requestAfter(bytes: Buffer, listener: Partial<ListenerInput>): Promise<DialRequest> {
  const [peer, socket] = client
  peer.send(bytes)
  connection = loneConnection(socket, {
    engine: rig.engine,
    listener: { cluster: 'back', ...listener },
    dial: (request) => requests.push(request),
    ended: (ending) => endings.push(ending),
  })
  connection.start()
  await until(() => requests.length > 0)
  return requests[0]!
}

const factsOf = ({ clientAddress, serverName, host, path, key }: BalanceRequest) => ({
  clientAddress,
  serverName,
  host,
  path,
  key,
})

it("a balancer sees the client's address of a connection without an opening", async () => {
  const request = await requestAfter(Buffer.from('anything'), {})
  expect(request.connectMs).toBe(CONNECT_MS)
  expect(factsOf(request)).toEqual({
    clientAddress: { kind: 'tcp', host: '127.0.0.1', port: 2 },
    serverName: undefined,
    host: undefined,
    path: undefined,
    key: undefined,
  })
  expect(request.tlv(VPCE)).toBeUndefined()
})

it('a balancer sees the client, host, path and first TLV of a request behind a PROXY header', async () => {
  const header = encodeProxyHeader(2, {
    source: FROM,
    destination: TO,
    others: [
      { type: VPCE, value: Buffer.from('one') },
      { type: VPCE, value: Buffer.from('two') },
    ],
  })
  const head = Buffer.from('GET /rooms/7?user=1 HTTP/1.1\r\nHost: Chat.Test:80\r\n\r\n')
  const request = await requestAfter(Buffer.concat([header, head]), {
    protocol: 'http',
    http: 'forward',
    acceptProxy: { from: ['127.0.0.1'] },
  })
  expect(factsOf(request)).toMatchObject({ clientAddress: FROM, host: 'chat.test', path: '/rooms/7' })
  expect(request.tlv(VPCE)?.toString()).toBe('one')
  expect(request.tlv(0xe0)).toBeUndefined()
})

it('a balancer sees the server name of TLS that passes through', async () => {
  const request = await requestAfter(await helloOf({ servername: 'db.test' }), {
    routes: [{ sni: '*.test', cluster: 'back' }],
  })
  expect(factsOf(request)).toMatchObject({ serverName: 'db.test', host: undefined, path: undefined })
})
