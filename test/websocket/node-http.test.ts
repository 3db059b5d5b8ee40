/**
 * node:http accepts every head that millrace accepts and forwards, and reads the same method, target and fields from
 * it. The tests use thousands of damaged requests and responses, and the handshake of a real client and server.
 */
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { forwardedAnswer } from '../../src/websocket/forwarding/forwarded-answer.js'
import type { Field } from '../../src/websocket/heads/fields.js'
import { readRequestHead } from '../../src/websocket/heads/request-head.js'
import { readResponseHead } from '../../src/websocket/heads/response-head.js'
import { acceptanceOf, upgradeOf } from '../../src/websocket/upgrade.js'
import { requests, responses } from './heads.js'
import { mutate, random } from './mutated-heads.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MUTATIONS = 20_000
const LEAST_ACCEPTED = 2000

/** A connection in memory that delivers `bytes`, and drops what is written to it. */
function connectionOf(bytes: Buffer): Duplex {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), allowHalfOpen: true })
  stream.push(bytes)
  return stream
}

interface Seen {
  /** The event of node:http that brought it. */
  readonly event: string
  readonly start: string
  readonly rawFields: readonly string[]
}

const flat = (fields: readonly Field[]): string[] => fields.flatMap(({ name, value }) => [name, value])

function fieldsOf(response: Buffer): readonly Field[] {
  const answer = readResponseHead(response)
  return answer.kind === 'match' ? answer.value.fields : []
}

describe(`damaged heads, MILLRACE_SEED=${SEED}`, () => {
  const server = http.createServer({ insecureHTTPParser: false })
  let settle: (seen: Seen | Error) => void

  beforeAll(() => {
    for (const event of ['request', 'upgrade', 'checkContinue', 'checkExpectation']) {
      server.on(event, ({ method, url, httpVersion, rawHeaders }: http.IncomingMessage) =>
        settle({ event, start: `${method} ${url} ${httpVersion}`, rawFields: rawHeaders }),
      )
    }
    server.on('clientError', (error) => settle(error))
  })

  /** What a server of node:http reads from the request, or why it refuses the request. */
  async function receive(bytes: Buffer): Promise<Seen | Error> {
    const connection = connectionOf(bytes)
    const seen = new Promise<Seen | Error>((resolve) => {
      settle = resolve
    })
    server.emit('connection', connection)
    try {
      return await seen
    } finally {
      connection.destroy()
    }
  }

  it('node:http accepts every damaged request that millrace accepts, and reads the same', async () => {
    const next = random(SEED)
    const seeds = requests.map(({ bytes }) => bytes)
    let accepted = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(seeds, next)
      const answer = readRequestHead(bytes)
      if (answer.kind !== 'match') continue
      const { method, target, version, fields } = answer.value
      // HTTP allows any method, but node:http only knows those of a list.
      if (!http.METHODS.includes(method)) continue
      accepted++
      const seen = await receive(bytes.subarray(0, answer.bytes))
      expect(seen, bytes.toString('latin1')).toMatchObject({
        start: `${method} ${target} ${version}`,
        rawFields: flat(fields),
        ...(upgradeOf(answer.value).kind === 'websocket' ? { event: 'upgrade' } : {}),
      })
    }
    expect(accepted).toBeGreaterThan(LEAST_ACCEPTED)
  })

  /** What a client of node:http reads from the response, or why it refuses the response. */
  async function ask(bytes: Buffer): Promise<Seen | Error> {
    const connection = connectionOf(bytes)
    const request = http.get({ createConnection: () => connection as Socket })
    try {
      return await new Promise((resolve) => {
        for (const event of ['response', 'upgrade', 'information']) {
          request.on(event, ({ statusCode, statusMessage, httpVersion, rawHeaders }: http.IncomingMessage) =>
            resolve({ event, start: `${httpVersion} ${statusCode} ${statusMessage}`, rawFields: rawHeaders }),
          )
        }
        request.on('error', resolve)
      })
    } finally {
      request.destroy()
      connection.destroy()
    }
  }

  it('node:http accepts every damaged response that millrace accepts, and reads the same', async () => {
    const next = random(SEED)
    const seeds = responses.map(({ bytes }) => bytes)
    let accepted = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(seeds, next)
      const answer = readResponseHead(bytes)
      if (answer.kind !== 'match') continue
      const { version, status, reason, bodyKind } = answer.value
      const sent = forwardedAnswer(bytes.subarray(0, answer.bytes), answer.value, 'accepted')
      // The response ends with its head whatever these fields say, but not every client follows that rule.
      if (bodyKind === 'none' && /^(?:content-length|transfer-encoding):/im.test(sent.toString('latin1')))
        continue
      accepted++
      const seen = await ask(sent)
      expect(seen, bytes.toString('latin1')).toMatchObject({
        start: `${version} ${status} ${reason}`,
        rawFields: flat(fieldsOf(sent)),
      })
    }
    expect(accepted).toBeGreaterThan(LEAST_ACCEPTED)
  })
})

describe('the handshake of ws', () => {
  const backend = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  /** Passes bytes on and keeps them. */
  const relay = createServer((client) => {
    const server = connect((backend.address() as AddressInfo).port, '127.0.0.1')
    client.on('data', (data) => sent.push(data)).pipe(server)
    server.on('data', (data) => answered.push(data)).pipe(client)
  })
  const sent: Buffer[] = []
  const answered: Buffer[] = []

  beforeAll(async () => {
    relay.listen(0, '127.0.0.1')
    await Promise.all([once(relay, 'listening'), backend.address() ?? once(backend, 'listening')])
  })
  afterAll(async () => {
    relay.close()
    backend.close()
    await Promise.all([once(relay, 'close'), once(backend, 'close')])
  })

  it('the handshake of the package ws is read as an upgrade and its acceptance', async () => {
    const url = `ws://127.0.0.1:${(relay.address() as AddressInfo).port}/a/b?c`
    const client = new WebSocket(url, ['a', 'b'], { perMessageDeflate: true, origin: 'http://a' })
    await once(client, 'open')
    client.close()
    await once(client, 'close')

    const request = readRequestHead(Buffer.concat(sent))
    if (request.kind !== 'match') expect.fail(JSON.stringify(request))
    expect(request.value).toMatchObject({ path: '/a/b', host: '127.0.0.1' })
    const upgrade = upgradeOf(request.value)
    if (upgrade.kind !== 'websocket') expect.fail(JSON.stringify(upgrade))
    const response = readResponseHead(Buffer.concat(answered))
    if (response.kind !== 'match') expect.fail(JSON.stringify(response))
    expect(acceptanceOf(response.value, upgrade.key)).toEqual({ kind: 'accepted' })
  })
})
