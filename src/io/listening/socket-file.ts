/**
 * The file of a unix socket. Its mode and group say who may connect (unix(7)). millrace creates the file for
 * its owner alone, and then sets mode and group. So nobody else connects in between. Abstract names have no
 * file.
 */
import { chmodSync, chownSync, linkSync, readFileSync, renameSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { type Address, isAbstract, type UnixAddress } from '../../address.js'
import { listenError, removeSocketFile } from './listen-errors.js'

export interface SocketFile {
  /** Bits of chmod(2). Undefined: 0660 if there is a group, otherwise what the umask leaves. */
  readonly mode: number | undefined
  /** Name in /etc/group, or number. Undefined: the group of the process. */
  readonly group: string | undefined
}

const ALL_BUT_OWNER = 0o177
const GROUP_TOO = 0o660
const KEEP_OWNER = -1

/**
 * Runs `bind`. A file that it makes is for its owner alone. Not in a worker thread, where the umask of the
 * whole process would change.
 */
export function bindOwnerOnly<Bound>(bind: () => Bound): Bound {
  if (!isMainThread) return bind()
  const umask = process.umask(ALL_BUT_OWNER)
  try {
    return bind()
  } finally {
    process.umask(umask)
  }
}

/** Whether mode or group is set. */
export function isAsked(file: SocketFile | undefined): file is SocketFile {
  return file?.mode !== undefined || file?.group !== undefined
}

/** Sets group and mode of a new socket's file. If that fails, calls `undo` and throws `listen-failed`. */
export function openSocketFile(address: Address, file: SocketFile, undo: () => void): void {
  try {
    changeSocketFile(address, file)
  } catch (error) {
    undo()
    if (address.kind === 'unix') removeSocketFile(address.path)
    throw error
  }
}

/** Does the same for a socket that is open already. Throws `listen-failed`. */
export function changeSocketFile(address: Address, file: SocketFile): void {
  if (address.kind === 'tcp' || isAbstract(address)) return
  try {
    if (file.group !== undefined) chownSync(address.path, KEEP_OWNER, numberOf(file.group))
    chmodSync(address.path, file.mode ?? GROUP_TOO)
  } catch (error) {
    throw listenError(address, whyNot(error, file))
  }
}

export const hasFile = (address: Address): address is UnixAddress =>
  address.kind === 'unix' && !isAbstract(address)

/** Keeps a file that `close` would remove: libuv removes the file of a socket that it has bound. */
export function keepFile({ path }: UnixAddress, close: () => void): void {
  const aside = `${path}.${process.pid}`
  linkSync(path, aside)
  close()
  renameSync(aside, path)
}

/** Node cannot look up the name of a group. */
function numberOf(group: string): number {
  if (/^\d+$/.test(group)) return Number(group)
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${group}:`))
  const digits = line?.split(':')[2]
  if (digits === undefined) throw new RangeError(`there is no group ${group} in /etc/group: give its number`)
  return Number(digits)
}

function whyNot(error: unknown, { group }: SocketFile): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EPERM' && group !== undefined) return `this process is neither root nor in the group ${group}`
  return message
}
