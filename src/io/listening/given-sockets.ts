/**
 * Listening sockets that another process opened and handed down, by the address they are for. An engine that has these
 * opens none of its own.
 */
import { type Address, formatAddress } from '../../address.js'
import { listenError } from './listen-errors.js'
import type { ServerHandle } from './server-handle.js'

/** A listener that accepts for others, too. */
export interface Borrower {
  /** Accepts from the socket of that place as well. */
  lend(place: number, handle: ServerHandle): void
  /** Does so no more. */
  takeBack(place: number): void
}

export class GivenSockets {
  readonly #handles = new Map<string, ServerHandle>()
  readonly #borrowers = new Map<string, Borrower>()

  add(address: string, handle: ServerHandle): void {
    this.#handles.get(address)?.close()
    this.#handles.set(address, handle)
  }

  /** The caller's from here on. Throws `listen-failed` where it has not come. */
  take(address: Address): ServerHandle {
    const key = formatAddress(address)
    const handle = this.#handles.get(key)
    // It was sent. The kernel drops a descriptor on its way only where the process that gets it can have no more.
    if (handle === undefined) throw listenError(address, 'EMFILE')
    this.#handles.delete(key)
    return handle
  }

  /** Those that nobody has taken. */
  close(): void {
    for (const handle of this.#handles.values()) handle.close()
    this.#handles.clear()
  }

  /** The listener of this address is open, or, without one, closed. */
  setBorrower(address: Address, borrower: Borrower | undefined): void {
    if (borrower === undefined) this.#borrowers.delete(formatAddress(address))
    else this.#borrowers.set(formatAddress(address), borrower)
  }

  /** To the listener of this address, if it is open. */
  lend(address: string, place: number, handle: ServerHandle): void {
    const borrower = this.#borrowers.get(address)
    if (borrower === undefined) handle.close()
    else borrower.lend(place, handle)
  }

  takeBack(place: number): void {
    for (const borrower of this.#borrowers.values()) borrower.takeBack(place)
  }
}
