/** What the tests of servers share: a server that listens, its records, and hand-made clients. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ForwardRecord, ForwardServer, ForwardServerOptions } from '../../src/index.js'
import { Peer } from '../support/peer.js'

export const LOOPBACK = { networks: ['127.0.0.0/8', '::1'] }
export const anything = () => LOOPBACK

export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

export class Records {
  readonly all: ForwardRecord[] = []
  #waiting: (() => void) | undefined

  readonly onRecord = (record: ForwardRecord): void => {
    this.all.push(record)
    this.#waiting?.()
  }

  /** The records, as soon as there are so many. */
  async first(count: number): Promise<ForwardRecord[]> {
    while (this.all.length < count)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    return this.all
  }
}

export interface Started {
  readonly server: ForwardServer
  readonly port: number
  /** The first record. */
  record(): Promise<ForwardRecord>
  readonly records: Records
}

export async function start(
  make: (options: ForwardServerOptions) => ForwardServer,
  options: Partial<ForwardServerOptions> = {},
): Promise<Started> {
  const records = new Records()
  const server = make({ allow: anything, onRecord: records.onRecord, ...options })
  const port = await listening(server)
  const record = async () => (await records.first(1))[0]!
  return { server, port, record, records }
}

/** A client that is made by hand, and closed at the end of the test. */
export async function client(port: number, ...sent: (string | Buffer)[]): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  const peer = new Peer(socket)
  onTestFinished(async () => {
    socket.destroy()
    await peer.closed
  })
  for (const bytes of sent) peer.send(Buffer.from(bytes))
  return peer
}

/** A server that gives each client to `serve`. Resolves with its port. */
export const backend = (serve: (socket: Socket) => void, host?: string): Promise<number> =>
  listening(
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
      serve(socket)
    }),
    host,
  )

/** Sends back what it gets. */
export const echo = (host?: string): Promise<number> => backend((socket) => void socket.pipe(socket), host)

export const all = async (peer: Peer): Promise<string> => {
  await peer.ended
  return peer.received.toString('latin1')
}
