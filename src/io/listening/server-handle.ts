/**
 * Listening sockets, and sockets that will listen, in the form in which Node sends them to another process.
 * Node documents the sending. The handles are internal, and node:cluster passes them on in the same way. If a
 * version of Node lacks them, callers get an error.
 */
import * as net from 'node:net'
import { isIPv6, type Server } from 'node:net'
import type { Address } from '../../address.js'
import { errnoName } from '../kernel/native.js'

/** What `process.send` takes, besides sockets and servers. */
export interface ServerHandle {
  readonly fd: number
  /** Returns 0, or -errno of what went wrong while it was bound. Undefined: it is a unix socket. */
  getsockname?(into: { address?: string; port?: number }): number
  close(): void
}

/** An internal function of node:net. Returns a handle or -errno. */
type CreateHandle = (
  host: string | null,
  port: number | null,
  family: number | null,
  fd?: number,
  flags?: number,
) => ServerHandle | number
const { _createServerHandle: createHandle } = net as unknown as { _createServerHandle?: CreateHandle }

const PATH_HAS_NO = -1
/** UV_TCP_IPV6ONLY */
const IPV6_ONLY = 1

/**
 * Makes a handle of a socket that already listens. The handle owns `fd` from now on. Returns an errno name if
 * there can be no handle.
 */
export function handleOf(fd: number): ServerHandle | string {
  return answer(createHandle?.(null, null, null, fd))
}

/**
 * Makes a handle of a new socket that is bound. It listens when the first process that has it calls
 * `listenOn`. Returns an errno name on failure.
 */
export function bindHandle(address: Address, ipv6Only: boolean): ServerHandle | string {
  const flags = ipv6Only ? IPV6_ONLY : 0
  const handle = answer(
    address.kind === 'unix'
      ? createHandle?.(address.path, PATH_HAS_NO, PATH_HAS_NO)
      : createHandle?.(address.host, address.port, isIPv6(address.host) ? 6 : 4, undefined, flags),
  )
  if (typeof handle === 'string' || address.kind === 'unix') return handle
  // If somebody else listens there, libuv tells it only when asked.
  const error = handle.getsockname?.({}) ?? 0
  if (error === 0) return handle
  handle.close()
  return errnoName(error)
}

/** The address in use. If port 0 was asked for, it has the port that the kernel chose. */
export function boundTo(handle: ServerHandle, asked: Address): Address {
  const bound: { address?: string; port?: number } = {}
  if (asked.kind === 'unix' || handle.getsockname?.(bound) !== 0) return asked
  return { kind: 'tcp', host: bound.address ?? asked.host, port: bound.port ?? asked.port }
}

/** Makes `server` accept from `handle`. The server emits `listening` or `error`, as after `listen`. */
export function listenOn(server: Server, handle: ServerHandle, backlog: number): void {
  const inner = server as unknown as {
    _handle: ServerHandle
    _listen2(host: null, port: number, family: number, backlog: number): void
  }
  inner._handle = handle
  inner._listen2(null, PATH_HAS_NO, PATH_HAS_NO, backlog)
}

/** The handle of a server that listens. */
export const handleIn = (server: Server): ServerHandle | undefined =>
  (server as unknown as { _handle: ServerHandle | null })._handle ?? undefined

function answer(handle: ServerHandle | number | undefined): ServerHandle | string {
  if (handle === undefined) return 'ENOTSUP'
  return typeof handle === 'number' ? errnoName(handle) : handle
}
