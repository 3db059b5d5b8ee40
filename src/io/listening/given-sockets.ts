/**
 * Listening sockets that another process opened and handed down, by their address. Everything that a worker listens on is given
 * by its supervisor. So an engine that has these opens no sockets of its own.
 */
import { type Address, formatAddress } from '../../address.js'
import { listenError } from './listen-errors.js'
import type { ServerHandle } from './server-handle.js'

/** The sockets of one listener. */
export interface Given {
  /** At least one. */
  readonly handles: readonly ServerHandle[]
  /** Whether the file of a unix socket goes when the listener closes. */
  readonly ownsFile: boolean
  /** The handles stay open when the listener closes, because it may open again. */
  readonly isKept?: boolean
}

/** Where an engine finds listening sockets that it does not open itself. */
export interface SocketSource {
  /**
   * The caller owns the sockets from now on. Undefined: there are none, so the engine opens one. Throws `listen-failed` if there
   * should be some.
   */
  take(address: Address): Given | undefined
  /** The listener of this address is open. Without `borrower`, it is closed. */
  setBorrower(address: Address, borrower: Borrower | undefined): void
}

/** A listener that can also accept from the sockets of other workers. */
export interface Borrower {
  /** Also accepts from the socket of that place (worker slot). */
  lend(place: number, handle: ServerHandle): void
  /** Stops accepting from it. */
  takeBack(place: number): void
}

export class GivenSockets implements SocketSource {
  /** By address, and by the place among the sockets of that address. */
  readonly #handles = new Map<string, Map<number, ServerHandle>>()
  readonly #borrowers = new Map<string, Borrower>()

  /** `place`: which of the sockets of this address it is. */
  add(address: string, place: number, handle: ServerHandle): void {
    const handles = this.#handles.get(address) ?? new Map<number, ServerHandle>()
    handles.get(place)?.close()
    handles.set(place, handle)
    this.#handles.set(address, handles)
  }

  take(address: Address): Given {
    const key = formatAddress(address)
    const handles = this.#handles.get(key)
    // The socket was sent. The kernel drops a descriptor on its way only if the receiver can have no more.
    if (handles === undefined) throw listenError(address, 'EMFILE')
    this.#handles.delete(key)
    return { handles: [...handles.values()], ownsFile: false }
  }

  /** Closes the sockets that nobody has taken. */
  close(): void {
    for (const handles of this.#handles.values()) for (const handle of handles.values()) handle.close()
    this.#handles.clear()
  }

  setBorrower(address: Address, borrower: Borrower | undefined): void {
    if (borrower === undefined) this.#borrowers.delete(formatAddress(address))
    else this.#borrowers.set(formatAddress(address), borrower)
  }

  /** Lends the socket to the listener of this address. If that is closed, closes the handle. */
  lend(address: string, place: number, handle: ServerHandle): void {
    const borrower = this.#borrowers.get(address)
    if (borrower === undefined) handle.close()
    else borrower.lend(place, handle)
  }

  takeBack(place: number): void {
    for (const borrower of this.#borrowers.values()) borrower.takeBack(place)
  }
}
