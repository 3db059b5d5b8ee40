/**
 * The bytes of a list file. The file is not trusted: it may be too large, no file, or change while it is read.
 */
import { readFile, stat } from 'node:fs/promises'
import { identityOf } from '../../watched-files.js'

export const MOST_FILE_BYTES = 16 * 1024 ** 2
const TRIES = 3

export type FileRead =
  | { readonly bytes: Buffer; readonly identity: string }
  /** `message`: why there are no bytes. */
  | { readonly message: string; readonly identity: string }

/** Never rejects. */
export async function readListFile(path: string): Promise<FileRead> {
  for (let tries = 0; tries < TRIES; tries++) {
    const identity = identityOf(path)
    const bytes = await bytesOf(path)
    if (identity === identityOf(path))
      return typeof bytes === 'string' ? { message: bytes, identity } : { bytes, identity }
  }
  return { message: 'it changes while millrace reads it: try again when it is complete', identity: '' }
}

async function bytesOf(path: string): Promise<Buffer | string> {
  try {
    const stats = await stat(path)
    // Opening a FIFO would wait for a writer, and /dev/zero never ends.
    if (!stats.isFile()) return 'it is not a regular file'
    if (stats.size > MOST_FILE_BYTES) return tooLarge(stats.size)
    const bytes = await readFile(path)
    return bytes.length > MOST_FILE_BYTES ? tooLarge(bytes.length) : bytes
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

const tooLarge = (bytes: number): string =>
  `it has ${bytes} bytes, more than the limit of ${MOST_FILE_BYTES} (16 MiB). Is it the right file?`
