/**
 * Makes a server listen on an address. Only its owner may open the file of a unix socket, from the first
 * moment on. Whoever closes the server removes the file, unless another process has the socket by then.
 */
import { once } from 'node:events'
import { chmodSync, linkSync, lstatSync, statSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:net'
import { dirname, join } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import { type Address, isAbstract, type UnixAddress } from '../../address.js'
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
  return inUse(server, address)
}

/** The same with a socket that listens already. */
export async function listenOnInherited(server: Server, address: Address, fd: number): Promise<Address> {
  server.listen({ fd })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenError(address, (error as NodeJS.ErrnoException).code ?? String(error))
  }
  return inUse(server, address)
}

function inUse(server: Server, address: Address): Address {
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
  try {
    if (address.kind === 'unix' && !isAbstract(address)) await bindPath(server, address)
    else {
      const { kind } = address
      server.listen(kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port })
      await once(server, 'listening')
    }
    return undefined
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const { code = String(error) } = error as NodeJS.ErrnoException
    return code === 'EEXIST' ? 'EADDRINUSE' : code
  }
}

/**
 * The kernel makes the file while `listen` runs, so the umask must be set at that time. libuv removes the file that it has bound
 * when the server closes, even if another process has the socket then. So it binds another name, which is gone by then.
 */
async function bindPath(server: Server, { path }: UnixAddress): Promise<void> {
  const folder = dirname(path)
  if (!isMainThread) checkPrivate(folder)
  const aside = join(folder, `.${process.pid}-${threadId}`)
  bindOwnerOnly(() => server.listen({ path: aside }))
  await once(server, 'listening')
  try {
    chmodSync(aside, OWNER_ONLY)
    linkSync(aside, path)
    unlinkSync(aside)
  } catch (error) {
    server.close()
    await once(server, 'close')
    throw error
  }
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
