/**
 * The file that keeps changes at run time over a restart. It is always written whole: a reader finds the old content or the new one.
 * A file that cannot be used is a problem to tell, and never stops a start.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '../../errors.js'
import { quote } from '../wording.js'
import type { KeptChange } from './change.js'
import { keptChanges } from './change-schema.js'

const VERSION = 1
/** Many times what the most changes need. A larger file is the wrong one. */
const MOST_BYTES = 64 * 1024 ** 2
/** Specs can have passwords. */
const MODE = 0o600

/** New content that is on disk, beside the file. */
export interface PreparedState {
  /** It takes the place of the file. @throws MillraceError `state-failed` */
  commit(): void
  abandon(): void
}

export class StateFile {
  /** What the file had at the start. Empty if it was not there, or cannot be used. */
  readonly changes: readonly KeptChange[]
  /** Why the file cannot be used. Undefined: it can, or there is none yet. */
  readonly problem: string | undefined
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    const content = readState(path)
    this.changes = 'changes' in content ? content.changes : []
    this.problem = 'problem' in content ? this.#putAside(content.problem) : undefined
  }

  /** @throws MillraceError `state-failed` */
  prepare(changes: readonly KeptChange[]): PreparedState {
    const aside = `${this.#path}.new`
    try {
      write(aside, `${JSON.stringify({ version: VERSION, changes }, undefined, 1)}\n`)
    } catch (error) {
      throw this.#failed('the change is refused', error)
    }
    return { commit: () => this.#commit(aside), abandon: () => rmSync(aside, { force: true }) }
  }

  #commit(aside: string): void {
    try {
      renameSync(aside, this.#path)
      syncFolder(dirname(this.#path))
    } catch (error) {
      throw this.#failed('the change holds until a restart', error)
    }
  }

  /** The next change would overwrite it. */
  #putAside(problem: string): string {
    const aside = `${this.#path}.broken`
    try {
      renameSync(this.#path, aside)
      return `${problem}. millrace starts without the changes in it, and keeps it as ${quote(aside)}`
    } catch {
      return `${problem}. millrace starts without the changes in it`
    }
  }

  #failed(follows: string, error: unknown): MillraceError {
    const { code = String(error) } = error as NodeJS.ErrnoException
    return new MillraceError(
      'state-failed',
      `cannot write the state file ${quote(this.#path)}: ${code}: ${follows}`,
      { cause: error },
    )
  }
}

/** What a start would say about the file, and whether it could be written. Undefined: nothing is wrong. */
export function stateProblem(path: string): string | undefined {
  const content = readState(path)
  if ('problem' in content) return content.problem
  try {
    accessSync(dirname(path), constants.W_OK)
    return undefined
  } catch (error) {
    return `millrace cannot write into its folder: ${(error as NodeJS.ErrnoException).code}`
  }
}

function readState(path: string): { readonly changes: readonly KeptChange[] } | { readonly problem: string } {
  const broken = (why: string) => ({ problem: `the state file ${quote(path)} cannot be used: ${why}` })
  try {
    const stats = statSync(path)
    // Opening a FIFO would wait for a writer.
    if (!stats.isFile()) return broken('it is not a regular file')
    if (stats.size > MOST_BYTES) return broken(`it has more than ${MOST_BYTES} bytes`)
    return parse(readFileSync(path, 'utf8')) ?? broken('it is damaged, or of another version of millrace')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { changes: [] }
    return broken(code ?? 'it is not JSON')
  }
}

/** Undefined: it is not what `prepare` writes. */
function parse(text: string): { readonly changes: readonly KeptChange[] } | undefined {
  const { version, changes } = Object(JSON.parse(text)) as { version?: unknown; changes?: unknown }
  const result = keptChanges.safeParse(changes)
  return version === VERSION && result.success ? { changes: result.data } : undefined
}

function write(path: string, text: string): void {
  const fd = openSync(path, 'w', MODE)
  try {
    writeFileSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The new name is on disk only then. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
