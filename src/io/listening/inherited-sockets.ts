/**
 * Listening sockets that this process has had from its start: from the process that it replaces, or from a service manager. An
 * engine that has these opens the sockets of all other addresses itself.
 */
import { type Address, formatAddress } from '../../address.js'
import { activatedSockets } from './activated-sockets.js'
import type { Given, SocketSource } from './given-sockets.js'
import { handleOf, type ServerHandle } from './server-handle.js'

export class InheritedSockets implements SocketSource {
  readonly #next: SocketSource
  readonly #handleOf: typeof handleOf
  /** By the address in the config. Listeners with port 0 have the same address: the first one that opens gets the first sockets. */
  readonly #given = new Map<string, Given[]>()

  /** `next`: has the sockets of all other addresses. Default: those that a service manager has opened. `open`: default Node's handles. */
  constructor(next: SocketSource = activatedSockets, open = handleOf) {
    this.#next = next
    this.#handleOf = open
  }

  /** These fds belong to it from now on. One that is no listening socket is left out. */
  add(address: Address, fds: readonly number[], ownsFile = true): void {
    const handles = fds
      .map(this.#handleOf)
      .filter((handle): handle is ServerHandle => typeof handle !== 'string')
    if (handles.length === 0) return
    const key = formatAddress(address)
    this.#given.set(key, [...(this.#given.get(key) ?? []), { handles, ownsFile }])
  }

  has(address: Address): boolean {
    return this.#given.has(formatAddress(address))
  }

  take(address: Address): Given | undefined {
    const key = formatAddress(address)
    const [first, ...others] = this.#given.get(key) ?? []
    if (others.length > 0) this.#given.set(key, others)
    else this.#given.delete(key)
    return first ?? this.#next.take(address)
  }

  /** Closes the sockets that no listener has taken. */
  close(): void {
    for (const { handles } of [...this.#given.values()].flat()) for (const handle of handles) handle.close()
    this.#given.clear()
  }

  /** Nobody lends sockets to a process that has inherited its own. */
  setBorrower(): void {}
}
