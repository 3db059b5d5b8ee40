/**
 * The connections of those who ask. There are few, and whoever comes gets one: where all are taken, the one goes that
 * matters least. Who neither says anything nor takes what it is told has its own only for a while.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const MOST_CALLERS = 64
/** Without a byte either way; longer than a request has, whose caller is told why it goes. */
const QUIET_MS = 8000

/** Requests' deadlines are looked at this often while there are callers (ms); a timer that is due in 24 days is none. */
const CHECK_EVERY_MS = 1000
export const NEVER_MS = 2 ** 31 - 1

/** In the order in which they go. `waiting`: for an answer that takes its time. */
const STANDINGS = ['unknown', 'let-in', 'waiting'] as const

interface Caller {
  standing: (typeof STANDINGS)[number]
  readonly answers: Set<ServerResponse>
}

export class Callers {
  /** Those first that have not shown for longest who they are. */
  readonly #callers = new Map<Socket, Caller>()

  watch(server: Server): void {
    server.timeout = QUIET_MS
    server.keepAliveTimeout = QUIET_MS
    server.on('connection', (socket) => this.#add(socket, server))
    server.prependListener('request', (_, response) => this.#asked(response))
  }

  /** Whoever waits for this may ask what it asks. */
  letIn({ socket }: ServerResponse): void {
    const caller = socket && this.#callers.get(socket)
    if (!caller) return
    this.#callers.delete(socket)
    this.#callers.set(socket, caller)
    if (caller.standing === 'unknown') caller.standing = 'let-in'
  }

  /** It may take its time, without a byte. */
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

  /** Whether what is written now is read as the answer to what was sent last. */
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
 * Node's timer for requests' deadlines runs whether anybody asks or not, and would wake an idle process. It takes its
 * pace when the server says that it listens, so it is told so once more.
 */
function checkEvery(ms: number, server: Server): void {
  Object.assign(server, { connectionsCheckingInterval: ms })
  server.emit('listening')
}
