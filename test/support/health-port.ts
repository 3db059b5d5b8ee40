/**
 * The port at which a backend is checked, and its agent, as a test plays them: HTTP with any status, silence, or nobody there.
 * Both are beside the port of the backend, so that tests know each connection that the backend itself gets.
 */
import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'

export class HealthPort {
  /** The status of the next answers. */
  status = 200
  requests = 0
  readonly #server: HttpServer
  readonly #host: string
  #port: number

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
    this.#server = createHttpServer((_, response) => {
      this.requests += 1
      response.writeHead(this.status).end()
    })
  }

  static async open(host: string, port = 0): Promise<HealthPort> {
    const opened = new HealthPort(host, port)
    await opened.open()
    return opened
  }

  get port(): number {
    return this.#port
  }

  /** It can be opened again after `close`, at the same port. */
  async open(): Promise<void> {
    this.#server.listen(this.#port, this.#host)
    await once(this.#server, 'listening')
    const bound = this.#server.address()
    if (bound !== null && typeof bound !== 'string') this.#port = bound.port
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

/** An agent that says one line to everybody, or, with an empty line, takes the question and says nothing. */
export class AgentPort {
  line = ''
  /** What it was sent, one text for each question. */
  readonly heard: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      socket.once('data', (chunk) => {
        this.heard.push(chunk.toString())
        if (this.line === '') socket.end()
        else socket.end(`${this.line}\n`)
      })
    })
  }

  static async open(host: string): Promise<AgentPort> {
    const agent = new AgentPort()
    agent.#server.listen(0, host)
    await once(agent.#server, 'listening')
    return agent
  }

  get port(): number {
    const bound = this.#server.address()
    return bound === null || typeof bound === 'string' ? 0 : bound.port
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }
}
