/**
 * Why an address cannot be listened on, in words that say what to do; and what both engines do about the
 * file of a unix socket. The same for both engines.
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
  const advice = isFile ? 'a file that is no socket has that name' : ADVICE[errno]
  return new MillraceError(
    'listen-failed',
    `cannot listen on ${formatAddress(address)}: ${errno}${advice === undefined ? '' : `, ${advice}`}`,
    { cause: errno },
  )
}

/** Removes the file of a unix socket that nobody listens on any more; answers whether it did. */
export async function removeDeadSocket(address: UnixAddress): Promise<boolean> {
  // Connecting to any other file is refused in the same way, and it must not be removed.
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
    // Somebody else removed or replaced it: then there is nothing of ours left.
  }
}
