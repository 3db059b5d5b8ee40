/**
 * A listener on node:net. Node's servers cannot leave clients in the kernel's queue: clients that come while it pauses wait in
 * this process. So a listener that begins with a pause, on sockets that another process still accepts from, starts its servers
 * when it goes on.
 */
import type { Socket as NetSocket, Server } from 'node:net'
import { type Address, hostOfSocket, type PeerAddress } from '../../address.js'
import type { ListenChanges, Listening, ListenOptions, PauseReason } from '../engine.js'
import type { AcceptPauses } from '../listening/accept-pauses.js'
import type { Given } from '../listening/given-sockets.js'
import { removeSocketFile } from '../listening/listen-errors.js'
import { boundTo, handleIn, listenOn, type ServerHandle } from '../listening/server-handle.js'
import { bindOwnerOnly, changeSocketFile, hasFile, isAsked, keepFile } from '../listening/socket-file.js'
import { keepNodeAlive, NO_LIVENESS } from '../liveness.js'
import type { Socket } from '../socket.js'

export interface StreamListeningHost {
  createServer(accepted: (socket: NetSocket) => void): Server
  house(socket: NetSocket): Socket
}

type Asked = Pick<ListenOptions, 'backlog' | 'ipv6Only' | 'liveness' | 'socketFile'>

export class StreamListening implements Listening {
  #address: Address
  readonly #host: StreamListeningHost
  readonly #asked: Asked
  readonly #pauses: AcceptPauses
  readonly #servers: Server[] = []
  /** Sockets that have no server yet. */
  #later: readonly ServerHandle[] = []
  /** Whether this file, and not libuv, removes the file of a unix socket. */
  #ownsFile = false
  /** libuv has bound the socket in this process. It removes the file of a unix socket when the server closes. */
  #isBoundHere = false
  #liveness: ListenOptions['liveness']

  constructor(host: StreamListeningHost, address: Address, asked: Asked, pauses: AcceptPauses) {
    this.#host = host
    this.#address = address
    this.#asked = asked
    this.#pauses = pauses
    this.#liveness = asked.liveness
  }

  /** Opens a new socket. Rejects with the error of node:net. */
  async listen(): Promise<void> {
    const { backlog, ipv6Only = false, socketFile } = this.#asked
    const address = this.#address
    const server = this.#createServer()
    const listen = (): unknown => server.listen({ ...listenTarget(address), backlog, ipv6Only })
    await listening(server, () => (isAsked(socketFile) ? bindOwnerOnly(listen) : listen()))
    this.#add(server)
    this.#isBoundHere = true
    this.#address = boundAddress(server, address)
  }

  /** Takes sockets that another process opened. If it pauses, it accepts nobody. Rejects with the error of node:net. */
  async listenOn({ handles, ownsFile }: Given): Promise<void> {
    this.#ownsFile = ownsFile
    this.#address = boundTo(handles[0]!, this.#address)
    if (!this.#pauses.isAccepting) this.#later = handles
    else for (const handle of handles) await this.#start(handle)
  }

  get address(): Address {
    return this.#address
  }

  get fds(): readonly number[] {
    return [...this.#servers.map(handleIn), ...this.#later].flatMap((handle) => handle?.fd ?? [])
  }

  update(next: ListenChanges): void {
    this.#liveness = next.liveness
    if (isAsked(next.socketFile)) changeSocketFile(this.#address, next.socketFile)
  }

  pause(reason: PauseReason): void {
    this.#pauses.pause(reason)
  }

  resume(reason: PauseReason): void {
    this.#pauses.resume(reason)
    if (!this.#pauses.isAccepting) return
    const handles = this.#later
    this.#later = []
    for (const handle of handles) {
      this.#start(handle).catch((error: NodeJS.ErrnoException) => this.#failed(error))
    }
  }

  putBack(client: Socket, from: PeerAddress): void {
    this.#pauses.putBack(client, from)
  }

  close(): void {
    const isOpen = this.#servers.length > 0 || this.#later.length > 0
    this.#closeSockets()
    if (isOpen && this.#ownsFile && hasFile(this.#address)) removeSocketFile(this.#address.path)
    this.#pauses.close()
  }

  leave(): Promise<void> {
    if (!this.#isBoundHere || !hasFile(this.#address)) this.#closeSockets()
    else keepFile(this.#address, () => this.#closeSockets())
    return this.#pauses.leave()
  }

  #closeSockets(): void {
    for (const server of this.#servers.splice(0)) server.close()
    for (const handle of this.#later) handle.close()
    this.#later = []
  }

  async #start(handle: ServerHandle): Promise<void> {
    const server = this.#createServer()
    await listening(server, () => listenOn(server, handle, this.#asked.backlog))
    this.#add(server)
  }

  #add(server: Server): void {
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    this.#servers.push(server)
  }

  #failed({ code }: NodeJS.ErrnoException): void {
    this.#pauses.handler.paused(code ?? 'EMFILE')
  }

  #createServer(): Server {
    return this.#host.createServer((socket) => {
      keepNodeAlive(socket, this.#liveness ?? NO_LIVENESS)
      const from = clientAddress(socket, this.#address)
      this.#pauses.accepted(this.#host.house(socket), from)
    })
  }
}

/** Resolves when the server listens. */
function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    listen()
  })
}

function listenTarget(address: Address): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
}

function boundAddress(server: Server, asked: Address): Address {
  const bound = server.address()
  if (asked.kind === 'unix' || bound === null || typeof bound === 'string') return asked
  return { ...asked, port: bound.port }
}

/** A unix client has no address of its own. */
function clientAddress(socket: NetSocket, listener: Address): PeerAddress {
  if (listener.kind === 'unix') return { kind: 'unix', path: '' }
  // A client that has already reset the connection has no address any more.
  if (socket.remoteAddress === undefined) return undefined
  return { kind: 'tcp', host: hostOfSocket(socket.remoteAddress), port: socket.remotePort ?? 0 }
}
