/** The error answers of millrace, as a client reads them. */
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { errorAnswer } from '../../src/websocket/error-answer.js'
import { readResponseHead } from '../../src/websocket/heads/response-head.js'

/** What a client of node:http reads from these bytes. */
async function receive(bytes: Buffer): Promise<{ response: http.IncomingMessage; body: string }> {
  const server = createServer((socket) => socket.resume().end(bytes)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const request = http.get({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return { response, body: await text(response) }
  } finally {
    server.close()
  }
}

describe('an error answer', () => {
  it('an error answer is a complete response of text that closes the connection', async () => {
    const { response, body } = await receive(errorAnswer(400, 'no Host'))
    expect(response).toMatchObject({ statusCode: 400, statusMessage: 'Bad Request', complete: true })
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(body.length),
      connection: 'close',
    })
    expect(new Date(response.headers.date ?? '').toUTCString()).toBe(response.headers.date)
    expect(body).toBe('400 Bad Request: no Host\n')
  })

  it('an error answer needs no reason', async () => {
    expect((await receive(errorAnswer(504))).body).toBe('504 Gateway Timeout\n')
  })

  it('an error answer of 426 names the protocol to upgrade to', async () => {
    const { response } = await receive(errorAnswer(426))
    expect(response.headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade, close',
      'sec-websocket-version': '13',
    })
  })

  it('an error answer may have further fields', async () => {
    const { response } = await receive(errorAnswer(503, '', [{ name: 'Retry-After', value: '5' }]))
    expect(response.headers['retry-after']).toBe('5')
  })

  it('an error answer is a response that millrace would accept from a backend', () => {
    const bytes = errorAnswer(502, 'it answered no HTTP')
    expect(readResponseHead(bytes)).toMatchObject({
      kind: 'match',
      value: { bodyKind: 'length', status: 502 },
    })
  })
})
