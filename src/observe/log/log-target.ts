/**
 * What the log is written to: a file, or whatever stdout is. A target that is not a file never blocks the
 * writer. It is opened again with O_NONBLOCK, because others who share a descriptor can clear a flag that we
 * set on it.
 */
import { closeSync, constants, fstatSync, open, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { MillraceError } from '../../errors.js'

export interface Target {
  readonly fd: number
  /** A disk may take long, whatever the flags are, so another thread writes to a file. */
  readonly isFile: boolean
  /** Lines are written together up to this many bytes. */
  readonly chunkBytes: number
}

const STDOUT = 1
/** Not `open` of node:fs/promises, because its handle closes the descriptor when it is collected. */
const openLater = promisify(open)
/**
 * The kernel's PIPE_BUF. It writes that much as a whole or not at all, so workers on one pipe do not mix
 * their lines.
 */
const PIPE_CHUNK_BYTES = 4096
const FILE_CHUNK_BYTES = 64 * 1024
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants
const FILE_FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY
/** Records tell who connected, so others may not read them. */
const FILE_MODE = 0o640

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENXIO: 'nobody reads from it',
}

/** @throws MillraceError `log-failed` */
export function openFile(path: string): Target {
  try {
    return describeTarget(openSync(path, FILE_FLAGS, FILE_MODE))
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** The same, without waiting for the disk. */
export async function openFileLater(path: string): Promise<Target> {
  try {
    return describeTarget(await openLater(path, FILE_FLAGS, FILE_MODE))
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** stdout is never closed, because it belongs to others too. */
export function openStdout(): Target {
  const { isFile } = describeTarget(STDOUT)
  if (isFile) return describeTarget(STDOUT)
  try {
    return describeTarget(openSync(`/dev/fd/${STDOUT}`, O_WRONLY | O_NONBLOCK | O_NOCTTY))
  } catch {
    // A socket, or a pipe of another user. Node makes it non-blocking when it makes a stream of it.
    void process.stdout
    return describeTarget(STDOUT)
  }
}

/** Some file systems report lost writes only at the close. Nothing can be done about that any more. */
export function closeTarget({ fd }: Target): void {
  if (fd === STDOUT) return
  try {
    closeSync(fd)
  } catch {}
}

function describeTarget(fd: number): Target {
  const isFile = fstatSync(fd).isFile()
  return { fd, isFile, chunkBytes: isFile ? FILE_CHUNK_BYTES : PIPE_CHUNK_BYTES }
}

function unwritable(path: string, error: unknown): MillraceError {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = REASONS[code]
  const why = reason === undefined ? message : `${reason} (${code})`
  return new MillraceError('log-failed', `the log cannot be written to ${path}: ${why}`, { cause: error })
}
