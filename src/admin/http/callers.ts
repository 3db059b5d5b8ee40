/**
 * The connections of callers. Their number is limited, and a new caller still gets in: if all are taken, the
 * least important one is closed. A caller that neither sends nor reads a byte is closed after a while.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const MOST_CALLERS = 64
/**
 * ms without a byte either way. Longer than a request may take, so that a slow caller first gets an answer
 * that says so.
 */
const QUIET_MS = 8000

/**
 * ms between two looks at the deadlines of requests while there are callers. A timer that is due in 24 days
 * stands for none.
 */
const CHECK_EVERY_MS = 1000
export const NEVER_MS = 2 ** 31 - 1

/** In the order in which they are closed. `waiting`: the answer takes long. */
const STANDINGS = ['unknown', 'let-in', 'waiting'] as const

interface Caller {
  standing: (typeof STANDINGS)[number]
  readonly answers: Set<ServerResponse>
}

export class Callers {
  /** In the order of their last request that passed the guard, or of their connect: the oldest first. */
  readonly #callers = new Map<Socket, Caller>()

  watch(server: Server): void {
    server.timeout = QUIET_MS
    server.keepAliveTimeout = QUIET_MS
    server.on('connection', (socket) => this.#add(socket, server))
    server.prependListener('request', (_, response) => this.#asked(response))
  }

  /** The caller of this response has passed the guard. */
  letIn({ socket }: ServerResponse): void {
    const caller = socket && this.#callers.get(socket)
    if (!caller) return
    this.#callers.delete(socket)
    this.#callers.set(socket, caller)
    if (caller.standing === 'unknown') caller.standing = 'let-in'
  }

  /** This answer may take long, without a byte. */
  makeWait(response: ServerResponse): void {
    const { socket } = response
    const caller = socket && this.#callers.get(socket)
    if (!caller) return
    caller.standing = 'waiting'
    socket.setTimeout(0)
    response.once('close', () => {
      caller.standing = 'let-in'
      socket.setTimeout(QUIET_MS)
    })
  }

  /** Whether the caller takes what is written now for the answer to its last request. */
  isListening(socket: Socket): boolean {
    const [answer, ...more] = this.#callers.get(socket)?.answers ?? []
    if (more.length > 0) return false
    return answer === undefined || !(answer.headersSent || answer.req.complete)
  }

  #add(socket: Socket, server: Server): void {
    if (this.#callers.size >= MOST_CALLERS) this.#letOneGo()
    if (this.#callers.size === 0) checkEvery(CHECK_EVERY_MS, server)
    this.#callers.set(socket, { standing: 'unknown', answers: new Set() })
    socket.once('close', () => {
      this.#callers.delete(socket)
      if (this.#callers.size === 0 && server.listening) checkEvery(NEVER_MS, server)
    })
  }

  #asked(response: ServerResponse): void {
    const answers = this.#callers.get(response.req.socket)?.answers
    answers?.add(response)
    response.once('close', () => answers?.delete(response))
  }

  #letOneGo(): void {
    const all = [...this.#callers]
    for (const least of STANDINGS) {
      const [socket] = all.find(([, { standing }]) => standing === least) ?? []
      if (socket === undefined) continue
      this.#callers.delete(socket)
      socket.destroy()
      return
    }
  }
}

/**
 * Node's timer for the deadlines of requests runs even without requests, and would wake an idle process. Node
 * reads its interval when the server emits `listening`, so it is emitted once more.
 */
function checkEvery(ms: number, server: Server): void {
  Object.assign(server, { connectionsCheckingInterval: ms })
  server.emit('listening')
}
