/** The file with the id of the process that serves, for scripts and service managers. */
import { readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { MillraceError } from '../errors.js'

/** Nobody ever reads half of it. @throws MillraceError `pid-file-failed` */
export function writePidFile(path: string, pid = process.pid): void {
  const aside = `${path}.${pid}`
  try {
    writeFileSync(aside, `${pid}\n`)
    renameSync(aside, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new MillraceError('pid-file-failed', `cannot write --pid-file ${JSON.stringify(path)}: ${code}`, {
      cause: error,
    })
  }
}

/** Removes it if it still has the id of this process. */
export function removePidFile(path: string, pid = process.pid): void {
  try {
    if (readFileSync(path, 'utf8').trim() === String(pid)) unlinkSync(path)
  } catch {
    // Somebody else has removed it.
  }
}
