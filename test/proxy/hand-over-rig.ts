/** Proxies of one process that hand connections over to each other, through sockets and fds as between processes. */
import { join } from 'node:path'
import { parseAddress } from '../../src/address.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import type { Counts } from '../../src/limits/counts/counts.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { Backend } from '../support/backend.js'
import { connectTo, type Peer } from '../support/peer.js'

export class HandOverRig {
  readonly backend: Backend
  readonly records: Record<string, unknown>[] = []
  /** Those of connections that were still open. */
  readonly openRecords: Record<string, unknown>[] = []
  readonly #folder: string
  readonly #proxies: RunningProxy[] = []
  readonly #peers: Peer[] = []

  private constructor(folder: string, backend: Backend) {
    this.#folder = folder
    this.backend = backend
  }

  static async begin(folder: string): Promise<HandOverRig> {
    return new HandOverRig(folder, await Backend.listen())
  }

  /** A proxy that runs, and takes connections at `pathOf` itself. */
  async proxy(changes: Partial<ProxyConfig> = {}, counts?: Counts): Promise<RunningProxy> {
    const config = validateConfig({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
      clusters: { back: { backends: [this.backend.address] } },
      ...changes,
    })
    const proxy = new RunningProxy(config, { log: this.#log(), ...(counts && { counts }) })
    this.#proxies.push(proxy)
    await proxy.start()
    await proxy.handOver.takeAt(this.pathOf(proxy))
    return proxy
  }

  pathOf(proxy: RunningProxy): string {
    return join(this.#folder, String(this.#proxies.indexOf(proxy)))
  }

  /** A client of this proxy, and its backend, once they are joined. `greeting`: what millrace reads itself. */
  async join(proxy: RunningProxy, greeting = ''): Promise<{ client: Peer; backend: Peer }> {
    const client = await this.connect(proxy)
    client.send(Buffer.from(`${greeting}hello`))
    const backend = await this.backend.accepted()
    await backend.receive(5)
    this.#peers.push(backend)
    return { client, backend }
  }

  async connect(proxy: RunningProxy): Promise<Peer> {
    const address = parseAddress(proxy.status().listeners[0]!.address)
    const client = await connectTo(address as Exclude<typeof address, string>)
    this.#peers.push(client)
    return client
  }

  /** Hands over what can move, from one proxy to the other. */
  give(from: RunningProxy, to: RunningProxy): Promise<number> {
    return from.handOver.give([this.pathOf(to)])
  }

  async end(): Promise<void> {
    for (const { socket } of this.#peers) socket.destroy()
    for (const proxy of this.#proxies) await proxy.stop()
    await this.backend.close()
  }

  #log() {
    const write = (first: unknown, message = ''): void => {
      const kept = { connection: this.records, 'connection is open': this.openRecords }[message]
      kept?.push(JSON.parse(JSON.stringify(first)))
    }
    const levels = { trace: write, debug: write, info: write, warn: write, error: write }
    return { ...levels, isLevelEnabled: () => true }
  }
}
