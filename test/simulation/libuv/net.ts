/** Node's own sockets and servers on the simulated kernel. The stream engine uses them in place of node:net. */
import { type NetConnectOpts, type OnReadOpts, Server, type ServerOpts, Socket } from 'node:net'
import type { NodeNet } from '../../../src/io/streams/stream-engine.js'
import type { Faults } from '../faults.js'
import { UNIX_PORT } from '../kernel/unix-socket.js'
import { ListenHandle } from './listen-handle.js'
import type { UvLoop } from './loop.js'
import { createPipeHandle, TcpHandle } from './tcp-handle.js'

/** `_listen2` emits `listening` or `error`. Its arguments are those for a server without a handle. */
interface Inside {
  _handle: ListenHandle
  _listen2(host: null, port: number, family: number, backlog: number): void
}

interface Asked {
  readonly path?: string
  readonly host: string
  readonly port: number
  readonly backlog: number
}

const IS_NO_ADDRESS = -1

export const simulatedNet = (loop: UvLoop, faults: Faults): NodeNet => ({
  connect: (asked: NetConnectOpts) => {
    const isFaulty = faults.has('reads-on-where-an-end-is-doubtful')
    const options = isFaulty ? { ...asked, onread: readingOn(asked.onread!) } : asked
    const handle = 'path' in asked ? createPipeHandle(loop) : new TcpHandle(loop)
    const inside = { handle, manualStart: true }
    return new Socket({ ...options, ...inside }).connect(options)
  },
  createServer: (options: ServerOpts, accepted: (socket: Socket) => void) =>
    new SimulatedServer(loop, options, accepted),
})

function readingOn({ buffer, callback }: OnReadOpts): OnReadOpts {
  const told = (count: number, bytes: Uint8Array): boolean => {
    callback(count, bytes)
    return true
  }
  return { buffer, callback: told }
}

class SimulatedServer extends Server {
  readonly #loop: UvLoop

  constructor(loop: UvLoop, options: ServerOpts, accepted: (socket: Socket) => void) {
    super(options, accepted)
    this.#loop = loop
  }

  override listen(options: unknown): this {
    const { path, host, port, backlog } = options as Asked
    const address = path === undefined ? { host, port } : { host: path, port: UNIX_PORT }
    const inside = this as unknown as Inside
    inside._handle = new ListenHandle(this.#loop, address)
    inside._listen2(null, IS_NO_ADDRESS, IS_NO_ADDRESS, backlog)
    return this
  }
}
