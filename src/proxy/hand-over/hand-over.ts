/**
 * The live connections of a proxy go to another process, or come from one. Only pipes between fds can move: everything else stays until
 * it ends.
 */
import type { HandOverConfig } from '../../config/schemas/hand-over-schema.js'
import type { Connection } from '../../connection/connection.js'
import type { Service } from '../../connection/service.js'
import type { Engine } from '../../io/engine.js'
import { KernelEngine } from '../../io/kernel/kernel-engine.js'
import { MessageSocket } from '../../io/kernel/message-socket.js'
import type { Connections } from '../connections.js'
import type { Drains } from '../drains/drains.js'
import type { Limiting } from '../limiting.js'
import { Giver } from './giver.js'
import type { readBatch as ReadBatch } from './read-batch.js'
import { Taker } from './taker.js'

export interface HandOverOptions {
  readonly engine: Engine
  readonly connections: Connections
  readonly limiting: Pick<Limiting, 'bandwidth'>
  /** Of the present config. */
  handOver(): HandOverConfig | false
  /** Connections that a drain ends stay in the process of the drain. */
  readonly drains: Pick<Drains, 'ends'>
  services(): Iterable<Service>
  /** False: the proxy drains, and takes nothing. */
  isRunning(): boolean
}

/** Loaded once somebody is about to take connections: it needs the schema. */
export const loadReadBatch = async (): Promise<typeof ReadBatch> => {
  loading ??= import('./read-batch.js')
  return (await loading).readBatch
}
let loading: Promise<typeof import('./read-batch.js')> | undefined

/** False: nobody takes connections there. */
const isConnected = (socket: MessageSocket | string): socket is MessageSocket => typeof socket !== 'string'

export class HandOver {
  readonly #options: HandOverOptions
  #taker: Taker | undefined

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  /**
   * Gives the connections that can move to the processes that take them at `paths`, to each its part. Resolves with how many they have
   * taken. The others go on here. It never rejects.
   */
  async give(paths: readonly string[]): Promise<number> {
    const { engine, connections, drains, handOver } = this.#options
    const config = handOver()
    if (config === false || !(engine instanceof KernelEngine)) return 0
    const old = connections
      .all()
      .filter((each) => each.ageMs >= config.afterMs && each.mayMoveLater && !drains.ends(each))
    if (old.length === 0) return 0
    const sockets = paths.map((path) => MessageSocket.connect(engine.loop, path)).filter(isConnected)
    const parts = sockets.map((socket, part) =>
      this.#giveTo(
        socket,
        old.filter((_, index) => index % sockets.length === part),
      ),
    )
    return (await Promise.all(parts)).reduce((sum, given) => sum + given, 0)
  }

  async #giveTo(socket: MessageSocket, connections: readonly Connection[]): Promise<number> {
    const { connections: open, limiting } = this.#options
    const idOf = (each: Connection): string => open.ids.tell(each)
    const ratesOf = (each: Connection) => limiting.bandwidth.orderedFor(each)
    return await Giver.give(socket, { idOf, ratesOf }, connections)
  }

  /** From here on other processes can give connections at `path`. False: this process takes none. */
  async takeAt(path: string): Promise<boolean> {
    const { engine, connections, handOver, services, isRunning } = this.#options
    if (handOver() === false || !(engine instanceof KernelEngine)) return false
    const readBatch = await loadReadBatch()
    const taker = Taker.at(engine.loop, { connections, services, isRunning, readBatch }, path)
    if (typeof taker === 'string') return false
    this.#taker = taker
    return true
  }

  /** No process can give connections any more. */
  stopTaking(): void {
    this.#taker?.close()
    this.#taker = undefined
  }
}
