/** An admin server of a real proxy with real traffic, and requests as any caller sends them. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { AdminServer } from '../../src/admin/server.js'
import { Told } from '../../src/admin/told.js'
import type { AdminConfig } from '../../src/config/schemas/admin-schema.js'
import { renderMetrics } from '../../src/observe/metrics/metrics.js'
import { Bed, type BedConfig } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'

export const TOKEN = 'a-token-of-the-tests-0123456789'
/** The headers of a request: without the token, with the token, and with the token before a JSON body. */
export const BARE = 'Host: localhost\r\n'
export const HEAD = `${BARE}Authorization: Bearer ${TOKEN}\r\n`
export const JSON_HEAD = `${HEAD}Content-Type: application/json\r\n`

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | object
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
}

export class Rig {
  readonly backend: Backend
  readonly bed: Bed
  readonly admin: AdminServer
  /** How often the admin server asked the proxy for its status, and for its connections. */
  statuses = 0
  lists = 0

  private constructor(backend: Backend, bed: Bed, config: AdminConfig) {
    this.backend = backend
    this.bed = bed
    const status = bed.control.status.bind(bed.control)
    bed.control.status = () => {
      this.statuses++
      return status()
    }
    const connections = bed.control.connections.bind(bed.control)
    bed.control.connections = (query) => {
      this.lists++
      return connections(query)
    }
    this.admin = new AdminServer({ told: new Told(bed.control, renderMetrics), config, log: bed.proxy.log })
  }

  static async start(admin: Partial<AdminConfig> = {}, config: BedConfig = {}): Promise<Rig> {
    const backend = (await Backend.listen()).echo()
    const bed = await Bed.start({ backends: [backend], ...config })
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
    const rig = new Rig(backend, bed, {
      role: 'operate',
      address,
      token: TOKEN,
      hosts: [],
      readOnly: false,
      ...admin,
    })
    await rig.admin.start()
    return rig
  }

  async end(): Promise<void> {
    await this.admin.stop()
    await this.bed.end()
    await this.backend.close()
  }

  get place() {
    const { address } = this.admin
    return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
  }

  /** Connects a client through the proxy and waits for its first echo. */
  async join() {
    const client = await this.bed.connect()
    client.send(Buffer.from('hello'))
    await client.receive(5)
    return client
  }

  /** Sends a request: with the token, unless `headers` replaces it. */
  async ask(path: string, { method = 'GET', headers, body }: Asked = {}): Promise<Answered> {
    const { address } = this.admin
    const place =
      address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const sent = request({
      ...place,
      path,
      method,
      agent: false,
      headers: {
        host: 'localhost',
        authorization: `Bearer ${TOKEN}`,
        ...(typeof body === 'object' && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    sent.end(text)
    const [response] = await once(sent, 'response')
    const answer = Buffer.concat(await response.toArray()).toString()
    const isJson = /json/.test(response.headers['content-type'] ?? '')
    return {
      status: response.statusCode,
      headers: response.headers,
      text: answer,
      json: isJson && answer !== '' ? JSON.parse(answer) : {},
    }
  }

  /** Sends the bytes unchanged on a connection of their own. */
  async raw(bytes: string | Buffer): Promise<Socket> {
    const socket = connect(this.place as never)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(bytes)
    return socket
  }

  /** Sends the bytes the same way, and returns all that comes back until the connection is closed. */
  async answerTo(bytes: string | Buffer): Promise<string> {
    const caller = await this.raw(bytes)
    const pieces: Buffer[] = []
    caller.on('data', (piece: Buffer) => pieces.push(piece))
    await closed(caller)
    return Buffer.concat(pieces).toString()
  }
}

/** Waits until the socket is closed, in whichever way. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

/** Checks an HTTP answer that reports an error as problem JSON. */
export function expectProblem(text: string, status: number, detail: RegExp): void {
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(text).toContain('content-type: application/problem+json\r\n')
  expect(text).toContain('x-content-type-options: nosniff\r\n')
  const [, body = ''] = text.split('\r\n\r\n')
  expect(JSON.parse(body)).toMatchObject({ status, detail: expect.stringMatching(detail) })
}
