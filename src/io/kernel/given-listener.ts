/**
 * A listener on sockets that another process opened. One socket is its own. Others are lent to it while
 * nobody else accepts from them, or they are what workers of an earlier process had. Closing the listener leaves the sockets to
 * the other processes that have them.
 */
import type { Address, PeerAddress } from '../../address.js'
import type { ListenChanges, Listening, PauseReason } from '../engine.js'
import type { AcceptPauses } from '../listening/accept-pauses.js'
import type { Borrower, Given } from '../listening/given-sockets.js'
import { listenError } from '../listening/listen-errors.js'
import type { ServerHandle } from '../listening/server-handle.js'
import type { Socket } from '../socket.js'
import type { SocketOptions } from '../socket-options.js'
import { FdListener } from './fd-listener.js'
import type { KernelLoop } from './kernel-loop.js'
import { errnoName } from './native.js'

export class GivenListener implements Listening, Borrower {
  readonly #loop: KernelLoop
  readonly #asked: Address
  /** Shared by all its sockets: if one is out of fds, all are. */
  readonly #pauses: AcceptPauses
  readonly #own: FdListener
  /** Lent sockets, by the place (worker slot) that they belong to. Below 0: nobody takes them back. */
  readonly #lent = new Map<number, FdListener>()
  readonly #closed: () => void
  readonly #laterOptions: SocketOptions | undefined
  /** Undefined: nobody has said yet what holds for these sockets. */
  #changes: ListenChanges | undefined

  /**
   * `laterOptions`: somebody else gives the sockets these options before this listener accepts. Undefined: `update` sets options.
   *
   * @throws MillraceError `listen-failed`
   */
  constructor(
    loop: KernelLoop,
    { handles, ownsFile, isKept = false }: Given,
    asked: Address,
    pauses: AcceptPauses,
    closed: () => void,
    laterOptions?: SocketOptions,
  ) {
    const [first, ...others] = handles
    this.#loop = loop
    this.#asked = asked
    this.#pauses = pauses
    this.#closed = closed
    this.#laterOptions = laterOptions
    this.#own = this.#accept(first!, ownsFile, isKept)
    for (const [index, handle] of others.entries()) this.lend(-1 - index, handle)
  }

  get address(): Address {
    return this.#own.address
  }

  get fds(): readonly number[] {
    return [this.#own, ...this.#lent.values()].flatMap(({ fds }) => fds)
  }

  update({ socketFile, ...changes }: ListenChanges): void {
    this.#changes = changes
    for (const lent of this.#lent.values()) lent.update(changes)
    this.#own.update({ ...changes, socketFile })
  }

  /** If it cannot accept from the socket, it leaves the socket to others. */
  lend(place: number, handle: ServerHandle): void {
    this.takeBack(place)
    try {
      const lent = this.#accept(handle, false)
      if (this.#changes !== undefined) lent.update(this.#changes)
      this.#lent.set(place, lent)
    } catch {
      // Out of file descriptors. Clients on that socket wait for the worker of its place.
    }
  }

  takeBack(place: number): void {
    this.#lent.get(place)?.close()
    this.#lent.delete(place)
  }

  pause(reason: PauseReason): void {
    this.#pauses.pause(reason)
  }

  resume(reason: PauseReason): void {
    this.#pauses.resume(reason)
  }

  putBack(client: Socket, from: PeerAddress): void {
    this.#pauses.putBack(client, from)
  }

  close(): void {
    this.#own.close()
    for (const place of [...this.#lent.keys()]) this.takeBack(place)
    this.#closed()
  }

  async leave(): Promise<void> {
    const left = [...this.#lent.values(), this.#own].map((each) => each.leave())
    this.#closed()
    await Promise.all(left)
  }

  #accept(handle: ServerHandle, ownsFile: boolean, isKept = false): FdListener {
    const fd = this.#loop.native.adopt(handle.fd)
    if (!isKept) handle.close()
    if (fd < 0) throw listenError(this.#asked, errnoName(fd))
    return new FdListener(this.#loop, fd, this.#asked, this.#pauses, { ownsFile, socket: this.#laterOptions })
  }
}
