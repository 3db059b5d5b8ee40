/** An admin server that sends the page what a test wants: more, stranger and faster than a proxy would. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  answerBytes,
  answerJson,
  answerProblem,
  answerText,
  COMMON_HEADERS,
} from '../../src/admin/http/answer.js'
import { Assets } from '../../src/admin/http/assets.js'
import type { ProblemError } from '../../src/admin/http/problem.js'
import { BACKEND, CLUSTER } from '../../src/status/cluster.js'
import { CONNECTION, DIRECTION } from '../../src/status/connection.js'
import { ENDING, LISTENER } from '../../src/status/listener.js'
import { STATUS } from '../../src/status/status.js'
import { blank } from '../support/blank.js'

// biome-ignore lint/suspicious/noExplicitAny: a test may send anything
type Fields = Record<string, any>

export const listener = (name: string, fields: Fields = {}): Fields => ({
  ...blank(LISTENER),
  name,
  address: '127.0.0.1:5432',
  ...fields,
})

export const backend = (address: string, fields: Fields = {}): Fields => ({
  ...blank(BACKEND),
  isFlapping: false,
  address,
  weight: 1,
  ...fields,
})

export const cluster = (name: string, backends: readonly Fields[], fields: Fields = {}): Fields => ({
  ...blank(CLUSTER),
  name,
  backends,
  ...fields,
})

export const ending = (cause: string, fields: Fields = {}): Fields => ({
  ...blank(ENDING),
  listener: 'web',
  by: 'proxy',
  phase: 'connect',
  cause,
  ...fields,
})

export const connection = (id: string, bytesPerSecond = 0, fields: Fields = {}): Fields => {
  const direction = { ...blank(DIRECTION), bytesPerSecond, carrier: 'copy', notSplicing: 'small' }
  return {
    ...blank(CONNECTION),
    id,
    listener: 'web',
    client: `192.0.2.1:${id}`,
    phase: 'data',
    backendAddress: '10.0.0.1:80',
    ageMs: 1000,
    up: direction,
    down: direction,
    ...fields,
  }
}

/** A moment of a quiet proxy, changed by `status` and `connections`. */
export const moment = (status: Fields = {}, connections: readonly Fields[] = []): Fields => ({
  status: {
    ...blank(STATUS),
    state: 'running',
    version: '0.1.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    workers: 1,
    workersWanted: 1,
    engine: 'kernel',
    listeners: [listener('web')],
    ...status,
  },
  connections,
  mayChange: true,
})

export class Teller {
  /** The moment that each new stream begins with. */
  last: Fields = moment()
  /** What the process counted before the page was opened. */
  past: { traffic: readonly Fields[]; counts: readonly Fields[] } = { traffic: [], counts: [] }
  /** Answers an order to end a connection. */
  kill: (response: ServerResponse) => void = (response) => answerJson(response, { killed: 1 })
  /** The answer in place of the event stream, if it is set. */
  problem: ProblemError | undefined
  readonly #assets = new Assets()
  readonly #streams = new Set<ServerResponse>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(): Promise<Teller> {
    const teller = new Teller()
    teller.#server.listen(0, '127.0.0.1')
    await once(teller.#server, 'listening')
    return teller
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Sends this moment on every stream. */
  tell(what: Fields): void {
    this.last = what
    for (const stream of this.#streams) stream.write(`data: ${JSON.stringify(what)}\n\n`)
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #answer({ url = '', method }: IncomingMessage, response: ServerResponse): void {
    const asset = this.#assets.find(url)
    if (asset !== undefined) answerBytes(response, 200, asset.type, asset.bytes)
    else if (method === 'DELETE') this.kill(response)
    else if (url === '/api/v1/history') answerJson(response, this.past)
    else if (url !== '/api/v1/events') answerText(response, 404, 'nothing')
    else if (this.problem !== undefined) answerProblem(response, this.problem)
    else this.#listen(response)
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' })
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
    response.write(`data: ${JSON.stringify(this.last)}\n\n`)
  }
}
