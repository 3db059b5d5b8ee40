/**
 * The listening sockets of all workers. The supervisor opens them and keeps them open. So when a worker dies,
 * the next one in its slot serves the clients in its queue. Each slot has a socket of its own for each port
 * (SO_REUSEPORT). If ports cannot be shared like that, all slots have the same socket. A unix socket belongs
 * to the first slot. Sockets of an earlier process may be more than there are slots. A worker then accepts from the others, too. If
 * all slots have the same sockets, each of them accepts from all.
 */
import { type Address, formatAddress } from '../../address.js'
import type { Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import { MillraceError } from '../../errors.js'
import type { Engine, HeldSocket } from '../../io/engine.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { heldSocket } from '../../io/listening/held-socket.js'
import type { InheritedSockets } from '../../io/listening/inherited-sockets.js'
import { listenerError, listenOptions } from '../../listener/listener.js'
import { explainOwnOverlap } from '../../proxy/own-overlap.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

/** The open sockets of one listener. */
interface Opened {
  readonly listener: ListenerConfig
  /** By slot. If there are fewer, all other slots use the last one. */
  readonly sockets: readonly HeldSocket[]
}

/** Sockets for another config. The old ones stay open until the reload is decided. */
export interface PreparedSockets {
  /** Closes sockets for which the other config has no listener. */
  takeUp(): void
  /** Closes the sockets that were opened for the other config. */
  giveUp(): void
}

export class Sockets {
  readonly #engine: Engine
  readonly #slots: number
  readonly #inherited: InheritedSockets | undefined
  /** By the address of the listener. */
  readonly #opened = new Map<string, Opened>()
  #isClosed = false

  /** `inherited`: sockets of an earlier process, by the address that is in use. Each is used once. */
  constructor(engine: Engine, slots: number, inherited?: InheritedSockets) {
    this.#engine = engine
    this.#slots = slots
    this.#inherited = inherited
  }

  /** Opens what is not open yet: all or nothing. Rejects with `listen-failed`, which names the listener. */
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
        // The supervisor may have been told to end in the meantime.
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

  /** Whether all slots have the same sockets. */
  get isShared(): boolean {
    return this.#engine.kind !== 'kernel'
  }

  /** The open sockets of a slot for the listeners of this config, by address. */
  of(slot: number, { listeners }: Config): [address: string, sockets: readonly HeldSocket[]][] {
    return listeners.flatMap(({ address }): [string, readonly HeldSocket[]][] => {
      const key = formatAddress(address)
      const { sockets = [] } = this.#opened.get(key) ?? {}
      if (this.isShared) return [[key, sockets]]
      const socket = sockets[slot] ?? (slot < this.#slots ? sockets.at(-1) : undefined)
      return socket === undefined ? [] : [[key, [socket]]]
    })
  }

  /** The numbers of inherited sockets that no slot has. */
  get extra(): readonly number[] {
    if (this.isShared) return []
    const most = Math.max(...Array.from(this.#opened.values(), ({ sockets }) => sockets.length), 0)
    return Array.from({ length: Math.max(most - this.#slots, 0) }, (_, index) => this.#slots + index)
  }

  /** The fds of the listener of this address, for a process that inherits them. */
  fdsOf(address: Address): readonly number[] {
    return this.#opened.get(formatAddress(address))?.sockets.map(({ handle }) => handle.fd) ?? []
  }

  /** Sends a worker the sockets that it needs for this config and does not have yet. */
  give(channel: WorkerChannel, config: Config): void {
    for (const [address, sockets] of this.of(channel.slot, config)) {
      for (const [place, socket] of sockets.entries()) channel.give(address, place, socket)
    }
  }

  /** Closes the sockets of a drained listener, so that no client waits there. */
  drain(name: string, { listeners }: Config): void {
    for (const { address } of listeners.filter((listener) => listener.name === name)) {
      this.#close(formatAddress(address))
    }
  }

  /** Closes everything for good. */
  close(): void {
    this.#isClosed = true
    for (const key of [...this.#opened.keys()]) this.#close(key)
  }

  /** The same, but another process has these sockets. Files of unix sockets stay. */
  leave(): void {
    this.#isClosed = true
    for (const { sockets } of this.#opened.values()) for (const socket of sockets) socket.leave()
    this.#opened.clear()
  }

  async #open(listener: ListenerConfig, next: Config): Promise<Opened> {
    const { address, ipv6Only } = listener
    const given = this.#inherited?.take(address) ?? activatedSockets.take(address)
    if (given !== undefined) {
      return { listener, sockets: given.handles.map((handle) => heldSocket(handle, address, given)) }
    }
    const count = address.kind === 'tcp' && !this.isShared ? this.#slots : 1
    const options = { ...listenOptions(listener), sharePort: count > 1, ipv6Only }
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
