/** A secret in a file of its own, as container platforms mount them. No message shows what is in the file. */
import { readFileSync, statSync } from 'node:fs'
import { quote } from '../wording.js'

/** Many times what a password needs. A larger file is the wrong one. */
const MOST_BYTES = 4096

/** The text of the file, without the line end after it. An object says why there is none. */
export function readSecretFile(path: string): string | { readonly message: string } {
  try {
    const stats = statSync(path)
    // Opening a FIFO would wait for a writer.
    if (!stats.isFile()) return unreadable(path, 'it is not a regular file')
    if (stats.size > MOST_BYTES) return unreadable(path, `it has more than ${MOST_BYTES} bytes`)
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    return unreadable(path, (error as NodeJS.ErrnoException).code ?? String(error))
  }
}

const unreadable = (path: string, why: string): { readonly message: string } => ({
  message: `cannot read the file ${quote(path)}: ${why}. Write the path of a file that millrace can read`,
})
