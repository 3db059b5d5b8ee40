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
import { Giver, type GiverHost } from './giver.js'
import type { readBatch as ReadBatch } from './read-batch.js'
import { Taker } from './taker.js'

export interface HandOverOptions {
  readonly engine: Engine
  readonly connections: Connections
  readonly limiting: Pick<Limiting, 'bandwidth'>
  /** Of the present config. */
  handOver(): HandOverConfig | false
  /** Connections that a drain ends stay in the process of the drain. */
  readonly drains: Pick<Drains, 'ends' | 'isTooLate'>
  services(): Iterable<Service>
  /** False: the proxy drains, and takes nothing. */
  isRunning(): boolean
}

/** A connection that the other process has refused so often stays here. Each time it stands still for a moment. */
const MOST_REFUSALS = 3
/** ms until a process that has not answered is tried again. The time doubles each time that it does not answer. */
const FIRST_REST_MS = 10_000

/** A process that has not answered. */
interface Rest {
  readonly ms: number
  /** By `performance.now()`. */
  readonly until: number
}

/** Loaded once somebody is about to take connections: it needs the schema. */
export const loadReadBatch = async (): Promise<typeof ReadBatch> => {
  loading ??= import('./read-batch.js')
  return (await loading).readBatch
}
let loading: Promise<typeof import('./read-batch.js')> | undefined

interface Connected {
  readonly path: string
  readonly socket: MessageSocket
}

/** False: nobody takes connections there. */
const isConnected = (taker: { path: string; socket: MessageSocket | string }): taker is Connected =>
  typeof taker.socket !== 'string'

export class HandOver {
  readonly #options: HandOverOptions
  #taker: Taker | undefined
  /** How often each was refused. */
  readonly #refusals = new WeakMap<Connection, number>()
  /** By path. Connections that are offered to a process that is stuck stand still until it is too late. */
  readonly #rests = new Map<string, Rest>()

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  /**
   * Gives the connections that can move to the processes that take them at `paths`, to each its part. Resolves with how many they have
   * taken. The others go on here. It never rejects.
   */
  async give(paths: readonly string[]): Promise<number> {
    const { engine, handOver } = this.#options
    const config = handOver()
    if (config === false || !(engine instanceof KernelEngine)) return 0
    const old = this.#movable(config.afterMs)
    if (old.length === 0) return 0
    const takers = paths
      .filter((path) => (this.#rests.get(path)?.until ?? 0) <= performance.now())
      .map((path) => ({ path, socket: MessageSocket.connect(engine.loop, path) }))
      .filter(isConnected)
    const parts = takers.map((taker, part) =>
      this.#giveTo(
        taker,
        old.filter((_, index) => index % takers.length === part),
      ),
    )
    return (await Promise.all(parts)).reduce((sum, given) => sum + given, 0)
  }

  #movable(afterMs: number): Connection[] {
    const { connections, drains } = this.#options
    return connections
      .all()
      .filter((each) => each.ageMs >= afterMs && each.mayMoveLater && !drains.ends(each))
      .filter((each) => (this.#refusals.get(each) ?? 0) < MOST_REFUSALS)
  }

  #giveTo({ path, socket }: Connected, connections: readonly Connection[]): Promise<number> {
    const { connections: open, limiting } = this.#options
    const host: GiverHost = {
      idOf: (each) => open.ids.tell(each),
      ratesOf: (each) => limiting.bandwidth.orderedFor(each),
      refused: (each) => void this.#refusals.set(each, (this.#refusals.get(each) ?? 0) + 1),
      silent: () => this.#letRest(path),
    }
    return Giver.give(socket, host, connections)
  }

  #letRest(path: string): void {
    const before = this.#rests.get(path)
    const ms = before === undefined ? FIRST_REST_MS : before.ms * 2
    this.#rests.set(path, { ms, until: performance.now() + ms })
  }

  /** From here on other processes can give connections at `path`. False: this process takes none. */
  async takeAt(path: string): Promise<boolean> {
    const { engine, connections, handOver, services, isRunning, drains } = this.#options
    if (handOver() === false || !(engine instanceof KernelEngine)) return false
    const readBatch = await loadReadBatch()
    const taker = Taker.at(engine.loop, { connections, services, isRunning, drains, readBatch }, path)
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
