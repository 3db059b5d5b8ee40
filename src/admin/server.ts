/**
 * The HTTP server of the admin address, for the command, the status page, Prometheus and scripts. Its cost is
 * bounded whatever callers do: few connections, short requests, one status for all who ask in the same
 * moment.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Address, formatAddress } from '../address.js'
import type { AdminConfig } from '../config/schemas/admin-schema.js'
import { MillraceError } from '../errors.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { removeSocketFile } from '../io/listening/listen-errors.js'
import { handleIn } from '../io/listening/server-handle.js'
import { hasFile } from '../io/listening/socket-file.js'
import type { Log } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { readBody, readQuery } from './api/body.js'
import { openApiDocument } from './api/openapi.js'
import type { Asked, Operation } from './api/operations/operation.js'
import { findOperation, type Route, wrongMethod } from './api/routes.js'
import { nothing } from './api/schemas.js'
import { answerBytes, answerJson, answerProblem, answerText, JSON_TYPE, METRICS_TYPE } from './http/answer.js'
import { Assets } from './http/assets.js'
import { listenOn, listenOnInherited } from './http/bind.js'
import { Callers, NEVER_MS } from './http/callers.js'
import { EventStreams } from './http/events.js'
import { Guard } from './http/guard.js'
import { ProblemError, toProblem } from './http/problem.js'
import { tellRefusals } from './http/refusals.js'
import type { Told } from './told.js'

const MOST_HEADER_BYTES = 8 * 1024
const REQUEST_TIMEOUT_MS = 5000
const BUSIEST_SHOWN = 20
/** At a stop, answers under way get this many ms. */
const GOODBYE_MS = 1000

export interface AdminServerOptions {
  readonly told: Told
  readonly config: AdminConfig
  readonly log: Log
}

export class AdminServer {
  readonly #options: AdminServerOptions
  readonly #guard: Guard
  readonly #assets = new Assets()
  readonly #callers = new Callers()
  readonly #told: Told
  /** The last caller has gone. */
  #left: Promise<void> = Promise.resolve()
  readonly #events: EventStreams
  readonly #server: Server
  /** Made when it is first asked for, because that takes as long as the rest of this server. */
  #openApi: Record<string, unknown> | undefined
  #address: Address

  constructor(options: AdminServerOptions) {
    const { told, config } = options
    this.#options = options
    this.#told = told
    this.#address = config.address
    this.#guard = new Guard(config)
    this.#events = new EventStreams(() => this.#moment())
    this.#server = this.#createServer()
  }

  /** If the config says port 0, this has the port in use. */
  get address(): Address {
    return this.#address
  }

  /** The listening socket, for a process that inherits it. Undefined: it does not listen. */
  get fd(): number | undefined {
    return handleIn(this.#server)?.fd
  }

  /** `fd`: a socket that listens at the address already. Rejects with `listen-failed`. */
  async start(fd?: number): Promise<void> {
    const { address: asked } = this.#options.config
    try {
      this.#address =
        fd === undefined
          ? await listenOn(this.#server, asked)
          : await listenOnInherited(this.#server, asked, fd)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new MillraceError('listen-failed', `admin: ${message}`, { cause: error })
    }
    // Only the proxy keeps the process alive. This server never does.
    this.#server.unref()
    const address = formatAddress(this.#address)
    const { role } = this.#options.config
    this.#options.log.info({ address, role }, `admin on ${address}${role === 'observe' ? ' to observe' : ''}`)
  }

  /** Answers under way get a second to finish. Resolves when the server is closed. */
  async stop(): Promise<void> {
    const { listening } = this.#server
    const address = this.#address
    if (listening && hasFile(address) && !activatedSockets.has(address)) removeSocketFile(address.path)
    const left = this.leave()
    const timer = setTimeout(() => this.#server.closeAllConnections(), GOODBYE_MS)
    await left
    clearTimeout(timer)
  }

  /**
   * Another process has the socket, so the file of a unix socket stays. Callers that are here get their answers. Resolves when the
   * last one has gone.
   */
  leave(): Promise<void> {
    if (!this.#server.listening) return this.#left
    this.#events.end()
    this.#left = once(this.#server, 'close').then(() => {})
    this.#server.close()
    this.#server.closeIdleConnections()
    return this.#left
  }

  #document(): Record<string, unknown> {
    this.#openApi ??= openApiDocument()
    return this.#openApi
  }

  #createServer(): Server {
    const server = createServer(
      {
        maxHeaderSize: MOST_HEADER_BYTES,
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: NEVER_MS,
        // The guard answers a request without Host in words.
        requireHostHeader: false,
      },
      (request, response) => void this.#answer(request, response),
    )
    this.#callers.watch(server)
    tellRefusals(server, this.#callers)
    return server
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#serve(request, response)
    } catch (error) {
      const problem = toProblem(error)
      if (problem.status === 500)
        this.#options.log.error({ err: error, path: request.url }, 'an admin request failed')
      if (response.headersSent) response.destroy()
      else answerProblem(response, problem)
      // Node would take the unread rest of a body for the next request.
      if (!request.complete) response.once('finish', () => request.destroy())
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request
    const url = readUrl(request.url ?? '')
    this.#guard.checkSite(request)
    this.#guard.checkPath(url.pathname)
    const open = this.#openPath(url.pathname)
    if (open !== undefined) {
      checkReading(method)
      return open(response)
    }
    this.#guard.checkToken(request)
    this.#callers.letIn(response)
    const closed = this.#closedPath(url.pathname)
    if (closed !== undefined) {
      checkReading(method)
      return closed(response)
    }
    const route = findOperation(method, url.pathname)
    this.#guard.checkMethod(method)
    if (route.operation.isSlow) this.#callers.makeWait(response)
    answerJson(response, await this.#run(route, request, url))
  }

  async #run({ operation, parts }: Route, request: IncomingMessage, url: URL): Promise<unknown> {
    const { control } = this.#told
    const query = readQuery(url.searchParams, operation.query ?? nothing)
    const body = operation.body && (await readBody(request, operation.body, operation.mostBytes))
    if (operation.body === undefined) request.resume()
    const asked: Asked = {
      parts,
      query,
      body,
      status: () => this.#told.status.get(),
      connections: (which) => this.#told.connections.get(which),
      history: () => this.#told.history.samples,
    }
    if (operation.isToldFirst) this.#tell(operation, asked)
    try {
      const answer = await operation.run(control, asked)
      if (!operation.isToldFirst) this.#tell(operation, asked, answer)
      return answer
    } finally {
      if (operation.method !== 'GET') this.#told.forget()
    }
  }

  /** Logs a change with what was asked for. */
  #tell({ trail }: Operation, { parts, body }: Asked, answer?: unknown): void {
    if (trail === undefined) return
    const { killed } = Object(answer)
    // `level` is the level of the line itself.
    const { level: logLevel, ...order } = Object(body)
    this.#options.log.info({ ...parts, ...order, logLevel, killed }, trail)
  }

  /** Paths that need no token. They reveal nothing. */
  #openPath(path: string): ((response: ServerResponse) => Promise<void> | void) | undefined {
    if (path === '/livez') return (response) => answerText(response, 200, 'ok')
    if (path === '/readyz') return (response) => this.#answerReadiness(response)
    const asset = this.#assets.find(path)
    return asset && ((response) => answerBytes(response, 200, asset.type, asset.bytes))
  }

  #closedPath(path: string): ((response: ServerResponse) => Promise<void> | void) | undefined {
    if (path === '/api/v1/status' && this.#options.config.role === 'observe') {
      return async (response) => answerBytes(response, 200, JSON_TYPE, await this.#told.observed.get())
    }
    if (path === '/openapi.json') return (response) => answerJson(response, this.#document())
    if (path === '/api/v1/events') return (response) => this.#follow(response)
    if (path === '/metrics') {
      return async (response) => answerBytes(response, 200, METRICS_TYPE, await this.#told.metrics.get())
    }
    return undefined
  }

  /** @throws ProblemError 503 */
  #follow(response: ServerResponse): void {
    this.#events.add(response)
    this.#callers.makeWait(response)
  }

  async #answerReadiness(response: ServerResponse): Promise<void> {
    const { isReady, why } = await this.#told.control.readiness()
    answerText(response, isReady ? 200 : 503, why)
  }

  async #moment(): Promise<unknown> {
    const { connections } = await this.#told.connections.get({ sort: 'rate', limit: BUSIEST_SHOWN })
    return {
      status: livelyPart(await this.#told.status.get()),
      connections,
      mayChange: this.#guard.mayChange,
    }
  }
}

/**
 * What changes from second to second. Endings that never happened, and what is gone, are only in the whole
 * status.
 */
function livelyPart(status: ProxyStatus): ProxyStatus {
  const endings = status.endings.filter(({ count }) => count > 0)
  return { ...status, endings, pastListeners: [], pastClusters: [] }
}

/** @throws ProblemError 400 */
function readUrl(text: string): URL {
  const whole = `http://host${text}`
  if (!text.startsWith('/') || !URL.canParse(whole)) throw new ProblemError(400, 'expected a path, such as /')
  return new URL(whole)
}

/** @throws ProblemError 405 */
function checkReading(method: string): void {
  if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, ['GET'])
}
