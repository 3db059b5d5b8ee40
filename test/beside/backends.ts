/** Backends that a test plays beside real ones: each tells its name to every client, and counts its clients. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** What a backend does with a client that it has accepted. */
export type Manner = 'answer' | 'reset' | 'hang' | 'late'

const LATE_MS = 100

export class NamedBackend {
  readonly name: string
  readonly host: string
  port = 0
  manner: Manner = 'answer'
  /** Clients accepted so far. */
  accepted = 0
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  private constructor(name: string, host: string) {
    this.name = name
    this.host = host
  }

  static async start(name: string, host = '127.0.0.1'): Promise<NamedBackend> {
    const backend = new NamedBackend(name, host)
    await backend.listen()
    return backend
  }

  /** Listens again on its port. */
  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.port, this.host)
    await once(this.#server, 'listening')
    const bound = this.#server.address()
    if (bound !== null && typeof bound === 'object') this.port = bound.port
  }

  /** Refuses clients from now on. */
  refuse(): void {
    this.#server?.close()
    this.#server = undefined
  }

  /** Refuses clients and resets those that it has, as the kernel does for a process that was killed. */
  die(): void {
    this.refuse()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #serve(socket: Socket): void {
    this.accepted++
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    if (this.manner === 'reset') socket.resetAndDestroy()
    else if (this.manner === 'late') setTimeout(() => socket.write(`${this.name}\n`), LATE_MS)
    else if (this.manner === 'answer') socket.write(`${this.name}\n`)
    socket.resume().on('end', () => socket.end())
  }
}

export async function startBackends(names: readonly string[], hasOwnHosts: boolean): Promise<NamedBackend[]> {
  const hostOf = (index: number): string => (hasOwnHosts ? `127.0.1.${index + 1}` : '127.0.0.1')
  return await Promise.all(names.map((name, index) => NamedBackend.start(name, hostOf(index))))
}
