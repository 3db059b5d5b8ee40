/**
 * The file of a unix socket, whose mode and group say who may connect (unix(7)): it is made for its owner alone, and then
 * opened to whom it is meant for, so that nobody comes in between. Abstract names have no file.
 */
import { chmodSync, chownSync, readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { type Address, isAbstract } from '../../address.js'
import { listenError, removeSocketFile } from './listen-errors.js'

export interface SocketFile {
  /** Bits of chmod(2). Undefined: what the umask leaves, or 0660 with a group. */
  readonly mode: number | undefined
  /** Its name in /etc/group, or its number. Undefined: the process's own. */
  readonly group: string | undefined
}

const ALL_BUT_OWNER = 0o177
const GROUP_TOO = 0o660
const KEEP_OWNER = -1

/** Runs `bind`, and a file it makes is its owner's alone. Not in a worker thread: the umask is the whole process's. */
export function bindOwnerOnly<Bound>(bind: () => Bound): Bound {
  if (!isMainThread) return bind()
  const umask = process.umask(ALL_BUT_OWNER)
  try {
    return bind()
  } finally {
    process.umask(umask)
  }
}

/** Whether there is something to be set. */
export function isAsked(file: SocketFile | undefined): file is SocketFile {
  return file?.mode !== undefined || file?.group !== undefined
}

/** Gives the file of a socket that has just been bound its group and mode. Throws `listen-failed` after `undo`, where it cannot. */
export function openSocketFile(address: Address, file: SocketFile, undo: () => void): void {
  try {
    changeSocketFile(address, file)
  } catch (error) {
    undo()
    if (address.kind === 'unix') removeSocketFile(address.path)
    throw error
  }
}

/** The same for one that is open. Throws `listen-failed`. */
export function changeSocketFile(address: Address, file: SocketFile): void {
  if (address.kind === 'tcp' || isAbstract(address)) return
  try {
    if (file.group !== undefined) chownSync(address.path, KEEP_OWNER, numberOf(file.group))
    chmodSync(address.path, file.mode ?? GROUP_TOO)
  } catch (error) {
    throw listenError(address, whyNot(error, file))
  }
}

/** Node knows no names of groups. */
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
  if (code === 'EPERM' && group !== undefined) return `not a member of the group ${group}, nor root`
  return message
}
