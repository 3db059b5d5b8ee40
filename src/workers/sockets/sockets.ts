/**
 * The listening sockets of all workers. The supervisor opens them and keeps them open, so that clients who wait in the
 * queue of a worker that dies are served by the next one in its slot. Each slot has a socket of its own for each port
 * (SO_REUSEPORT); where ports cannot be shared so, all slots have the same one. A path is the first slot's.
 */
import { formatAddress } from '../../address.js'
import type { Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import { MillraceError } from '../../errors.js'
import type { Engine, HeldSocket } from '../../io/engine.js'
import { BACKLOG, listenerError } from '../../listener/listener.js'
import { explainOwnOverlap } from '../../proxy/own-overlap.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

/** What is open for one listener. */
interface Opened {
  readonly listener: ListenerConfig
  /** By slot. Where there are fewer, the last one is everybody's. */
  readonly sockets: readonly HeldSocket[]
}

/** Sockets for another config. The old ones are there, too, until this is decided. */
export interface PreparedSockets {
  /** Closes those that the other config has no listener for. */
  takeUp(): void
  /** Closes those that were opened for it. */
  giveUp(): void
}

export class Sockets {
  readonly #engine: Engine
  readonly #slots: number
  /** By the address of their listener. */
  readonly #opened = new Map<string, Opened>()
  #isClosed = false

  constructor(engine: Engine, slots: number) {
    this.#engine = engine
    this.#slots = slots
  }

  /** Opens what is not open yet: all or nothing. Rejects with `listen-failed`, naming the listener. */
  async prepare(next: Config): Promise<PreparedSockets> {
    const { listeners } = next
    const added: string[] = []
    const giveUp = (): void => {
      for (const key of added) this.#close(key)
    }
    try {
      for (const listener of listeners) {
        const key = formatAddress(listener.address)
        if (this.#opened.has(key)) continue
        this.#opened.set(key, await this.#open(listener, next))
        added.push(key)
        // It may have been told to end in the meantime.
        if (this.#isClosed) throw new MillraceError('wrong-state', 'this proxy is draining')
      }
    } catch (error) {
      giveUp()
      throw error
    }
    const takeUp = (): void => {
      const needed = new Set(listeners.map(({ address }) => formatAddress(address)))
      for (const key of [...this.#opened.keys()]) if (!needed.has(key)) this.#close(key)
    }
    return { takeUp, giveUp }
  }

  /** Whether all slots have the same ones. */
  get isShared(): boolean {
    return this.#engine.kind !== 'kernel'
  }

  /** Those of a slot for the listeners of this config that are open, by address. */
  of(slot: number, { listeners }: Config): [address: string, socket: HeldSocket][] {
    return listeners.flatMap(({ address }): [string, HeldSocket][] => {
      const key = formatAddress(address)
      const sockets = this.#opened.get(key)?.sockets ?? []
      const socket = sockets[slot] ?? sockets.at(-1)
      return socket === undefined ? [] : [[key, socket]]
    })
  }

  /** A worker is sent what it needs for this config and has not got yet. */
  give(channel: WorkerChannel, config: Config): void {
    for (const [address, socket] of this.of(channel.slot, config)) channel.give(address, socket)
  }

  /** The listener accepts no more: nobody is to wait for it. A reload opens its sockets anew. */
  drain(name: string, { listeners }: Config): void {
    for (const { address } of listeners.filter((listener) => listener.name === name)) {
      this.#close(formatAddress(address))
    }
  }

  /** For good. */
  close(): void {
    this.#isClosed = true
    for (const key of [...this.#opened.keys()]) this.#close(key)
  }

  async #open(listener: ListenerConfig, next: Config): Promise<Opened> {
    const { address, ipv6Only, liveness, socketFile } = listener
    const count = address.kind === 'tcp' && !this.isShared ? this.#slots : 1
    const options = { backlog: BACKLOG, sharePort: count > 1, ipv6Only, liveness, socketFile }
    const sockets: HeldSocket[] = []
    try {
      while (sockets.length < count) sockets.push(await this.#engine.hold(address, options))
      return { listener, sockets }
    } catch (error) {
      for (const socket of sockets) socket.close()
      const present = [...this.#opened.values()].map((opened) => ({
        isListening: true,
        place: opened.listener,
        options: opened.listener,
      }))
      throw explainOwnOverlap(listenerError(listener.name, error), listener, present, { config: next })
    }
  }

  #close(key: string): void {
    for (const socket of this.#opened.get(key)?.sockets ?? []) socket.close()
    this.#opened.delete(key)
  }
}
