/** Traffic for pictures: servers that answer requests and send downloads at a bounded rate, and clients of them. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

const REQUEST = Buffer.alloc(200, 'r')
const DOWNLOAD = Buffer.from('download')
const PIECE = Buffer.alloc(256 * 1024, 'd')
/** A download gets a piece each time: 13 MB/s. */
const PIECE_EVERY_MS = 20
/** A client that is slower than that gets fewer pieces. */
const MOST_WAITING_BYTES = 4 * PIECE.length

/** A server on one of the machine's loopback addresses. It can fail and come back. */
export class PictureServer {
  readonly #sockets = new Set<Socket>()
  readonly #host: string
  readonly #answer: Buffer
  #server: Server | undefined
  #port = 0

  private constructor(host: string, answerBytes: number) {
    this.#host = host
    this.#answer = Buffer.alloc(answerBytes, 'a')
  }

  static async listen(host: string, answerBytes: number): Promise<PictureServer> {
    const server = new PictureServer(host, answerBytes)
    await server.comeBack()
    return server
  }

  get address(): string {
    return `${this.#host}:${this.#port}`
  }

  /** Listens where it listened before. */
  async comeBack(): Promise<void> {
    const server = this.#create()
    server.listen(this.#port, this.#host)
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Resets its connections and refuses new ones. */
  async fail(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  #create(): Server {
    return createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      socket.on('data', (chunk: Buffer) => {
        if (chunk[0] === DOWNLOAD[0]) sendPieces(socket)
        else socket.write(this.#answer)
      })
    })
  }
}

function sendPieces(socket: Socket): void {
  const timer = setInterval(() => {
    if (socket.writableLength < MOST_WAITING_BYTES) socket.write(PIECE)
  }, PIECE_EVERY_MS)
  socket.on('close', () => clearInterval(timer))
}

/** Clients, each from a loopback address of its own. */
export class PictureClients {
  readonly #sockets = new Set<Socket>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #downloads: Socket[] = []
  #count = 0

  /** A client that stays, and sends a request every `everyMs`. */
  stay(port: number, everyMs: number): void {
    const socket = this.#connect(port)
    this.#timers.push(setInterval(() => socket.write(REQUEST), everyMs))
  }

  /** Every `everyMs` a client that sends one request and leaves after `answerBytes`. */
  comeAndGo(port: number, everyMs: number, answerBytes: number): void {
    const visit = (): void => {
      const socket = this.#connect(port)
      let left = answerBytes
      socket.write(REQUEST)
      socket.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left <= 0) socket.end()
      })
    }
    this.#timers.push(setInterval(visit, everyMs))
  }

  download(port: number): void {
    const socket = this.#connect(port)
    socket.write(DOWNLOAD)
    this.#downloads.push(socket)
  }

  endDownloads(): void {
    for (const socket of this.#downloads.splice(0)) socket.destroy()
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(port: number): Socket {
    const localAddress = `127.0.1.${(this.#count++ % 250) + 1}`
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    // millrace counts the data. Nobody here wants it.
    return socket.resume()
  }
}
