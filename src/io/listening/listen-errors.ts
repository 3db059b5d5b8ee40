/**
 * Says why millrace cannot listen on an address, and what you can do. It also removes the files of unix
 * sockets. Both engines use it.
 */

import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { type Address, formatAddress, isAbstract, type UnixAddress } from '../../address.js'
import { MillraceError } from '../../errors.js'

const ADVICE: Record<string, string> = {
  EADDRINUSE: 'another process listens there: stop it or choose another port',
  EACCES:
    'not permitted: ports below 1024 need CAP_NET_BIND_SERVICE, a socket path needs a folder that exists and is writable',
  EPERM:
    'not permitted: ports below 1024 need CAP_NET_BIND_SERVICE, a socket path needs a folder that exists and is writable',
  EADDRNOTAVAIL: 'no interface of this machine has that address',
  EAFNOSUPPORT: 'this machine does not speak that address family',
  ENOENT: 'the folder of the socket path does not exist',
  ENOTDIR: 'a part of the socket path is not a folder',
  ENOSPC: 'this user is out of watches: raise fs.epoll.max_user_watches',
  EMFILE: 'this process is out of file descriptors: raise `ulimit -n`',
  ENFILE: 'this machine is out of file descriptors',
}

export function listenError(address: Address, errno: string): MillraceError {
  const isFile =
    errno === 'EADDRINUSE' && address.kind === 'unix' && !isAbstract(address) && !isSocket(address.path)
  const advice = isFile ? 'that path exists and is not a socket: choose another path' : ADVICE[errno]
  return new MillraceError(
    'listen-failed',
    `cannot listen on ${formatAddress(address)}: ${errno}${advice === undefined ? '' : `, ${advice}`}`,
    { cause: errno },
  )
}

/** Removes the file of a unix socket if nobody listens on it any more. Returns whether it did. */
export async function removeDeadSocket(address: UnixAddress): Promise<boolean> {
  // Connecting to any other file fails in the same way, and such a file must stay.
  if (isAbstract(address) || !isSocket(address.path)) return false
  const errno = await new Promise<string>((resolve) => {
    const probe = connect(address.path)
    probe.once('connect', () => resolve(''))
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    probe.once('close', () => probe.removeAllListeners())
    probe.unref()
    probe.once('connect', () => probe.destroy())
  })
  if (errno !== 'ECONNREFUSED') return false
  removeSocketFile(address.path)
  return true
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
}

/** Removes a unix socket's file if it is still there. */
export function removeSocketFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody else removed or replaced it. Nothing of ours is left.
  }
}
