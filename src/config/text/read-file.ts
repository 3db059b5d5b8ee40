/**
 * The text of a config file, or of standard input. It is not trusted. It may be too large, not a file, or not text: each ends as a clear
 * error after bounded work.
 */
import { Buffer, isUtf8 } from 'node:buffer'
import { readFileSync, readSync, statSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { MillraceError } from '../../errors.js'

/** Many times what any config needs. A larger file is the wrong one. */
const MOST_FILE_BYTES = 1024 ** 2
/** In place of a path: standard input. */
export const STDIN = '-'
const STDIN_FD = 0
const PART_BYTES = 64 * 1024
/** ms. A pipe that does not block has nothing to read yet. */
const LOOK_AGAIN_MS = 10

let isStdinSpent = false

/** Standard input was read, by this process or by another one that had it. */
export function spendStdin(): void {
  isStdinSpent = true
}

/** What problems call the file. */
export const fileName = (path: string): string => (path === STDIN ? 'stdin' : path)

/**
 * The text without a byte order mark, and where its first byte is that is not UTF-8.
 *
 * @throws MillraceError `config-unreadable`
 */
export function readText(path: string): { readonly text: string; readonly brokenAt: number | undefined } {
  const bytes = path === STDIN ? readStdin() : readBytes(path)
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  return { text, brokenAt: isUtf8(bytes) ? undefined : text.indexOf('\uFFFD') }
}

function readBytes(path: string): Buffer {
  try {
    const stats = statSync(path)
    // Opening a FIFO would wait for a writer, and /dev/zero never ends.
    if (!stats.isFile())
      throw unreadable(path, stats.isDirectory() ? 'it is a directory' : 'it is not a regular file')
    if (stats.size > MOST_FILE_BYTES) throw tooLarge(path, `it has ${stats.size} bytes`)
    const bytes = readFileSync(path)
    // Files of the kernel, as in /proc, claim to have 0 bytes.
    if (bytes.length > MOST_FILE_BYTES) throw tooLarge(path, `it has ${bytes.length} bytes`)
    return bytes
  } catch (error) {
    throw error instanceof MillraceError ? error : unreadable(path, reasonOf(error), error)
  }
}

function readStdin(): Buffer {
  if (isStdinSpent)
    throw new MillraceError(
      'config-unreadable',
      'the config came from standard input, which cannot be read again: start millrace with --config FILE to reload or upgrade it',
    )
  spendStdin()
  const parts: Buffer[] = []
  let bytes = 0
  for (let part = readPart(); part.length > 0; part = readPart()) {
    bytes += part.length
    if (bytes > MOST_FILE_BYTES) throw tooLarge(STDIN, 'it goes on')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Empty: the end. */
function readPart(): Buffer {
  const part = Buffer.alloc(PART_BYTES)
  for (;;) {
    try {
      return part.subarray(0, readSync(STDIN_FD, part))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return part.subarray(0, 0)
      if (code !== 'EAGAIN') throw unreadable(STDIN, reasonOf(error), error)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS)
    }
  }
}

function tooLarge(path: string, what: string): MillraceError {
  return unreadable(path, `${what}, more than the limit of ${MOST_FILE_BYTES} (1 MiB). Is it the right file?`)
}

function unreadable(path: string, reason: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'config-unreadable',
    `cannot read the config ${JSON.stringify(fileName(path))}: ${reason}`,
    { cause },
  )
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, message } = error as NodeJS.ErrnoException
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message
}
