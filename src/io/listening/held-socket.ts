/** A listening socket that this process holds for others, made of its handle. */
import type { Address } from '../../address.js'
import type { HeldSocket } from '../engine.js'
import { removeSocketFile } from './listen-errors.js'
import { boundTo, type ServerHandle } from './server-handle.js'
import { hasFile } from './socket-file.js'

/** `ownsFile`: whether `close` removes the file of a unix socket. */
export function heldSocket(handle: ServerHandle, asked: Address, ownsFile = true): HeldSocket {
  const close = (): void => {
    handle.close()
    if (ownsFile && hasFile(asked)) removeSocketFile(asked.path)
  }
  return { address: boundTo(handle, asked), handle, close, leave: () => handle.close() }
}
