/** A listening socket that this process holds for others, made of its handle. */
import type { Address } from '../../address.js'
import type { HeldSocket } from '../engine.js'
import type { Given } from './given-sockets.js'
import { removeSocketFile } from './listen-errors.js'
import { boundTo, type ServerHandle } from './server-handle.js'
import { hasFile } from './socket-file.js'

/** `ownsFile`: whether `close` removes the file of a unix socket. `isKept`: the handle stays open. */
export function heldSocket(
  handle: ServerHandle,
  asked: Address,
  { ownsFile, isKept = false }: Omit<Given, 'handles'> = { ownsFile: true },
): HeldSocket {
  if (isKept) return { address: boundTo(handle, asked), handle, close: () => {}, leave: () => {} }
  const close = (): void => {
    handle.close()
    if (ownsFile && hasFile(asked)) removeSocketFile(asked.path)
  }
  return { address: boundTo(handle, asked), handle, close, leave: () => handle.close() }
}
