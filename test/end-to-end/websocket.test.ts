/** A client and a server of the package ws through the built command, plain and over TLS. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { difference, pattern } from '../support/bytes.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { areMissing } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'

const MESSAGE_BYTES = 1_000_000
const MESSAGES = 100
const SLOW_MESSAGES = 100

describe.skipIf(areMissing('openssl')).each(modes())('WebSockets, $name', (mode) => {
  const folder = temporaryFolder()
  let server: WebSocketServer
  let millrace: Millrace
  let urls: Record<'ws' | 'wss', string>
  let ca: Buffer

  beforeAll(async () => {
    const pair = await selfSigned(folder)
    ca = readFileSync(pair.cert)
    server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      perMessageDeflate: true,
      maxPayload: 2 * MESSAGE_BYTES,
    })
    await once(server, 'listening')
    server.on('connection', (socket, { url }) => {
      socket.on('error', () => {})
      if (url === '/first') socket.send('the server speaks first')
      if (url === '/close') socket.close(4321, 'enough')
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
    })
    const config = {
      listeners: [
        { name: 'ws', address: '127.0.0.1:0', protocol: 'http', cluster: 'back' },
        { name: 'wss', address: '127.0.0.1:0', protocol: 'http', cluster: 'back', tls: pair },
      ],
      clusters: { back: { backends: [`127.0.0.1:${(server.address() as AddressInfo).port}`] } },
    } as const
    const started = await startWith(folder, config, mode)
    millrace = started.millrace
    urls = { ws: `ws://127.0.0.1:${started.ports.ws}`, wss: `wss://localhost:${started.ports.wss}` }
  })
  afterAll(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })

  const records = (): AccessRecord[] =>
    millrace.lines.filter(({ msg }) => msg === 'connection') as unknown as AccessRecord[]

  describe.each(['ws', 'wss'] as const)('over %s', (scheme) => {
    const open = (path: string, options: object = {}): WebSocket =>
      new WebSocket(`${urls[scheme]}${path}`, {
        ca,
        perMessageDeflate: false,
        maxPayload: 2 * MESSAGE_BYTES,
        ...options,
      })

    /** Closes the WebSocket; returns the record of its connection. */
    const close = async (socket: WebSocket, code = 1000): Promise<AccessRecord> => {
      const before = records().length
      socket.close(code)
      await once(socket, 'close')
      return (await millrace.records(before + 1)).at(-1)!
    }

    it('a WebSocket client sends 100 MB and gets them back unchanged', async () => {
      const socket = open('/echo')
      await once(socket, 'open')
      const message = pattern(7, MESSAGE_BYTES)
      let came = 0
      const done = new Promise<void>((resolve, reject) => {
        socket.on('message', (data: Buffer) => {
          const wrong = difference(data, message)
          if (wrong !== undefined) reject(new Error(wrong))
          if (++came === MESSAGES) resolve()
        })
      })
      for (let i = 0; i < MESSAGES; i++) socket.send(message)
      await done
      const record = await close(socket)
      expect(record).toMatchObject({ protocol: scheme.toUpperCase(), http: { path: '/echo', status: 101 } })
      expect(record.bytesUp).toBeGreaterThan(MESSAGES * MESSAGE_BYTES)
      expect(record.bytesDown).toBeGreaterThan(MESSAGES * MESSAGE_BYTES)
      if (scheme === 'wss' || mode.native === 'off' || mode.splice === 'off') expect(record.splicedUp).toBe(0)
      else expect(record.splicedUp).toBeGreaterThan(0.9 * record.bytesUp)
      // Everything is spliced but the two heads, which millrace reads.
      if (scheme === 'ws' && mode.splice === 'on' && mode.native !== 'off') {
        expect(record.bytesUp - record.splicedUp).toBeLessThan(1000)
        expect(record.bytesDown - record.splicedDown).toBeLessThan(1000)
      }
    })

    it('fragments, pings and compressed messages of a WebSocket arrive unchanged', async () => {
      const socket = open('/echo', { perMessageDeflate: true })
      await once(socket, 'open')
      const text = 'many words, many words, many words '.repeat(1000)
      const heard = once(socket, 'message')
      socket.send(text.slice(0, 10), { fin: false })
      socket.send(text.slice(10), { fin: true })
      expect(String((await heard)[0])).toBe(text)
      const pong = once(socket, 'pong')
      socket.ping('are you there')
      expect(String((await pong)[0])).toBe('are you there')
      await close(socket)
    })

    it('a WebSocket server may send first', async () => {
      const socket = open('/first')
      expect(String((await once(socket, 'message'))[0])).toBe('the server speaks first')
      await close(socket)
    })

    it('the close code of a WebSocket server reaches the client', async () => {
      const socket = open('/close')
      const [code, reason] = await once(socket, 'close')
      expect([code, String(reason)]).toEqual([4321, 'enough'])
    })

    it('a WebSocket client that stops reading holds up the server, and later gets everything', async () => {
      const socket = open('/echo')
      await once(socket, 'open')
      socket.pause()
      const message = pattern(9, MESSAGE_BYTES)
      const [peer] = [...server.clients].filter(({ readyState }) => readyState === WebSocket.OPEN)
      const answered = new Promise<void>((resolve) => {
        let left = SLOW_MESSAGES
        peer!.on('message', () => --left === 0 && resolve())
      })
      for (let i = 0; i < SLOW_MESSAGES; i++) socket.send(message)
      await answered
      // The bytes are more than all kernel buffers on the way hold. Only the server can still have the rest.
      expect(peer!.bufferedAmount).toBeGreaterThan(0)
      let came = 0
      const done = new Promise<void>((resolve) => {
        socket.on('message', (data: Buffer) => {
          expect(difference(data, message)).toBeUndefined()
          if (++came === SLOW_MESSAGES) resolve()
        })
      })
      socket.resume()
      await done
      await close(socket)
    })

    it('a WebSocket request of an old version gets 426 with the protocol to upgrade to', async () => {
      const response = await new Promise<{ status: number; upgrade: string | undefined }>(
        (resolve, reject) => {
          const refused = open('/echo', { protocolVersion: 8 })
          refused.on('error', reject)
          refused.on('unexpected-response', (_request, { statusCode, headers }) => {
            resolve({ status: statusCode ?? 0, upgrade: headers.upgrade })
            refused.on('error', () => {})
            refused.terminate()
          })
        },
      )
      expect(response).toEqual({ status: 426, upgrade: 'websocket' })
    })
  })
})
