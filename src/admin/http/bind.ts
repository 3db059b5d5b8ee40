/**
 * Makes a server listen on an address. Only its owner may open the file of a unix socket, from the first
 * moment on.
 */
import { once } from 'node:events'
import { chmodSync, lstatSync, statSync } from 'node:fs'
import type { Server } from 'node:net'
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Address, UnixAddress } from '../../address.js'
import { MillraceError } from '../../errors.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import type { Given } from '../../io/listening/given-sockets.js'
import { listenError, removeDeadSocket } from '../../io/listening/listen-errors.js'
import { listenOn as listenOnHandle } from '../../io/listening/server-handle.js'
import { bindOwnerOnly } from '../../io/listening/socket-file.js'

const OWNER_ONLY = 0o600
const OF_OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o002
const BACKLOG = 511

/**
 * Resolves with the address. If port 0 was asked for, it has the port in use. Rejects with `listen-failed`.
 */
export async function listenOn(server: Server, address: Address): Promise<Address> {
  const given = activatedSockets.take(address)
  if (given !== undefined) return await listenOnGiven(server, address, given)
  let errno = await bind(server, address)
  const isTaken = errno === 'EADDRINUSE' && address.kind === 'unix'
  if (isTaken && (await removeDeadSocket(address))) errno = await bind(server, address)
  if (errno !== undefined) throw listenError(address, errno)
  const bound = server.address()
  const hasPort = address.kind === 'tcp' && bound !== null && typeof bound === 'object'
  return hasPort ? { ...address, port: bound.port } : address
}

/** The service manager has made the file of a unix socket, and says who may open it. */
async function listenOnGiven(server: Server, address: Address, { handles }: Given): Promise<Address> {
  if (address.kind === 'unix') checkOthers(address)
  listenOnHandle(server, handles[0]!, BACKLOG)
  await once(server, 'listening')
  return address
}

function checkOthers({ path }: UnixAddress): void {
  const { mode } = statSync(path)
  if ((mode & WRITABLE_BY_OTHERS) === 0) return
  throw new MillraceError(
    'listen-failed',
    `everybody on this machine could use ${JSON.stringify(path)}: set SocketMode=0660 or less in its .socket unit`,
  )
}

/** The errno name if something went wrong. */
async function bind(server: Server, address: Address): Promise<string | undefined> {
  if (address.kind === 'tcp') server.listen({ host: address.host, port: address.port })
  else bindPath(server, address)
  try {
    await once(server, 'listening')
    if (address.kind === 'unix') chmodSync(address.path, OWNER_ONLY)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** The kernel makes the file while `listen` runs, so the umask must be set at that time. */
function bindPath(server: Server, { path }: UnixAddress): void {
  if (!isMainThread) checkPrivate(dirname(path))
  bindOwnerOnly(() => server.listen({ path }))
}

/** A worker thread cannot set the umask. The folder must keep others out until the file's mode is set. */
function checkPrivate(folder: string): void {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  if (stats === undefined || (stats.mode & OF_OTHERS) === 0) return
  throw new MillraceError(
    'listen-failed',
    `a worker thread can listen only in a folder that nobody but its owner may enter: chmod 700 ${JSON.stringify(folder)}`,
  )
}
